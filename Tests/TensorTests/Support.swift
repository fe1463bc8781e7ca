import Autograd
import Testing

/// What `withTensorErrors` throws for a misuse, as text; nil where there was none.
func misuse(_ body: () throws -> Void) -> String? {
  do {
    try withTensorErrors(body)
    return nil
  } catch {
    return "\(error)"
  }
}

/// The elements as float64, in row-major order.
func doubles(_ x: Tensor) -> [Double] { x.detached().asType(.float64).scalars(as: Double.self) }

/// A sequence of numbers that is the same in every run.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// Small whole numbers, so that sums of products are exact in float32.
  mutating func wholeNumbers(_ shape: Shape, in range: ClosedRange<Int> = -3...3, dtype: DType = .float32)
    -> Tensor
  {
    let numbers = (0..<shape.elementCount).map { _ in Double(Int.random(in: range, using: &self)) }
    return Tensor(numbers, shape: shape).asType(dtype)
  }
}

/// A hash that any language can compute again: FNV-1a over bytes.
func fnv1a(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
  bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
}

func fnv1a<T>(_ values: [T]) -> UInt64 { values.withUnsafeBytes(fnv1a) }
