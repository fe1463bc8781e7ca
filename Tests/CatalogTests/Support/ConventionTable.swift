import Autograd

/// What operators promise where they are not smooth, as it was computed: Conventions.md is printed from it.
struct ConventionTable {
  let families: [(title: String, lines: [ConventionLine])]

  init(_ dtype: DType = .float64) {
    families = Catalogue.families.map { family in
      let pointwise = family.rows.flatMap { row in
        row.specials.filter { $0.kink != nil && !$0.slopes.isEmpty }.map { ConventionLine(row, $0, dtype) }
      }
      return (family.title, pointwise + family.conventions.map { ConventionLine($0, dtype) })
    }.filter { !$0.lines.isEmpty }
  }
}

/// One convention: what a function gives at a point, in every mode.
struct ConventionLine {
  var name: String
  var words: String
  var point: [Double]
  var value: [Double]
  /// The gradient of the sum of the results.
  var first: [Double]
  /// Their Hessian.
  var second: [[Double]]
  /// The order of derivative at which `withStrictDerivatives` throws; nil where it does not.
  var refused: Int?
  /// Where modes differ from each other or the Hessian from its transpose, in words.
  var disagreements: [String]

  init(_ row: Row, _ special: Special, _ dtype: DType) {
    self.init(
      name: row.operators[0], words: special.kink!, point: special.inputs,
      KinkDerivatives(of: { row.call($0)[0] }, at: special.inputs.map { Tensor([$0]).asType(dtype) }))
  }

  init(_ convention: Convention, _ dtype: DType) {
    self.init(
      name: convention.name, words: convention.words, point: convention.point,
      KinkDerivatives(of: { convention.call($0[0]) }, at: [Tensor(convention.point).asType(dtype)]))
  }

  private init(name: String, words: String, point: [Double], _ derivatives: KinkDerivatives) {
    self.name = name
    self.words = words
    self.point = point
    value = derivatives.value
    first = derivatives.gradients[0].numbers
    second = derivatives.hessians[0].rows
    refused = derivatives.refused
    disagreements = derivatives.disagreements
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
    in reverse and forward mode, along leading axes, in Taylor mode and under `vmap`, the second in all four compositions, \
    along leading axes, in Taylor mode and under `vmap`, which agree. A test also looks for kinks of every pointwise operator \
    among likely points and fails where an operator has some and no convention.

    **first**: the derivative with respect to each input, of a function of a whole tensor its gradient (of the sum of \
    the results). **second**: the matrix of all second derivatives, the Hessian of that sum, which is symmetric; `0` where all of \
    them are 0. **strict**: the order of derivative at which `withStrictDerivatives { }` throws a `NotDifferentiableError`; an \
    empty cell where it does not up to the third, because the operator is that smooth there after all.

    """

  private func line(_ line: ConventionLine) -> String {
    let strict = line.refused.map { "order \($0)" } ?? ""
    let cells = [
      "`\(line.name)`", line.words, numberList(line.point), numberList(line.value), numberList(line.first),
      matrixText(line.second), strict,
    ]
    return "| \(cells.joined(separator: " | ")) |"
  }
}

// MARK: - Numbers in words

/// As `1, -0.5, inf`.
func numberList(_ numbers: [Double]) -> String {
  numbers.map { number in
    if let whole = Int(exactly: number) { return "\(whole)" }
    return number.isNaN ? "NaN" : number.isInfinite ? (number > 0 ? "inf" : "-inf") : "\(Float(number))"
  }.joined(separator: ", ")
}

/// As `[[0, 1], [1, 0]]`; a number where there is one, or only zeros.
func matrixText(_ rows: [[Double]]) -> String {
  if rows.joined().allSatisfy({ $0 == 0 }) { return "0" }
  if rows.count == 1 { return numberList(rows[0]) }
  return "[\(rows.map { "[\(numberList($0))]" }.joined(separator: ", "))]"
}
