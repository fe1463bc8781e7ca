import Autograd

/// One function at one point.
struct CostInstance {
  let f: ([Tensor]) -> Tensor
  let point: [Tensor]
  var count: Int { point.reduce(0) { $0 + $1.count } }

  init(_ point: [Tensor], _ f: @escaping ([Tensor]) -> Tensor) {
    self.f = f
    self.point = point
  }
}

/// Numbers without regularity between -1 and 1, the same at every run, made as fast as a block of directions needs.
func noise(_ seed: Int, _ shape: Shape) -> Tensor {
  var generator = RandomGenerator(seed: UInt64(seed))
  return Tensor.uniform(shape, low: -1, high: 1, dtype: .float64, using: &generator)
}
