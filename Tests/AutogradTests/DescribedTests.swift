import Autograd
import Testing

/// What second derivatives are when they are printed.
struct DescribedTests {
  /// In a line, not the graph and the numbers.
  @Test func descriptions() throws {
    let net = [Tensor.ones([3, 3]), Tensor.ones([3]), Tensor.ones([3, 2]), Tensor.ones([3])]
    let f = { (p: [Tensor]) in p.reduce(Tensor(0.0 as Float)) { $0 + square($1).sum() } }
    #expect("\(HessianOperator(f, at: net))" == "Hessian of 21 parameters in 4 tensors")
    #expect("\(HessianOperator({ $0 * $0 }, at: scalar(1)))" == "Hessian of 1 parameter in 1 tensor")
    let convex = HessianOperator(gaussNewton: { $0 }, loss: f, at: net)
    #expect("\(convex)" == "Gauss-Newton matrix of 21 parameters in 4 tensors")
    let blocks = try HessianOperator(f, at: [Tensor.ones([3, 2]), Tensor.ones([2])]).dense()
    #expect(
      "\(blocks)" == """
        BlockMatrix, 2 x 2 blocks
        float32 [3, 2, 3, 2]  float32 [3, 2, 2]
        float32 [2, 3, 2]     float32 [2, 2]
        """)
    #expect("\(try HessianOperator(f, at: []).dense())" == "BlockMatrix, 0 x 0 blocks")
    let sparse = hessian({ (x: Tensor) in (x * x).sum() }, sparsity: .banded(1))(f64(1, 2, 3))
    #expect("\(sparse)" == "SparseMatrix(float64 [3, 3], 7 elements)")
    #expect("\(try #require(OperatorClosure.named("tanh")))" == "tanh: float32 and float64, all derivatives")
    #expect(
      "\(try #require(OperatorClosure.named("argmax")))"
        == "argmax: float32, float64, int32, int64, uint8 and bool, no derivatives")
  }
}
