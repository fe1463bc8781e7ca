import Autograd

/// What operators promise where they are not smooth, as it was computed: Conventions.md is printed from it.
struct ConventionTable {
  struct Line {
    var name: String
    var words: String
    var point: [Double]
    var value: [Double]
    /// By reverse and by forward mode.
    var first: [[Double]]
    /// Of pointwise operators with respect to the first input, of others times a vector of ones, summed: in each of
    /// the four compositions.
    var second: [Double]
    /// The order of derivative at which `withStrictDerivatives` throws; nil where it does not.
    var refused: Int?

    var modesAgree: Bool {
      first.allSatisfy { same($0, first[0]) } && second.allSatisfy { same([$0], [second[0]]) }
    }

    private func same(_ a: [Double], _ b: [Double]) -> Bool {
      zip(a, b).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }
    }
  }

  let families: [(title: String, lines: [Line])]

  init() {
    families = Catalogue.families.map { family in
      let pointwise = family.rows.flatMap { row in
        row.specials.filter { $0.kink != nil && !$0.slopes.isEmpty }.map { Line(row, $0) }
      }
      return (family.title, pointwise + family.conventions.map { Line($0) })
    }.filter { !$0.lines.isEmpty }
  }
}

extension ConventionTable.Line {
  init(_ row: Row, _ special: Special) {
    let f = { (x: [Tensor]) in row.call(x)[0] }
    let inputs = special.inputs.map { Tensor([$0]) }
    let single = inputs.indices.map { index in
      inputs.indices.map { Tensor([$0 == index ? 1 : 0] as [Double]) }
    }
    self.init(
      name: row.operators[0], words: special.kink!, point: special.inputs, f: f, at: inputs, directions: single,
      along: single[0])
  }

  init(_ convention: Convention) {
    let f = { (x: [Tensor]) in convention.call(x[0]) }
    let count = convention.point.count
    let single = (0..<count).map { index in [Tensor((0..<count).map { $0 == index ? 1.0 : 0.0 } as [Double])] }
    self.init(
      name: convention.name, words: convention.words, point: convention.point, f: f, at: [Tensor(convention.point)],
      directions: single, along: [Tensor.ones([count], dtype: .float64)])
  }

  private init(
    name: String, words: String, point: [Double], f: @escaping ([Tensor]) -> Tensor, at x: [Tensor],
    directions: [[Tensor]], along: [Tensor]
  ) {
    func number(_ tensor: Tensor) -> Double { tensor.sum().item() }
    let reverse = { (x: [Tensor]) -> Tensor in
      zip(grad { f($0).sum() }(x), along).map { ($0 * $1).sum() }.reduce(Tensor.zeros([], dtype: .float64)) { $0 + $1 }
    }
    let forward = { (x: [Tensor]) in jvp(f, at: x, along: along).tangent.sum() }
    func pulled(_ g: @escaping ([Tensor]) -> Tensor) -> Double {
      zip(grad(g)(x), along).reduce(0) { $1.1.scalars(as: Double.self) == [0] ? $0 : $0 + number($1.0) }
    }
    self.init(
      name: name, words: words, point: point, value: f(x).flattened().scalars(as: Double.self),
      first: [
        grad { f($0).sum() }(x).flatMap { $0.scalars(as: Double.self) },
        directions.map { number(jvp(f, at: x, along: $0).tangent) },
      ],
      second: [
        pulled(reverse), number(jvp(reverse, at: x, along: along).tangent), pulled(forward),
        number(jvp(forward, at: x, along: along).tangent),
      ], refused: nil)
    refused = refusal { _ = grad { f($0).sum() }(x) } ?? refusal { _ = hvp({ f($0).sum() }, at: x, along: along) }
  }

  private func refusal(_ body: () -> Void) -> Int? {
    do {
      try withStrictDerivatives(body)
      return nil
    } catch {
      return (error as? NotDifferentiableError)?.order
    }
  }
}

/// Conventions.md.
struct ConventionDocument {
  let table: ConventionTable

  var text: String {
    let sections = table.families.map { family in
      (["## \(family.title)", "", "| operator | convention | point | value | first | second | strict |"]
        + ["|---|---|---|---|---|---|---|"] + family.lines.map(line) + [""]).joined(separator: "\n")
    }
    return ([introduction] + sections).joined(separator: "\n")
  }

  private let introduction = """
    # Where operators are not smooth

    At such points every operator has a convention, which this table tells. It is printed from the \
    [catalogue](../Tests/CatalogTests/Catalogue.swift) by `make docs`, and its tests check the numbers: the first derivatives \
    in reverse and forward mode, the second in all four compositions, which agree.

    **first**: the derivative with respect to each input, of a function of a whole tensor its gradient (of the sum of \
    the results). **second**: the second derivative with respect to the first input, of a function of a whole tensor \
    1'H1. **strict**: the order of derivative at which `withStrictDerivatives { }` throws a `NotDifferentiableError`; an \
    empty cell where it does not, because the operator is smooth there after all, or infinite, which `withNaNCheck { }` finds.

    """

  private func line(_ line: ConventionTable.Line) -> String {
    let strict = line.refused.map { "order \($0)" } ?? ""
    let cells = [
      "`\(line.name)`", line.words, list(line.point), list(line.value), list(line.first[0]), list([line.second[0]]),
      strict,
    ]
    return "| \(cells.joined(separator: " | ")) |"
  }

  private func list(_ numbers: [Double]) -> String {
    numbers.map { number in
      if let whole = Int(exactly: number) { return "\(whole)" }
      return number.isNaN ? "NaN" : number.isInfinite ? (number > 0 ? "inf" : "-inf") : "\(Float(number))"
    }.joined(separator: ", ")
  }
}
