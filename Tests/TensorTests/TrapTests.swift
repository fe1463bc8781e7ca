import Autograd
import Testing

@testable import Tensor

/// Outside `withTensorErrors` the same misuse stops the program with the same words.
struct TrapTests {
  private func says(_ words: String, _ result: ExitTest.Result?) -> Bool {
    guard let result else { return false }
    return String(decoding: result.standardErrorContent, as: UTF8.self).contains(words)
  }

  @Test func matmulTraps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = matmul(Tensor.zeros([2, 3]), Tensor.zeros([4, 5]))
    }
    #expect(says("matmul: inner axes differ, [2, 3] x [4, 5] (3 != 4)", result))
  }

  @Test func broadcastTraps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor([1, 2]) + Tensor([1, 2, 3])
    }
    #expect(says("add: the shapes [2] and [3] do not broadcast", result))
  }

  @Test func subscriptTraps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var x = Tensor([1, 2])
      x[2] = Tensor(1)
    }
    #expect(says("subscript: index 2 is out of range for axis 0 of shape [2] (length 2)", result))
  }

  @Test func raggedArraysTrap() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor([[1, 2], [3]])
    }
    #expect(says("Tensor: the array is ragged", result))
  }

  @Test func backwardOfAVectorTraps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      (Tensor([1, 2], requiresGrad: true) * 2).backward()
    }
    #expect(says("backward: the result has shape [2]", result))
  }

  /// A scope that has ended catches nothing more.
  @Test func afterAScopeItTrapsAgain() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = try? withTensorErrors { Tensor([1]).reshaped([2]) }
      _ = Tensor([1, 2]).item()
    }
    #expect(says("item: needs exactly one element, the shape is [2] (2 elements)", result))
  }
}
