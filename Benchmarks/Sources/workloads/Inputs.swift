import Autograd
import Foundation

/// The inputs of the workloads: formulas in place of data files, the same in every engine.
enum Inputs {
  /// `scale * sin((0.7 k + 0.37 i) + (0.0011 i) i)`, where `i` is the row-major position.
  static func fill(_ k: Int, count: Int, scale: Double = 1) -> [Double] {
    let start = 0.7 * Double(k)
    return (0..<count).map { position in
      let i = Double(position)
      return scale * sin((start + 0.37 * i) + (0.0011 * i) * i)
    }
  }

  static func fill(_ k: Int, _ shape: Shape, scale: Double = 1) -> Tensor {
    Tensor(fill(k, count: shape.elementCount, scale: scale).map { Float($0) }, shape: shape)
  }

  static func labels(_ count: Int) -> Tensor {
    Tensor((0..<count).map { (7 * $0 + 3) % 10 }, shape: [count])
  }

  /// Weights `[in, out]` and biases in turn, with the numbers `first`, `first + 1`, ...
  static func parameters(_ sizes: [Int], from first: Int = 10) -> [Tensor] {
    zip(sizes, sizes.dropFirst()).enumerated().flatMap { layer, size in
      [
        fill(first + 2 * layer, [size.0, size.1], scale: 1.4 / Double(size.0).squareRoot()),
        fill(first + 1 + 2 * layer, [size.1], scale: 0.1),
      ]
    }
  }
}

/// The 2-norm of all elements, in double precision.
func norm(_ tensors: [Tensor]) -> Double { norm(tensors.map { $0.scalars(as: Float.self) }) }

func norm(_ numbers: [[Float]]) -> Double {
  numbers.joined().reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
}
