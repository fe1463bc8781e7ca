import Synchronization

/// Where a formula is not smooth, derived from its program: a formula of the same inputs that tells it.
///
/// A comparison whose sides are equal could go either way for points nearby, and so could a sign at 0 or the floor of a
/// whole number. The point is smooth if that makes no difference: if result and slopes are the same whichever
/// way it goes. sqrt at 0 and its like, and poles, are singular wherever the results depend on them.
struct Kinks: Sendable {
  /// True where not smooth; then the slopes of the results with respect to the wanted inputs. Nil where the formula
  /// is smooth everywhere.
  let formula: Formula?

  init(_ source: Formula, wanted: Set<Int>) {
    formula = KinkFinder(source, wanted).formula
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
  /// The formula's values and its slopes.
  private let graph = FormulaGraph(isDerivative: true)
  private let results: [Int]
  private let slopes: [Int]
  private let dependent: [Bool]

  init(_ source: Formula, _ wanted: Set<Int>) {
    self.source = source
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

  var formula: Formula? {
    let target = FormulaGraph(isDerivative: true)
    let inputs = (0..<source.inputCount).map(target.input)
    let parameters = (0..<source.parameterCount).map(target.parameter)
    func copy(_ replacing: [Int: Int] = [:]) -> [Int] {
      graph.copy(into: target, inputs: inputs, parameters: parameters, replacing: replacing)
    }
    let plain = copy()
    var found: Int?
    func add(_ condition: Int) { found = found.map { target.apply(.or, $0, condition) } ?? condition }
    for id in graph.needed(for: results + slopes) {
      guard case .operation(let primitive, let a, let b, _) = graph.values[id],
        dependent[a] || (primitive.operandCount > 1 && dependent[b])
      else { continue }
      let operation = Operation(graph: target, primitive: primitive, a: plain[a], b: plain[b], y: plain[id])
      if let (tie, ways) = operation.choice {
        add(target.apply(.and, tie, differs(ways.map { copy([id: $0]) }, in: target)))
      } else if let point = operation.singularity {
        for weight in [sensitivity(of: results, to: id), operation.hasPoles ? sensitivity(of: slopes, to: id) : nil] {
          guard let weight else { continue }
          add(target.apply(.and, point, target.apply(.notEqual, copy()[weight], target.constant(0))))
        }
      }
    }
    guard let found, target.constantValue(found) != 0 else { return nil }
    return Formula(
      "\(source.label).kinks", target, results: [found] + slopes.map { plain[$0] }, inputCount: source.inputCount,
      parameterCount: source.parameterCount)
  }

  /// How much some values depend on another, in sum; nil where not at all.
  private func sensitivity(of values: [Int], to id: Int) -> Int? {
    graph.cotangents(of: [id], from: values.map { (value: $0, cotangent: graph.constant(1)) })[0]
  }

  /// Whether results or slopes differ between two ways. NaN on a way that is not taken says nothing.
  private func differs(_ ways: [[Int]], in target: FormulaGraph) -> Int {
    var found = target.constant(0)
    for id in Set(results + slopes).sorted() {
      let (x, y) = (ways[0][id], ways[1][id])
      if x == y { continue }
      func of(_ primitive: Primitive, _ x: Int, _ y: Int = 0) -> Int { target.apply(primitive, x, y) }
      let rounding = of(
        .add, of(.multiply, target.constant(1e-5), of(.minimum, of(.abs, x), of(.abs, y))), target.constant(1e-10))
      let isFar = of(.not, of(.lessOrEqual, of(.abs, of(.subtract, x, y)), rounding))
      let areNumbers = of(.not, of(.or, of(.isNaN, x), of(.isNaN, y)))
      found = of(.or, found, of(.and, of(.and, isFar, of(.notEqual, x, y)), areNumbers))
    }
    return found
  }

  /// One operation of the program.
  private struct Operation {
    let graph: FormulaGraph
    let primitive: Primitive
    let a, b, y: Int

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
      case .divide: return isEqual(b, number(0))
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
