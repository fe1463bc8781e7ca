import Autograd
import Testing

/// What operators on whole tensors promise at ties, infinities and NaN; rows have those of pointwise ones.
@Suite struct ConventionTests {
  private let infinity = Double.infinity

  private func areNear(_ a: [Double], _ b: [Double], within tolerance: Double) -> Bool {
    a.count == b.count
      && zip(a, b).allSatisfy {
        $0 == $1 || ($0.isNaN && $1.isNaN) || Swift.abs($0 - $1) <= tolerance * Swift.max(1, Swift.abs($1))
      }
  }

  private func areFinite(_ numbers: [Double]) -> Bool { numbers.allSatisfy { $0.isFinite } }

  private func gradient(_ f: @escaping (Tensor) -> Tensor, _ x: [Double]) -> [Double] {
    grad(f)(Tensor(x)).scalars(as: Double.self)
  }

  /// H v for v of ones, by every composition that gives a vector.
  private func products(_ f: @escaping (Tensor) -> Tensor, _ x: [Double]) -> [[Double]] {
    let (x, v) = (Tensor(x), Tensor.ones([x.count], dtype: .float64))
    let along = { (x: Tensor) in jvp(f, at: x, along: v).tangent }
    return [hvp(f, at: x, along: v), hvpReverse(f, at: x, along: v), grad(along)(x)].map {
      $0.scalars(as: Double.self)
    }
  }

  @Test(
    "the derivatives that Operators.md tells, in every mode", arguments: Catalogue.conventions,
    [DType.float32, .float64])
  func told(_ convention: Convention, _ dtype: DType) {
    let line = ConventionLine(convention, dtype)
    let tolerance = dtype == .float32 ? 1e-5 : 1e-12
    #expect(areNear(line.first, convention.gradient, within: tolerance), "\(line.first)")
    let second = (line.second.flatMap { $0 }, convention.hessian.flatMap { $0 })
    #expect(areNear(second.0, second.1, within: tolerance), "\(line.second)")
    // In every other mode.
    #expect(line.disagreements.isEmpty, "\(line.disagreements)")
  }

  @Test("the first of equals is found")
  func ties() {
    let x = Tensor([[2, 2, 0], [1, 5, 5]] as [[Double]])
    #expect(x.argmax(axis: 1).scalars(as: Int.self) == [0, 1])
    #expect(x.argmin().item() == 2)
  }

  @Test("NaN shows in an extreme and is found")
  func notANumber() {
    let x = Tensor([1, .nan, 3] as [Double])
    for extreme in [x.max().item(), x.min().item()] { #expect(extreme.isNaN) }
    for position in [x.argmax().item(), x.argmin().item()] { #expect(position == 1) }
    #expect(Tensor.zeros([0]).mean().item().isNaN)
    #expect(Tensor.zeros([0]).sum().item() == 0)
  }

  @Test("softmax and its relatives neither overflow nor mind an excluded class")
  func softmaxes() {
    let masked = [1.0, -infinity, 2.0]
    for f in [
      { softmax($0)[0] }, { logSoftmax($0)[2] }, { logSumExp($0) },
      { crossEntropy($0.reshaped([1, 3]), Tensor([2] as [Int])) },
    ] as [@Sendable (Tensor) -> Tensor] {
      let two = gradient(f, [1, -1e300, 2])
      let three = gradient(f, masked)
      #expect(f(Tensor(masked)).item().isFinite)
      #expect(three[1] == 0, "\(three)")
      #expect(areFinite(three), "\(three)")
      #expect(two[1] == 0, "\(two)")
      #expect(areFinite(two), "\(two)")
      for product in products(f, masked) {
        // Adding a number to all classes changes no probability: H 1 = 0 but for rounding.
        let largest = product.map { Swift.abs($0) }.max()!
        #expect(product[1] == 0, "\(product)")
        #expect(largest < 1e-15, "\(product)")
      }
      // Far apart, far from 0.
      let far = gradient(f, [1000, -1000, 999])
      #expect(areFinite(far), "\(far)")
      #expect(f(Tensor([1000, -1000, 999] as [Double])).item().isFinite)
    }
    let pair = logSumExp(Tensor([1000, 1000] as [Double])).item()
    #expect(pair == 1000.6931471805599)
    #expect(logSumExp(Tensor.full([2], -infinity, dtype: .float64)).item() == -infinity)
  }

  @Test("a branch that is not taken adds nothing, whatever it would be")
  func branches() {
    for f in [
      { `where`($0 .> 0, log($0), 0).sum() }, { `where`($0 .> 0, pow($0, 0.5), 0).sum() },
      { `where`($0 .> 0, 1 / $0, 0).sum() }, { `where`($0 .> 0, $0 * log($0), $0 * 0).sum() },
    ] as [@Sendable (Tensor) -> Tensor] {
      let slope = gradient(f, [-1, 0, 2])
      #expect(slope[..<2] == [0, 0], "\(slope)")
      #expect(slope[2].isFinite, "\(slope)")
      for product in products(f, [-1, 0, 2]) {
        #expect(product[..<2] == [0, 0], "\(product)")
        #expect(product[2].isFinite, "\(product)")
      }
    }
  }

  @Test("cotangents add where positions repeat")
  func repeats() {
    let indices = Tensor([0, 2, 2, 0, 0] as [Int])
    #expect(gradient({ $0.take(indices).sum() }, [1, 2, 3]) == [3, 0, 2])
    #expect(gradient({ $0.gather(indices, axis: 0).sum() }, [1, 2, 3]) == [3, 0, 2])
    #expect(gradient({ $0[indices].sum() }, [1, 2, 3]) == [3, 0, 2])
  }

  @Test("the norm has no derivative at 0 by itself, and one that is 0 as hypot or behind where")
  func norms() {
    let zero = Tensor.zeros([2], dtype: .float64)
    #expect(grad({ hypot($0[0], $0[1]) })(zero).scalars(as: Double.self) == [0, 0])
    let guarded = { (x: Tensor) -> Tensor in
      let square = dot(x, x)
      return `where`(square .> 0, sqrt(square), 0)
    }
    #expect(grad(guarded)(zero).scalars(as: Double.self) == [0, 0])
    for product in products(guarded, [0, 0]) { #expect(product == [0, 0], "\(product)") }
  }
}
