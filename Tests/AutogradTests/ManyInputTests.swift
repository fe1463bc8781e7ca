import Autograd
import Foundation
import Testing

@testable import Tensor

/// Formulas of more inputs than a machine word has bits: their own, and those that nested derivatives give them.
struct ManyInputTests {
  private static func numbers(_ count: Int) -> [Tensor] {
    (0..<count).map { (index: Int) -> Tensor in
      let first = 0.3 + 0.01 * Double(index)
      return f64(first, 0.02 * Double(index % 7) - 0.5)
    }
  }

  private static func derivative(_ f: @escaping (Tensor) -> Tensor) -> (Tensor) -> Tensor {
    { x in jvp(f, at: x, along: Tensor.ones(like: x)).tangent }
  }

  /// Sums of squares and of products with the neighbour, as a formula and as operators.
  @Test(arguments: [3, 63, 64, 65, 130]) func derivatives(_ count: Int) {
    let formula = Formula("wide", inputs: count) { x in
      let squares = x.dropFirst().reduce(x[0] * x[0]) { $0 + $1 * $1 }
      return [zip(x, x.dropFirst()).reduce(squares) { $0 + $1.0 * $1.1 * $1.1 }, x[x.count - 1] * x[0]]
    }
    let single = Formula("single", inputs: count) { x in
      let squares = x.dropFirst().reduce(x[0] * x[0]) { $0 + $1 * $1 }
      return [zip(x, x.dropFirst()).reduce(squares) { $0 + $1.0 * $1.1 * $1.1 }]
    }
    let wide = { (p: [Tensor]) in (formula(p)[0] + formula(p)[1]).sum() }
    let total = { (p: [Tensor]) in single.reduced(p, nil, false, "sum", mean: false) }
    let plain = { (p: [Tensor]) in
      let squares = p.map { square($0) }.reduce(Tensor(0.0, dtype: .float64), +)
      return zip(p, p.dropFirst()).map { $0 * square($1) }.reduce(squares, +).sum()
    }
    let both = { (p: [Tensor]) in plain(p) + (p[p.count - 1] * p[0]).sum() }
    let (x, v) = (Self.numbers(count), Self.numbers(count).map { cos($0) })
    for (f, reference) in [(wide, both), (total, plain)] {
      for (found, expected) in zip(grad(f)(x), grad(reference)(x)) { #expect(near(found, doubles(expected))) }
      #expect(near(jvp(f, at: x, along: v).tangent, doubles(jvp(reference, at: x, along: v).tangent)))
      let products = [hvp(f, at: x, along: v), hvpReverse(f, at: x, along: v), vhp(f, at: x, along: v).product]
      let expected = hvp(reference, at: x, along: v)
      for product in products {
        for (found, expected) in zip(product, expected) { #expect(near(found, doubles(expected))) }
      }
      let series: [Tensor] = directionalDerivatives(f, at: x, along: v, order: 3)
      let known: [Tensor] = directionalDerivatives(reference, at: x, along: v, order: 3)
      for (found, expected) in zip(series, known) { #expect(near(found, doubles(expected))) }
    }
    // Of the last input alone, whose bit is in no machine word; and with it of the first.
    let constants = x.map { $0.detached() }
    for places in [[count - 1], [0, count - 1]] {
      func given(_ f: @escaping ([Tensor]) -> Tensor) -> ([Tensor]) -> Tensor {
        { own in
          var all = constants
          for (place, tensor) in zip(places, own) { all[place] = tensor }
          return f(all)
        }
      }
      let own = places.map { x[$0] }
      for (f, reference) in [(wide, both), (total, plain)] {
        for (found, expected) in zip(grad(given(f))(own), grad(given(reference))(own)) {
          #expect(near(found, doubles(expected)))
        }
        for (found, expected) in zip(hvp(given(f), at: own, along: own), hvp(given(reference), at: own, along: own)) {
          #expect(near(found, doubles(expected)))
        }
      }
    }
  }

  /// Pullbacks from the first result and pushforwards from inputs 0 and 32 are not mistaken for each other.
  @Test func pullbacksAndPushforwardsAreKeptApart() {
    for forwardFirst in [true, false] {
      let formula = Formula("two", inputs: 40) { x in
        [x.dropFirst().reduce(x[0] * x[0]) { $0 + $1 * $1 }, x.dropFirst().reduce(x[0]) { $0 + $1 }]
      }
      let x = (0..<40).map { _ in f64(2) }
      func ofTwo(_ a: Tensor) -> Tensor {
        var all = x.map { $0.tracked() }
        (all[0], all[32]) = (a, a)
        return formula(all)[0]
      }
      let forward = { #expect(doubles(jvp(ofTwo, at: f64(2), along: f64(1)).tangent) == [8]) }
      let reverse = {
        #expect(grad { (p: [Tensor]) in formula(p)[0].sum() }(x).map { $0.item() } == x.map { _ in 4 })
      }
      if forwardFirst { forward() }
      reverse()
      forward()
    }
  }

  /// Each nested forward derivative doubles the inputs of a derivative's formula.
  @Test func nestedForwardDerivatives() {
    var product: (Tensor) -> Tensor = { exp($0) * sin($0) }
    let eight = Formula("prod", inputs: 8) { x in [x.dropFirst().reduce(x[0]) { $0 * $1 }] }
    var power: (Tensor) -> Tensor = { x in eight(Array(repeating: x, count: 8))[0] }
    // d^n/dx^n exp(x) sin(x) = 2^(n/2) exp(x) sin(x + n pi/4), and that of x^8.
    for order in 1...7 {
      product = Self.derivative(product)
      let x = 0.3
      let n = Double(order)
      let expected: Double = Foundation.pow(2, n / 2) * Foundation.exp(x) * Foundation.sin(x + n * .pi / 4)
      #expect(near(product(f64(x)), [expected], 1e-11), "order \(order)")
      if order <= 5 {
        power = Self.derivative(power)
        let factor = (0..<order).reduce(1.0) { $0 * Double(8 - $1) }
        let expected: Double = factor * Foundation.pow(1.1, 8 - n)
        #expect(near(power(f64(1.1)), [expected], 1e-11), "order \(order)")
      }
    }
  }

  /// Against the derivatives of one sweep.
  @Test func nestedForwardDerivativesOfFormulasOfManyInputs() {
    let (w, axis) = (f64(0.5, -0.2, 0.9, 1.1), -1)
    let functions: [(Tensor) -> Tensor] = [
      { x in layerNorm(stacked([x, x * x, sin(x), exp(x)], axis: axis), weight: sin(w), bias: w) },
      { x in Formula("four", inputs: 4) { [$0[0] * $0[1] * $0[2] + exp($0[3] * $0[0])] }([x, sin(x), x, x])[0] },
      { x in
        Formula("six", inputs: 6) { x in [x.dropFirst().reduce(x[0]) { $0 * $1 * $1 }] }([x, x, x, x, x, cos(x)])[0]
      },
    ]
    for (index, f) in functions.enumerated() {
      let x = f64(0.7)
      let known: [Tensor] = directionalDerivatives(f, at: x, along: f64(1), order: 5)
      var nested = f
      for order in 1...5 {
        nested = Self.derivative(nested)
        #expect(near(nested(x), doubles(known[order]), 1e-9), "\(index), order \(order)")
      }
    }
  }
}
