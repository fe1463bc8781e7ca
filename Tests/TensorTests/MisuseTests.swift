import Autograd
import Testing

@testable import Tensor

/// Every message names the operation, what was wrong with which shapes or values, and what is right.
struct MisuseTests {
  @Test func aPageOfTypicalMisuses() {
    let f32 = Tensor.zeros([2, 3])
    let f64 = Tensor.zeros([2, 3], dtype: .float64)
    let whole = Tensor.zeros([2, 3], dtype: .int64)
    let flags = Tensor.zeros([2, 3], dtype: .bool)
    let expected: [(String, () -> Void)] = [
      (
        "add: the shapes [2, 3] and [2] do not broadcast; axes must be equal or 1, counted from the last",
        { _ = f32 + Tensor([1, 2]) }
      ),
      (
        "multiply: the dtypes differ, float32 and float64; convert one with asType(.float32) or asType(.float64)",
        { _ = f32 * f64 }
      ),
      (
        "exp: needs floating-point numbers, got int64; convert with asType(.float32) or asType(.float64)",
        { _ = exp(whole) }
      ),
      (
        "divide: needs floating-point numbers, got int64; convert with asType(.float32) or asType(.float64)",
        { _ = whole / whole }
      ),
      (
        "add: has no meaning for bool; convert with asType(.int32) or asType(.float32)", { _ = flags + flags }
      ),
      (
        "multiply: cannot combine int64 numbers with 0.5; convert the tensor with asType(.float32)",
        { _ = whole * 0.5 }
      ),
      (
        "tracked: int64 numbers have no gradient; convert with asType(.float32) first",
        { _ = whole.tracked() }
      ),
      (
        "tracked: bool numbers have no gradient; convert with asType(.float32) first",
        { _ = Tensor([true], requiresGrad: true) }
      ),
      ("clamp: the minimum 2.0 is above the maximum 1.0", { _ = clamp(f32, minimum: 2, maximum: 1) }),
      (
        "mse: the shapes [2, 3] and [3] differ; they must be equal, use reshaped",
        { _ = mse(f32, Tensor.zeros([3])) }
      ),
      ("softmax: axis 2 is out of range; rank 2 allows -2 ... 1", { _ = softmax(f32, axis: 2) }),
      (
        "softmax: needs floating-point numbers, got int64; convert with asType(.float32)",
        { _ = softmax(whole) }
      ),
      (
        "crossEntropy: label 3 is out of range; labels are 0 ..< 3, the number of classes",
        { _ = crossEntropy(f32, Tensor([0, 3], dtype: .int64)) }
      ),
      (
        "crossEntropy: label -1 is out of range; labels are 0 ..< 3, the number of classes",
        { _ = crossEntropy(f32, Tensor([0, -1], dtype: .int64)) }
      ),
      (
        "crossEntropy: needs floating-point logits [rows, classes] and integer labels [rows], got float32 [2, 3] and int64 [3]",
        { _ = crossEntropy(f32, Tensor([0, 1, 2], dtype: .int64)) }
      ),
      ("polygamma: the order is -1; it must be 0 or more", { _ = polygamma(-1, f32) }),
    ]
    for (message, body) in expected { #expect(misuse(body) == message) }
  }

  @Test func onlyTheFirstIsThrownAndTheBodyRunsOn() {
    var reached = false
    #expect(
      throws: TensorError(
        operation: "add",
        message: "the shapes [2] and [3] do not broadcast; axes must be equal or 1, counted from the last")
    ) {
      try withTensorErrors {
        let x = Tensor([1, 2]) + Tensor([1, 2, 3])
        _ = matmul(x, x)
        reached = true
      }
    }
    #expect(reached)
  }

  @Test func resultsComeOutWhereNothingIsWrong() throws {
    #expect(try withTensorErrors { Tensor([1, 2]).sum().item() } == 3)
    #expect(try withTensorErrors { try withTensorErrors { 5 } } == 5)
  }

  @Test func scopesNest() {
    // What an inner scope threw and the body caught is not the outer scope's.
    var inner: String?
    #expect(throws: Never.self) {
      try withTensorErrors {
        inner = misuse { _ = Tensor([1, 2]).reshaped([3]) }
        _ = Tensor([1]) + 1
      }
    }
    #expect(inner == "reshaped: [2] has 2 elements and cannot become [3]")
    #expect(
      misuse {
        _ = misuse { _ = Tensor([1, 2]).reshaped([3]) }
        _ = Tensor([1])[4]
      }?.hasPrefix("subscript: index 4") == true)
    #expect(
      misuse { try withTensorErrors { _ = Tensor([1, 2]).reshaped([5]) } }
        == "reshaped: [2] has 2 elements and cannot become [5]")
  }

  private struct OwnError: Error {}

  @Test func theBodysOwnErrorComesThrough() {
    #expect(throws: OwnError.self) { try withTensorErrors { throw OwnError() } }
    // Whichever came first.
    #expect(throws: TensorError.self) {
      try withTensorErrors {
        _ = Tensor([1, 2]).reshaped([3])
        throw OwnError()
      }
    }
  }

  @Test func aScopeCoversItsThreadOnly() async {
    await withTaskGroup(of: Bool.self) { group in
      for index in 0..<20 {
        group.addTask {
          let message = misuse { if index % 2 == 0 { _ = Tensor.zeros([index]).reshaped([index + 1]) } }
          return (message != nil) == (index % 2 == 0) && (message?.contains("[\(index)] has") ?? true)
        }
      }
      for await right in group { #expect(right) }
    }
  }

  @Test func derivativesInsideAScope() {
    let f = { (x: Tensor) in matmul(x, Tensor.zeros([5])).sum() }
    #expect(misuse { _ = grad(f)(Tensor.zeros([4])) } == "matmul: inner axes differ, [4] x [5] (4 != 5)")
    #expect(misuse { _ = hvp(f, at: .zeros([4]), along: .zeros([4])) }?.hasPrefix("matmul") == true)
    #expect(
      misuse { _ = jvp(f, at: Tensor.zeros([4]), along: Tensor.zeros([4])) }?.hasPrefix("matmul") == true)
    #expect(misuse { _ = vjp(f, at: Tensor.zeros([4])).pullback(Tensor(1)) }?.hasPrefix("matmul") == true)
  }

  @Test func aTensorErrorSaysWhatItIs() throws {
    let error = TensorError(operation: "op", message: "text")
    #expect("\(error)" == "op: text" && error == TensorError(operation: "op", message: "text"))
  }
}
