import Autograd
import Testing

@testable import Tensor

struct GraphSummaryTests {
  @Test func oneLineAnOperation() {
    let x = Tensor([1, 2, 3], requiresGrad: true)
    let w = Tensor(2, requiresGrad: true)
    let y = (tanh(x * w) * Tensor([1, 1, 1])).sum()
    #expect(
      y.graph!.description == """
        %0 = leaf  float32 [3]
        %1 = leaf  float32 []
        %2 = multiply(%0, %1)  float32 [3]  saves [3], [] (16 bytes)
        %3 = tanh(%2)  float32 [3]  saves [3] (12 bytes)
        %4 = multiply(%3, constant)  float32 [3]  saves [3] (12 bytes)
        %5 = sum(%4)  float32 []
        """)
    #expect(Tensor(1).graph == nil && withoutGrad { x * 2 }.graph == nil)
  }

  @Test func entries() {
    let x = Tensor([1, 2], dtype: .float64, requiresGrad: true)
    let y = x * x + x
    let graph = y.graph!
    #expect(graph.entries.map(\.function) == ["leaf", "multiply", "add"])
    #expect(graph.entries[1].inputs == [0, 0] && graph.entries[2].inputs == [1, 0])
    #expect(
      graph.entries[2].savedShapes.isEmpty && graph.entries[1].shapes == [[2]]
        && graph.entries[1].dtypes == [.float64])
    // The square keeps x twice, which is one piece of memory.
    #expect(graph.savedBytes == 16)
  }

  @Test func functionsOfSeveralResults() {
    let f = Formula("pair", inputs: 1) { v in [sin(v[0]), cos(v[0])] }
    let z = f([Tensor([1, 2], requiresGrad: true)])
    let graph = (z[0] + z[1]).graph!
    #expect(graph.entries.count == 3 && graph.entries[1].shapes == [[2], [2]])
    #expect(graph.description.contains("%1 = pair(%0)  float32 [2], float32 [2]"))
  }

  @Test func longGraphsAreReadWithoutRecursion() {
    let x = Tensor(1, requiresGrad: true)
    var y = x
    for _ in 0..<50_000 { y = y + 1 }
    #expect(y.graph!.entries.count == 50_001)
  }
}
