import Autograd

/// The header of a safetensors file: what it says, and whether that can be.
struct Header {
  struct Entry {
    let name: String
    let dtype: DType
    let shape: Shape
    /// Offsets in bytes after the header.
    let begin: Int
    let end: Int
  }

  private(set) var entries: [Entry] = []
  private(set) var metadata: [String: String] = [:]

  init(json bytes: ArraySlice<UInt8>) throws(SafetensorsError) {
    guard bytes.first == UInt8(ascii: "{") else { throw .malformed("the header does not begin with {") }
    guard case .object(let fields) = try JSON.parse(bytes) else {
      throw .malformed("the header is no object")
    }
    for (name, value) in fields {
      if name == "__metadata__" {
        guard case .object(let pairs) = value else { throw .malformed("__metadata__ is no object") }
        for (key, value) in pairs {
          guard case .string(let text) = value else {
            throw .malformed("__metadata__ of \"\(key)\" is no string")
          }
          metadata[key] = text
        }
      } else {
        entries.append(try Header.entry(name, value))
      }
    }
  }

  private static func entry(_ name: String, _ value: JSON) throws(SafetensorsError) -> Entry {
    guard case .object(let fields) = value else { throw .malformed("\"\(name)\" is no object") }
    var dtype: DType?
    var shape: [Int]?
    var offsets: [Int]?
    for (field, value) in fields {
      switch (field, value) {
      case ("dtype", .string(let type)):
        dtype = DType(safetensorsName: type)
        if dtype == nil { throw .unsupportedType(tensor: name, type: type) }
      case ("shape", .array(let lengths)): shape = wholeNumbers(lengths)
      case ("data_offsets", .array(let pair)): offsets = wholeNumbers(pair)
      default: throw .malformed("\"\(name)\" has an unknown or ill-typed field \"\(field)\"")
      }
    }
    guard let dtype else { throw .malformed("\"\(name)\" has no dtype") }
    guard let shape else { throw .malformed("\"\(name)\" has no shape of whole numbers") }
    guard shape.count <= Shape.maxRank else {
      throw .malformed("\"\(name)\" has \(shape.count) axes; \(Shape.maxRank) are possible")
    }
    guard let offsets, offsets.count == 2, offsets[0] <= offsets[1] else {
      throw .malformed("\"\(name)\" has no pair of data_offsets in ascending order")
    }
    var size = dtype.byteCount
    for length in shape {
      let (product, overflows) = size.multipliedReportingOverflow(by: length)
      guard !overflows else { throw .malformed("\"\(name)\" of shape \(shape) is too large") }
      size = product
    }
    guard size == offsets[1] - offsets[0] else {
      throw .malformed(
        "\"\(name)\", \(dtype) \(shape), takes \(size) bytes, and its data_offsets span \(offsets[1] - offsets[0])"
      )
    }
    return Entry(name: name, dtype: dtype, shape: Shape(shape), begin: offsets[0], end: offsets[1])
  }

  private static func wholeNumbers(_ values: [JSON]) -> [Int]? {
    var result: [Int] = []
    for value in values {
      guard case .number(let text) = value, let number = Int(text), number >= 0, "\(number)" == text else {
        return nil
      }
      result.append(number)
    }
    return result
  }

  /// Whether the tensors fill the bytes from `start` on: none twice, none not at all.
  func check(start: Int, fileSize: Int) throws(SafetensorsError) {
    let byteCount = fileSize - start
    let sorted = entries.sorted { ($0.begin, $0.end) < ($1.begin, $1.end) }
    var previous: Entry?
    for entry in sorted {
      let end = previous?.end ?? 0
      if entry.begin < end { throw .overlap(previous!.name, entry.name) }
      if entry.begin > end {
        throw .malformed("\(entry.begin - end) bytes before \"\(entry.name)\" belong to no tensor")
      }
      previous = entry
    }
    let end = previous?.end ?? 0
    if end > byteCount { throw .truncated(needed: start + end, found: fileSize) }
    if end < byteCount {
      throw .malformed("\(byteCount - end) bytes after the last tensor belong to no tensor")
    }
  }
}
