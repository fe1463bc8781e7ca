import Synchronization

/// Where a formula is not smooth, derived from its program: a formula of the same inputs that tells it.
///
/// A comparison whose sides are equal could go either way for points nearby, and so could a sign at 0 or the floor of a
/// whole number. The point is smooth if that makes no difference: if result and slopes are the same whichever
/// way it goes. sqrt at 0 and its like, and poles, are singular wherever the results depend on them.
///
/// A guard (`select(x .== 0, 0, sqrt(abs(x)))`) hides what is behind it: the other way gives NaN, or meets a
/// singularity, or another choice that is a tie at the same point. Then the neighbourhood is looked at instead.
struct Kinks: Sendable {
  /// True where not smooth, then true where only the neighbourhood tells (each left out where it is nowhere true); then
  /// the slopes of the results with respect to the wanted inputs. Nil where the formula is smooth everywhere.
  let formula: Formula?
  let tellsCertain: Bool
  /// Where there are points that it must be asked about.
  let neighbourhood: Neighbourhood?

  init(_ source: Formula, wanted: Set<Int>) {
    let finder = KinkFinder(source, wanted)
    let found = finder.found
    formula = found.formula
    tellsCertain = found.tellsCertain
    neighbourhood = found.tellsUnclear ? finder.neighbourhood : nil
  }

  /// The first element at which a call is not smooth, as a row-major position in the results' shape, and the slopes.
  func first(_ inputs: [Storage], _ parameters: SIMD2<Double>) -> (position: Int, slopes: [Storage])? {
    guard let formula, let told = formula.evaluate(inputs, parameters) else { return nil }
    let certain = tellsCertain ? told[0].firstTrue : nil
    let slopes = Array(told.dropFirst((tellsCertain ? 1 : 0) + (neighbourhood == nil ? 0 : 1)))
    var rough: Int?
    if let neighbourhood {
      let unclear = told[tellsCertain ? 1 : 0]
      rough = neighbourhood.first(
        of: unclear.allTrue(before: certain ?? unclear.count), inputs, parameters, unclear.shape)
    }
    return (rough ?? certain).map { ($0, slopes) }
  }

  private static let known = Mutex<[ObjectIdentifier: [Set<Int>: (owner: Formula, kinks: Kinks)]]>([:])

  /// Of a formula that derivatives with respect to these inputs are asked for.
  static func of(_ formula: Formula, wanted: Set<Int>) -> Kinks {
    known.withLock { table in
      if let found = table[ObjectIdentifier(formula)]?[wanted] { return found.kinks }
      let kinks = Kinks(formula, wanted: wanted)
      // Held, so that its identity stays its own.
      table[ObjectIdentifier(formula), default: [:]][wanted] = (formula, kinks)
      return kinks
    }
  }
}

private struct KinkFinder {
  let source: Formula
  private let wanted: Set<Int>
  /// The formula's values and its slopes.
  private let graph = FormulaGraph(isDerivative: true)
  private let results: [Int]
  private let slopes: [Int]
  private let dependent: [Bool]

  init(_ source: Formula, _ wanted: Set<Int>) {
    self.source = source
    self.wanted = wanted
    let map = source.graph.copy(
      into: graph, inputs: (0..<source.inputCount).map(graph.input),
      parameters: (0..<source.parameterCount).map(graph.parameter))
    let results = source.results.filter { source.graph.isPredicate($0) == false }.map { map[$0] }
    let inputs = wanted.sorted().map(graph.input)
    let one = graph.constant(1)
    slopes = results.flatMap { [graph] in graph.cotangents(of: inputs, from: [(value: $0, cotangent: one)]) }
      .compactMap { $0 }
    self.results = results
    dependent = graph.dependence(on: Set(inputs))
  }

  var neighbourhood: Neighbourhood { Neighbourhood(source, graph, results: results, slopes: slopes, wanted) }

  var found: (formula: Formula?, tellsCertain: Bool, tellsUnclear: Bool) {
    let target = FormulaGraph(isDerivative: true)
    let inputs = (0..<source.inputCount).map(target.input)
    let parameters = (0..<source.parameterCount).map(target.parameter)
    func copy(_ replacing: [Int: Int] = [:]) -> [Int] {
      graph.copy(into: target, inputs: inputs, parameters: parameters, replacing: replacing)
    }
    let plain = copy()
    let never = target.constant(0)
    var (certain, unclear, isTie, isSingular) = (never, never, never, never)
    func add(_ condition: Int, to sum: inout Int) {
      if condition == never { return }
      sum = sum == never ? condition : target.apply(.or, sum, condition)
    }
    func both(_ a: Int, _ b: Int) -> Int { a == never || b == never ? never : target.apply(.and, a, b) }
    for id in graph.needed(for: results + slopes) {
      guard case .operation(let primitive, let a, let b, _) = graph.values[id],
        dependent[a] || (primitive.operandCount > 1 && dependent[b])
      else { continue }
      let operation = Operation(
        graph: target, primitive: primitive, a: plain[a], b: plain[b], y: plain[id], dependsOnFirst: dependent[a])
      if let (tie, ways) = operation.choice {
        let difference = difference(ways.map { copy([id: $0]) }, in: target)
        add(both(tie, difference.certain), to: &certain)
        add(both(tie, difference.unclear), to: &unclear)
        add(both(tie, isTie), to: &unclear)
        add(tie, to: &isTie)
      }
      guard let point = operation.singularity else { continue }
      add(point, to: &isSingular)
      for weight in [sensitivity(of: results, to: id), operation.hasPoles ? sensitivity(of: slopes, to: id) : nil] {
        guard let weight else { continue }
        let depends = target.apply(.notEqual, copy()[weight], target.constant(0))
        add(both(point, depends), to: &certain)
      }
      // What states its slopes depends on nothing by them.
      if operation.isUndefined {
        for result in results {
          add(both(point, target.apply(.isNaN, plain[result])), to: &certain)
        }
      }
    }
    add(both(isTie, isSingular), to: &unclear)
    let told = [certain, unclear].filter { $0 != never }
    guard !told.isEmpty else { return (nil, false, false) }
    let formula = Formula(
      "\(source.label).kinks", target, results: told + slopes.map { plain[$0] }, inputCount: source.inputCount,
      parameterCount: source.parameterCount)
    return (formula, told.contains(certain), told.contains(unclear))
  }

  /// How much some values depend on another, in sum; nil where not at all.
  private func sensitivity(of values: [Int], to id: Int) -> Int? {
    graph.cotangents(of: [id], from: values.map { (value: $0, cotangent: graph.constant(1)) })[0]
  }

  /// Whether results or slopes differ between two ways, and whether one way's NaN leaves that open.
  private func difference(_ ways: [[Int]], in target: FormulaGraph) -> (certain: Int, unclear: Int) {
    let never = target.constant(0)
    var (certain, unclear) = (never, never)
    for id in Set(results + slopes).sorted() {
      let (x, y) = (ways[0][id], ways[1][id])
      if x == y { continue }
      func of(_ primitive: Primitive, _ x: Int, _ y: Int = 0) -> Int { target.apply(primitive, x, y) }
      let rounding = of(
        .add, of(.multiply, target.constant(1e-5), of(.minimum, of(.abs, x), of(.abs, y))), target.constant(1e-10))
      let isFar = of(.not, of(.lessOrEqual, of(.abs, of(.subtract, x, y)), rounding))
      let (xIsNaN, yIsNaN) = (of(.isNaN, x), of(.isNaN, y))
      let areNumbers = of(.not, of(.or, xIsNaN, yIsNaN))
      let differs = of(.and, of(.and, isFar, of(.notEqual, x, y)), areNumbers)
      certain = certain == never ? differs : of(.or, certain, differs)
      let oneIsNaN = of(.and, of(.or, xIsNaN, yIsNaN), of(.not, of(.and, xIsNaN, yIsNaN)))
      unclear = unclear == never ? oneIsNaN : of(.or, unclear, oneIsNaN)
    }
    return (certain, unclear)
  }

  /// One operation of the program.
  private struct Operation {
    let graph: FormulaGraph
    let primitive: Primitive
    let a, b, y: Int
    /// Whether a changes with what derivatives are asked for.
    let dependsOnFirst: Bool

    private func of(_ primitive: Primitive, _ x: Int, _ y: Int = 0) -> Int { graph.apply(primitive, x, y) }
    private func number(_ value: Double) -> Int { graph.constant(value) }
    private func isEqual(_ x: Int, _ y: Int) -> Int { of(.equal, x, y) }

    /// Where it could go either way, and the two ways.
    var choice: (tie: Int, ways: [Int])? {
      switch primitive {
      case .less, .lessOrEqual, .equal, .notEqual: (isEqual(a, b), [number(1), number(0)])
      case .sign: (isEqual(a, number(0)), [number(1), number(-1)])
      case .floor: (isEqual(y, a), [y, of(.subtract, y, number(1))])
      case .ceil: (isEqual(y, a), [y, of(.add, y, number(1))])
      case .trunc:
        (of(.and, isEqual(y, a), of(.notEqual, a, number(0))), [y, of(.subtract, y, of(.sign, a))])
      case .round:
        (isEqual(of(.subtract, a, of(.floor, a)), number(0.5)), [of(.floor, a), of(.ceil, a)])
      case .floorDivide: (isEqual(of(.remainder, a, b), number(0)), [y, of(.subtract, y, number(1))])
      case .remainder: (isEqual(y, number(0)), [number(0), b])
      // The angle jumps where a passes 0 on the negative side of b.
      case .atan2:
        dependsOnFirst
          ? (of(.and, isEqual(a, number(0)), of(.less, b, number(0))), [number(.pi), number(-.pi)]) : nil
      default: nil
      }
    }

    /// Whether it is infinite where it has no derivative: then a slope that depends on it is, too, though a formula may
    /// state its slope and leave out what leads there.
    var hasPoles: Bool {
      switch primitive {
      case .log, .log2, .log10, .log1p, .reciprocal, .rsqrt, .divide, .lgamma, .digamma, .polygamma: true
      default: false
      }
    }

    /// Whether it is NaN where it has no derivative, or infinite of no sign.
    var isUndefined: Bool { primitive == .remainder || primitive == .floorDivide }

    /// Where it has no derivative by itself, poles among them.
    var singularity: Int? {
      let isZero = isEqual(a, number(0))
      switch primitive {
      case .sqrt, .cbrt: return isZero
      case .pow:
        return of(.and, isZero, of(.and, of(.less, b, number(1)), of(.notEqual, b, number(0))))
      case .hypot, .atan2: return of(.and, isZero, isEqual(b, number(0)))
      case .asin, .acos, .atanh, .erfinv: return isEqual(of(.abs, a), number(1))
      case .acosh: return isEqual(a, number(1))
      case .log, .log2, .log10, .reciprocal, .rsqrt: return isZero
      case .log1p: return isEqual(a, number(-1))
      case .divide, .floorDivide, .remainder: return isEqual(b, number(0))
      case .lgamma, .digamma: return isPole(a)
      case .polygamma: return isPole(b)
      default: return nil
      }
    }

    /// Whether the gamma function has a pole there: 0 and the negative whole numbers.
    private func isPole(_ x: Int) -> Int { of(.and, of(.lessOrEqual, x, number(0)), isEqual(x, of(.floor, x))) }
  }
}

extension FormulaGraph {
  /// Which values change with some others.
  fileprivate func dependence(on inputs: Set<Int>) -> [Bool] {
    var result = Array(repeating: false, count: values.count)
    for (id, value) in values.enumerated() {
      guard case .operation(let primitive, let a, let b, let c) = value else {
        result[id] = inputs.contains(id)
        continue
      }
      result[id] = [a, b, c].prefix(primitive.operandCount).contains { result[$0] }
    }
    return result
  }
}
