import Autograd
import Dispatch

/// What the catalogue's run says of each operator: which checks it passed in which dtypes. Operators.md is printed
/// from it.
struct OperatorTable: Sendable {
  /// One operator, judged by all rows that cover it.
  struct Entry: Sendable {
    var note: Note
    /// Where it is implemented.
    var room: String
    /// Values, by dtype.
    var values: [DType: Outcome]
    /// Derivatives, by check and floating-point dtype.
    var checks: [Check: [DType: Outcome]]
    /// The dtype of results that have no derivative.
    var constantType: DType?
    /// Conventions where it is not smooth: words, and the numbers that were checked.
    var conventions: [(words: String, numbers: [String])]

    var isDifferentiable: Bool { constantType == nil }

    /// Checks that some row has not passed, although the dtype is taken.
    var holes: [(Check, DType)] {
      guard isDifferentiable else { return [] }
      return Check.allCases.flatMap { check in
        [DType.float32, .float64].filter { values[$0] == .passed && checks[check]![$0] != .passed }.map { (check, $0) }
      }
    }
  }

  var families: [(title: String, entries: [Entry])]

  /// Runs what has not run yet, on all processors.
  init() throws {
    let rooms = try SourceTree.rooms()
    let all = Catalogue.rows
    DispatchQueue.concurrentPerform(iterations: all.count) { Checks.runAll(all[$0]) }
    let rows = Catalogue.rows.reduce(into: [String: [Row]]()) { rows, row in
      for name in Set(row.operators) { rows[name, default: []].append(row) }
    }
    families = Catalogue.families.filter { !$0.notes.isEmpty }.map { family in
      (family.title, family.notes.map { Entry($0, rooms[$0.name] ?? "", rows[$0.name] ?? []) })
    }
  }
}

extension OperatorTable.Entry {
  fileprivate init(_ note: Note, _ room: String, _ rows: [Row]) {
    self.note = note
    self.room = room
    let differentiable = rows.filter { $0.hasDerivative && !$0.differentiable.isEmpty }
    constantType = differentiable.isEmpty ? rows.first?.resultType ?? .int64 : nil
    values = [:]
    for dtype in DType.allCases {
      // Variants may take less than the operator, or, as another operator of its name, more.
      let outcomes = rows.map { Checks.values($0, dtype) }
      values[dtype] = outcomes.first { $0.hasFailed } ?? outcomes.first
    }
    checks = [:]
    for check in Check.allCases {
      for dtype in [DType.float32, .float64] {
        checks[check, default: [:]][dtype] = Outcome(all: differentiable.map { Checks.run($0, check, dtype) })
      }
    }
    conventions = []
    for special in rows.flatMap(\.specials) {
      if let words = special.kink { add(words, special.numbers) }
    }
    for convention in Catalogue.conventions where convention.name == note.name {
      add(convention.words, convention.numbers)
    }
  }

  private mutating func add(_ words: String, _ numbers: String) {
    if let index = conventions.firstIndex(where: { $0.words == words }) {
      conventions[index].numbers.append(numbers)
    } else {
      conventions.append((words, [numbers]))
    }
  }
}

extension Outcome {
  /// Of several rows: failed where one is, and passed only where all are.
  init(all: [Outcome]) {
    self = all.first { $0.hasFailed } ?? all.first { $0 != .passed } ?? (all.isEmpty ? .absent : .passed)
  }
}

// MARK: - Numbers in words

extension Special {
  /// As `y'(0) = 1, y''(0) = 0`.
  fileprivate var numbers: String {
    let point = numberList(inputs)
    let list = numberList(slopes)
    let slope = slopes.isEmpty ? [] : ["y'(\(point)) = \(slopes.count == 1 ? list : "(\(list))")"]
    return (slope + (hessian.map { ["y''(\(point)) = \(matrixText($0))"] } ?? [])).joined(separator: ", ")
  }
}

extension Convention {
  /// As `at [1, 1] gradient [0.5, 0.5], Hessian 0`.
  fileprivate var numbers: String {
    "at [\(numberList(point))] gradient [\(numberList(gradient))], Hessian \(matrixText(hessian))"
  }
}
