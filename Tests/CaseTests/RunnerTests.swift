import Autograd
import Testing

@testable import CaseRunner

/// The judge is judged: it accepts what is right, and says what is wrong.
@Suite struct RunnerTests {
  private func arguments(_ args: [Argument], _ kwargs: [String: Argument] = [:]) -> Arguments {
    Arguments(Step(op: "test", args: args, kwargs: kwargs), [Tensor([1.0, 2.0])], [])
  }

  @Test func numbersAreComparedToTheLargest() {
    let want = Tensor([100.0, 0])
    #expect(Difference.value(Tensor([100.0, 0.5e-7]), want, tolerance: 1e-9) == nil)
    #expect(
      Difference.value(Tensor([100.0, 2e-7]), want, tolerance: 1e-9)?.hasPrefix("at [1] of [2]") == true)
  }

  @Test func whatIsNotFiniteMustBeTheSame() {
    let want = Tensor([Double.nan, .infinity, -.infinity])
    #expect(Difference.value(want, want, tolerance: 1e-9) == nil)
    for other in [[0, .infinity, -.infinity], [Double.nan, -.infinity, -.infinity], [.nan, .infinity, 0]] {
      #expect(Difference.value(Tensor(other), want, tolerance: 1e-9) != nil)
    }
  }

  @Test func shapesAndKindsMustAgree() {
    #expect(
      Difference.value(Tensor([[1.0]]), Tensor([1.0]), tolerance: 1) == "expected shape [1], got [1, 1]")
    #expect(Difference.value(Tensor([Int64(1)]), Tensor([1.0]), tolerance: 1) != nil)
    #expect(Difference.value(Tensor([Int64.max]), Tensor([Int64.max - 1]), tolerance: 1) != nil)
  }

  @Test func optionsThatNobodyReadAreUnsupported() throws {
    let read = arguments([.tensor(0)], ["dim": .int(0), "out": Argument.none])
    #expect(try read.tensor(0).shape == [2])
    #expect(throws: Unsupported.self) { try read.requireAllRead() }
    #expect(try read.int(1, "dim") == 0)
    try read.requireAllRead()
  }

  @Test func argumentsHaveDefaults() throws {
    let given = arguments([.tensor(0), .float(3)], ["p": .string("inf")])
    #expect(try given.int(1) == 3)
    #expect(try given.int(2, "dim", default: -1) == -1)
    #expect(throws: Unsupported.self) { try given.double(nil, "p") }
    #expect(throws: Unsupported.self) { try given.int(nil, "missing") }
  }

  @Test func compositionsAreNamedFromTheOutside() {
    #expect(Composition.all(order: 2).map(Composition.name) == ["rev-rev", "fwd-rev", "rev-fwd", "fwd-fwd"])
    #expect(Composition.all(order: 3).count == 8)
  }
}
