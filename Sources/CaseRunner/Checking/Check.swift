import Autograd

/// Checks of one case: its value, then its derivatives in every composition of modes.
struct Check {
  private let item: Case
  private let data: CaseData

  init(_ item: Case, _ data: CaseData) {
    self.item = item
    self.data = data
  }

  func report() -> Report {
    Report(id: item.id, op: item.op, outcome: outcome())
  }

  private func outcome() -> Report.Outcome {
    if let op = item.program.map(\.op).first(where: { OperatorTable.all[list: $0] == nil }) {
      return .missing("\(op): not in the table")
    }
    do {
      let inputs = try item.inputs.map(data.tensor)
      var failures = try values(inputs)
      if failures.isEmpty && !item.diff.isEmpty && !item.diffOut.isEmpty {
        failures = try derivatives(inputs)
      }
      return failures.isEmpty ? .passed : .failed(failures)
    } catch let error as Unsupported {
      return .missing(error.description)
    } catch {
      return .failed(["\(error)"])
    }
  }

  private func values(_ inputs: [Tensor]) throws -> [String] {
    let outputs = try withTensorErrors { try Program(item).run(inputs) }
    guard outputs.count == item.outputs.count else {
      return ["value: expected \(item.outputs.count) results, got \(outputs.count)"]
    }
    return try zip(outputs, item.outputs).enumerated().compactMap { index, pair in
      try Difference.value(pair.0, data.tensor(pair.1), tolerance: item.tolerance("value"))
        .map { "value\(item.outputs.count > 1 ? "[\(index)]" : ""): \($0)" }
    }
  }

  private func derivatives(_ inputs: [Tensor]) throws -> [String] {
    let function = DifferentiatedFunction(item, inputs)
    let point = item.diff.map { inputs[$0] }
    let shapes = item.diffOut.map { Shape(item.outputs[$0].shape) }
    guard let cot = item.cot, let tan = item.tan else { return [] }
    let u = try zip(cot, shapes).map { try data.tensor(at: $0, shape: $1) }
    let v = try zip(tan, point).map { try data.tensor(at: $0, shape: $1.shape) }
    let composition = Composition(function: function, u: u, v: v)
    var failures: [String] = []
    func check(_ quantity: String, _ offsets: [Int?]?, _ shapes: [Shape], orders: [[Composition.Mode]]) throws {
      guard let offsets else { return }
      let want = try zip(offsets, shapes).map { try data.tensor(at: $0, shape: $1) }
      for modes in orders {
        let found: [String]
        do {
          found = try composition.differences(modes, at: point, want, tolerance: item.tolerance(quantity))
        } catch let error as Unsupported {
          throw error
        } catch {
          found = ["\(error)"]
        }
        let name = modes.count == 1 ? quantity : "\(quantity) \(Composition.name(modes))"
        failures += found.map { "\(name)\($0)" }
      }
    }
    try check("vjp", item.vjp, point.map(\.shape), orders: [[.reverse]])
    try check("jvp", item.jvp, shapes, orders: [[.forward]])
    try check("hvp", item.hvp, point.map(\.shape), orders: Composition.all(order: 2))
    try check("third", item.third, point.map(\.shape), orders: Composition.all(order: 3))
    return failures
  }
}
