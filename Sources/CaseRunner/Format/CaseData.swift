import Autograd
import Foundation

/// The arrays of all cases, in a file that is mapped into memory.
struct CaseData: Sendable {
  private let bytes: Data

  init(directory: URL) throws {
    bytes = try Data(contentsOf: directory.appendingPathComponent("data.bin"), options: .alwaysMapped)
  }

  /// The array as a tensor; integers that tensors do not have are widened.
  func tensor(_ reference: ArrayReference) throws -> Tensor {
    func read<Stored, Scalar: TensorScalar>(_: Stored.Type, _ convert: (Stored) -> Scalar) throws -> Tensor {
      Tensor(
        try numbers(at: reference.offset, reference.shape, Stored.self).map(convert),
        shape: Shape(reference.shape))
    }
    switch reference.dtype {
    case "float64": return try read(Double.self) { $0 }
    case "float32": return try read(Float.self) { $0 }
    case "int64": return try read(Int64.self) { $0 }
    case "int32": return try read(Int32.self) { $0 }
    case "int16": return try read(Int16.self) { Int32($0) }
    case "int8": return try read(Int8.self) { Int32($0) }
    case "uint8": return try read(UInt8.self) { $0 }
    case "bool": return try read(UInt8.self) { $0 != 0 }
    default: throw MalformedCase("the dtype \(reference.dtype) is not known")
    }
  }

  /// The float64 numbers at an offset, zeros where it is nil.
  func tensor(at offset: Int?, shape: Shape) throws -> Tensor {
    guard let offset else { return Tensor.zeros(shape, dtype: .float64) }
    return Tensor(try numbers(at: offset, Array(shape), Double.self), shape: shape)
  }

  private func numbers<Stored>(at offset: Int, _ shape: [Int], _: Stored.Type) throws -> [Stored] {
    let count = shape.reduce(1, *)
    if count == 0 { return [] }
    let length = count * MemoryLayout<Stored>.stride
    guard offset >= 0, offset + length <= bytes.count else {
      throw MalformedCase("\(length) bytes at offset \(offset) are not in the data, which has \(bytes.count)")
    }
    return bytes.withUnsafeBytes { all in
      (0..<count).map {
        all.loadUnaligned(fromByteOffset: offset + $0 * MemoryLayout<Stored>.stride, as: Stored.self)
      }
    }
  }
}

/// A case that does not keep to the format.
struct MalformedCase: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
