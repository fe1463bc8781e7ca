import Autograd

/// Runs a case's calls: transformations of inputs, the steps, what is kept of the result.
struct Program {
  private let item: Case

  init(_ item: Case) { self.item = item }

  /// The flattened outputs.
  func run(_ inputs: [Tensor]) throws -> [Tensor] {
    var inputs = inputs
    for preparation in item.pre {
      inputs[preparation.input] = try Preparations.apply(preparation.fn, inputs[preparation.input])
    }
    var results: [[Tensor]] = []
    for step in item.program {
      guard let call = OperatorTable.all[list: step.op] else {
        throw Unsupported("\(step.op) is not in the table")
      }
      let arguments = Arguments(step, inputs, results)
      do {
        // Each step in a scope of its own: none runs on after another's misuse.
        results.append(try withTensorErrors { try call(arguments) })
        try arguments.requireAllRead()
      } catch let error as Unsupported {
        throw Unsupported("\(step.op): \(error.description)")
      }
    }
    guard let last = results.last, let step = item.program.last else { return [] }
    return try item.post.map { try Selections.apply($0, last, Arguments(step, inputs, results)) } ?? last
  }
}

/// A case as a function of its differentiated inputs alone, giving the outputs that carry derivatives.
///
/// The transforms take functions that cannot throw: a program that throws gives zeros, and `failure` keeps why.
final class DifferentiatedFunction {
  private let item: Case
  private let inputs: [Tensor]
  private(set) var failure: (any Error)?

  init(_ item: Case, _ inputs: [Tensor]) {
    self.item = item
    self.inputs = inputs
  }

  func callAsFunction(_ point: [Tensor]) -> [Tensor] {
    var all = inputs
    for (position, tensor) in zip(item.diff, point) { all[position] = tensor }
    do {
      let outputs = try Program(item).run(all)
      return item.diffOut.map { outputs[$0] }
    } catch {
      failure = failure ?? error
      return item.diffOut.map { Tensor.zeros(Shape(item.outputs[$0].shape), dtype: .float64) }
    }
  }
}
