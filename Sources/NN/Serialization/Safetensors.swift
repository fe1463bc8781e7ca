import Autograd
import Foundation

/// Named tensors and some words about them, as a safetensors file holds them.
///
/// The format (github.com/huggingface/safetensors): the header's length as a little-endian UInt64, the
/// header in JSON, then the numbers, little-endian and row-major. float32, float64, int32, int64, uint8 and
/// bool tensors; other types are refused by name.
public struct Safetensors: Sendable {
  /// The tensors by name.
  public var tensors: [String: Tensor]
  /// Free text, kept in the header under "__metadata__".
  public var metadata: [String: String]

  /// The contents of a file to be written.
  public init(tensors: [String: Tensor] = [:], metadata: [String: String] = [:]) {
    self.tensors = tensors
    self.metadata = metadata
  }

  /// Reads a file; everything in it is checked before anything is returned.
  ///
  /// - Throws: ``SafetensorsError`` where the file cannot be read, or is not a well-formed one.
  public init(contentsOf url: URL) throws(SafetensorsError) {
    let data: Data
    do {
      data = try Data(contentsOf: url)
    } catch {
      throw .unreadable(path: url.path, reason: FileError.reason(error))
    }
    try self.init(data: data)
  }

  /// Reads a file's bytes.
  ///
  /// - Throws: ``SafetensorsError`` where they are not a well-formed file.
  public init(data: Data) throws(SafetensorsError) {
    let bytes = [UInt8](data)
    guard bytes.count >= 8 else { throw .truncated(needed: 8, found: bytes.count) }
    let length = bytes[0..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= Safetensors.largestHeader else {
      throw .malformed(
        "the header says it is \(length) bytes long; at most \(Safetensors.largestHeader) are allowed")
    }
    let start = 8 + Int(length)
    guard bytes.count >= start else { throw .truncated(needed: start, found: bytes.count) }
    let header = try Header(json: bytes[8..<start])
    try header.check(start: start, fileSize: bytes.count)
    metadata = header.metadata
    tensors = [:]
    for entry in header.entries {
      let tensor = Tensor(Storage(entry.shape, entry.dtype))
      bytes[(start + entry.begin)..<(start + entry.end)].withUnsafeBytes {
        if let base = $0.baseAddress { tensor.storage.pointer.copyMemory(from: base, byteCount: $0.count) }
      }
      if entry.dtype == .bool && !tensor.storage.holdsBooleans {
        throw .malformed("\"\(entry.name)\" is BOOL and has a byte that is neither 0 nor 1")
      }
      tensors[entry.name] = tensor
    }
  }

  /// The file's bytes: the same for the same contents.
  ///
  /// Tensors follow one another without gaps, wide types first, so that all are aligned.
  public var data: Data {
    let order = tensors.sorted {
      ($1.value.dtype.byteCount, $0.key) < ($0.value.dtype.byteCount, $1.key)
    }
    var fields: [String] = []
    if !metadata.isEmpty {
      let pairs = metadata.sorted { $0.key < $1.key }.map {
        "\(JSON.quoted($0.key)):\(JSON.quoted($0.value))"
      }
      fields.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
    }
    var offset = 0
    for (name, tensor) in order {
      let end = offset + tensor.count * tensor.dtype.byteCount
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      fields.append(
        "\(JSON.quoted(name)):{\"dtype\":\"\(tensor.dtype.safetensorsName)\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    var header = Array("{\(fields.joined(separator: ","))}".utf8)
    while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
    var data = Data(capacity: 8 + header.count + offset)
    withUnsafeBytes(of: UInt64(header.count).littleEndian) { data.append(contentsOf: $0) }
    data.append(contentsOf: header)
    for (_, tensor) in order {
      let storage = tensor.storage.contiguous
      withExtendedLifetime(storage) {
        data.append(
          contentsOf: UnsafeRawBufferPointer(
            start: storage.pointer, count: tensor.count * tensor.dtype.byteCount))
      }
    }
    return data
  }

  /// Writes the file: all of it, or, where that fails, nothing.
  ///
  /// - Throws: ``SafetensorsError/unwritable(path:reason:)``.
  public func write(to url: URL) throws(SafetensorsError) {
    do {
      try StagedFile(data, for: url).commit()
    } catch {
      throw .unwritable(path: url.path, reason: error.reason)
    }
  }

  /// As the format's reference implementation limits it.
  static let largestHeader: UInt64 = 100_000_000
}

extension Storage {
  fileprivate var holdsBooleans: Bool {
    UnsafeBufferPointer(start: typed(UInt8.self), count: count).allSatisfy { $0 <= 1 }
  }
}

extension DType {
  var safetensorsName: String {
    switch self {
    case .float32: "F32"
    case .float64: "F64"
    case .int32: "I32"
    case .int64: "I64"
    case .uint8: "U8"
    case .bool: "BOOL"
    }
  }

  init?(safetensorsName name: String) {
    guard let found = DType.allCases.first(where: { $0.safetensorsName == name }) else { return nil }
    self = found
  }
}
