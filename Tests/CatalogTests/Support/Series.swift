import Autograd

/// What Taylor mode is compared with.
enum Series {
  static let accuracy = Accuracy(ulps: 0x1p18, dtype: .float64, byLargest: true, atLeast: 1)

  /// A direction, or a block of them, for each input.
  static func directions(_ point: [Tensor], lead: [Int] = []) -> [Tensor] {
    point.enumerated().map { index, x in
      let shape = Shape(lead + Array(x.shape))
      let places = Tensor.arange(shape.elementCount, dtype: .float64).reshaped(shape)
      return (sin(places * 1.3 + Double(index + 1)) + 0.25).asType(x.dtype)
    }
  }

  /// The value and derivatives along a direction, by pushforwards of pushforwards.
  static func nested(
    _ f: @escaping ([Tensor]) -> [Tensor], _ x: [Tensor], along v: [Tensor], order: Int
  ) -> [[Tensor]] {
    var results = [f(x)]
    var function = f
    for _ in 0..<order {
      let previous = function
      function = { jvp(previous, at: $0, along: v).tangent }
      results.append(function(x))
    }
    return results
  }

  /// What differs in lists of results by order.
  static func differences(_ got: [[Tensor]], _ expected: [[Tensor]]) -> [String] {
    guard got.count == expected.count else { return ["\(got.count) orders, expected \(expected.count)"] }
    return zip(got, expected).enumerated().flatMap { order, pair in
      CatalogTests.differences(pair.0, pair.1.map(\.numbers), accuracy).map { "derivative \(order), \($0)" }
    }
  }
}

extension Row {
  /// The results that have derivatives, as a function of the differentiable inputs.
  func floatingFunction(at inputs: [Tensor]) -> ([Tensor]) -> [Tensor] {
    let f = function(at: inputs)
    return { f($0).filter { $0.dtype.isFloatingPoint } }
  }

  /// To which order Taylor mode is checked.
  var seriesOrder: Int { isPointwise ? 4 : 3 }
}
