import Foundation

/// How a formula's results and slopes behave near points at which it could go a way that gives NaN.
///
/// Behind a guard may lie a singularity (the square root of |x|), or what only needed it to be computed (sin(x) / x).
/// Where the point is smooth, what is found on both sides of it comes together, and settles, as the distance shrinks.
/// So it is a kink if over the smallest distances that rounding leaves to be judged it does not: a jump and a corner
/// stay as they are, an infinite slope grows. The point's own slopes are not compared, since a guard's are those of a
/// constant; its own value is, where the formula is no derivative.
struct Neighbourhood: Sendable {
  /// Results and their slopes, and then the same as often as there are disturbances, with each step disturbed.
  private let formula: Formula
  private let wanted: [Int]
  /// How many results have a value at the point that counts.
  private let valueCount: Int

  /// - Parameter graph: That of the results of `source` and of their slopes with respect to the wanted inputs.
  init(_ source: Formula, _ graph: FormulaGraph, results: [Int], slopes: [Int], _ wanted: Set<Int>) {
    self.wanted = wanted.sorted()
    valueCount = source.roles.isEmpty ? results.count : 0
    let target = FormulaGraph(isDerivative: true)
    let inputs = (0..<source.inputCount).map(target.input)
    let parameters = (0..<source.parameterCount).map(target.parameter)
    let copies = ([0] + Neighbourhood.disturbances).map {
      graph.copy(into: target, inputs: inputs, parameters: parameters, disturbing: $0)
    }
    formula = Formula(
      "\(source.label).near", target, results: copies.flatMap { map in (results + slopes).map { map[$0] } },
      inputCount: source.inputCount, parameterCount: source.parameterCount)
  }

  /// How much each step of a calculation is disturbed, relatively and at most, to see what its rounding does.
  private static let disturbances = [0x1p-40, -0x1.7p-40]
  /// Disturbances in roundings, which count many times for safety.
  fileprivate static let roundingPerDisturbance = 64 * 0x1p-53 / 0x1p-40

  /// Distances, in units of the input or of 1 where that is smaller.
  ///
  /// The last ones, which only points near 0 have, may only acquit: there lies what holds a number above a tiny bound.
  private static let distances: [Double] =
    [6, 9, 12, 15, 18, 21, 24, 48, 96, 192, 384].map { exp2(-$0) }
  fileprivate static let accusingCount = 7
  private static let stepsPerPoint = 2 * distances.count
  /// As many points are looked at together.
  private static let chunk = 512

  /// Each wanted input by itself, and all together with different weights.
  private var directions: [[Double]] {
    let alone = wanted.map { own in (0..<formula.inputCount).map { $0 == own ? 1.0 : 0 } }
    guard wanted.count > 1 else { return alone }
    let together = (0..<formula.inputCount).map { input in
      wanted.firstIndex(of: input).map { 1 - 0.37 * Double($0 % 3) } ?? 0
    }
    return alone + [together]
  }

  /// The first of some points, as row-major positions in a shape, that is a kink.
  func first(
    of positions: [Int], _ inputs: [Storage], _ parameters: SIMD2<Double>, _ shape: Shape
  ) -> Int? {
    guard !positions.isEmpty else { return nil }
    let numbers = inputs.map {
      Tensor($0).asType(.float64).expanded(to: shape).flattened().scalars(as: Double.self)
    }
    for start in stride(from: 0, to: positions.count, by: Neighbourhood.chunk) {
      let some = positions[start..<Swift.min(start + Neighbourhood.chunk, positions.count)]
      let points = some.map { position in numbers.map { $0[position] } }
      if let found = firstKink(points, parameters) { return some[start + found] }
    }
    return nil
  }

  private func firstKink(_ points: [[Double]], _ parameters: SIMD2<Double>) -> Int? {
    guard let centre = values(points, parameters) else { return nil }
    var isKink = Array(repeating: false, count: points.count)
    for direction in directions {
      guard let near = values(points.flatMap { steps(from: $0, direction) }, parameters) else { return nil }
      let count = near.count / (1 + Neighbourhood.disturbances.count)
      for point in points.indices where !isKink[point] {
        let steps = point * Neighbourhood.stepsPerPoint..<(point + 1) * Neighbourhood.stepsPerPoint
        isKink[point] = (0..<count).contains { index in
          let copies = stride(from: index, to: near.count, by: count).map { near[$0][steps] }
          let sides = Sides(copies[0], disturbed: copies.dropFirst())
          return sides.differ || sides.doNotSettle
            || (index < valueCount && sides.stayAway(from: centre[index][point]))
        }
      }
    }
    return isKink.firstIndex(of: true)
  }

  /// The points on one side, from far to near, and then those on the other.
  private func steps(from point: [Double], _ direction: [Double]) -> [[Double]] {
    var steps: [[Double]] = []
    for side in [1.0, -1] {
      for distance in Neighbourhood.distances {
        let step = side * distance
        steps.append(point.indices.map { Neighbourhood.moved(point[$0], by: step * direction[$0]) })
      }
    }
    return steps
  }

  /// NaN where no number is so near.
  private static func moved(_ x: Double, by step: Double) -> Double {
    guard step != 0 else { return x }
    let moved = x + step * Swift.max(1, Swift.abs(x))
    return moved == x ? .nan : moved
  }

  /// Results and slopes at points, in float64.
  private func values(_ points: [[Double]], _ parameters: SIMD2<Double>) -> [[Double]]? {
    let inputs = (0..<formula.inputCount).map { input in Tensor(points.map { $0[input] }).storage }
    return formula.evaluate(inputs, parameters)?.map {
      Tensor($0).expanded(to: [points.count]).scalars(as: Double.self)
    }
  }
}

/// One number on both sides of a point, from far to near.
private struct Sides {
  private let numbers: [[Double]]
  /// What cannot be told from rounding.
  private let roundings: [[Double]]

  init(_ values: ArraySlice<Double>, disturbed: ArraySlice<ArraySlice<Double>>) {
    let roundings = values.indices.map { place in
      let deviation = disturbed.reduce(0) { Swift.max($0, Swift.abs($1[place] - values[place])) }
      return deviation * Neighbourhood.roundingPerDisturbance + 1e-7 * Swift.abs(values[place]) + 1e-10
    }
    let half = values.count / 2
    numbers = [Array(values.prefix(half)), Array(values.suffix(half))]
    self.roundings = [Array(roundings.prefix(half)), Array(roundings.suffix(half))]
  }

  /// Whether the sides stay apart.
  var differ: Bool {
    persists(
      zip(numbers[0], numbers[1]).map { Swift.abs($0 - $1) }, zip(roundings[0], roundings[1]).map { $0 + $1 })
  }

  /// Whether a side goes on changing.
  var doNotSettle: Bool {
    zip(numbers, roundings).contains { numbers, roundings in
      persists(
        zip(numbers, numbers.dropFirst()).map { Swift.abs($0 - $1) },
        zip(roundings, roundings.dropFirst()).map { $0 + $1 })
    }
  }

  /// Whether a side does not come to the number at the point.
  func stayAway(from centre: Double) -> Bool {
    zip(numbers, roundings).contains { numbers, roundings in
      persists(numbers.map { Swift.abs($0 - centre) }, roundings)
    }
  }

  /// Whether what should vanish with the distance does not, by the nearest two steps that rounding lets be compared.
  /// A power of at least 0.05 of the distance vanishes.
  private func persists(_ differences: [Double], _ roundings: [Double]) -> Bool {
    var verdict = false
    for step in differences.indices.dropFirst() {
      let (before, now) = (differences[step - 1], differences[step])
      if now >= 0.9 * before && now > roundings[step] {
        verdict = verdict || step < Neighbourhood.accusingCount
      } else if before > roundings[step - 1] && now + roundings[step] < 0.9 * before {
        verdict = false
      }
    }
    return verdict
  }
}

extension FormulaGraph {
  /// As ``copy(into:inputs:parameters:replacing:)``, with each step that rounds multiplied by something next to 1.
  fileprivate func copy(
    into target: FormulaGraph, inputs: [Int], parameters: [Int], disturbing amount: Double
  ) -> [Int] {
    var map: [Int] = []
    for (id, value) in values.enumerated() {
      switch value {
      case .input(let index): map.append(inputs[index])
      case .parameter(let index): map.append(parameters[index])
      case .constant(let bits): map.append(target.constant(Double(bitPattern: bits)))
      case .operation(let primitive, let a, let b, let c):
        let exact = target.apply(primitive, map[a], map[b], map[c])
        let irregular = [1, -0.7, 0.45, -0.9, 0.6, -0.55, 0.8][id % 7]
        map.append(
          amount == 0 || !primitive.rounds
            ? exact : target.apply(.multiply, exact, target.constant(1 + amount * irregular)))
      }
    }
    return map
  }
}

extension Primitive {
  fileprivate var rounds: Bool {
    switch self {
    case .copy, .negate, .abs, .sign, .minimum, .maximum, .select, .floor, .ceil, .round, .trunc, .floorDivide: false
    default: !isPredicate
    }
  }
}
