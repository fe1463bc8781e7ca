/// JSON as a safetensors header needs it: strict, names in order, and a name that stands twice is an error
/// (Foundation's parser keeps one of the two silently, and a file could then be read in two ways).
enum JSON {
  case object([(name: String, value: JSON)])
  case array([JSON])
  case string(String)
  /// As written.
  case number(String)
  case bool(Bool)
  case null

  /// Parses a whole text; white space may stand around it.
  static func parse(_ bytes: ArraySlice<UInt8>) throws(SafetensorsError) -> JSON {
    var parser = Parser(bytes)
    let value = try parser.value(depth: 0)
    parser.skipSpace()
    if parser.position < bytes.endIndex { throw parser.error("something follows the header's end") }
    return value
  }

  /// A string literal.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\r": result += "\\r"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  private struct Parser {
    let bytes: ArraySlice<UInt8>
    var position: Int

    init(_ bytes: ArraySlice<UInt8>) {
      self.bytes = bytes
      position = bytes.startIndex
    }

    var next: UInt8? { position < bytes.endIndex ? bytes[position] : nil }

    func error(_ what: String) -> SafetensorsError {
      .malformed("\(what), at byte \(position - bytes.startIndex) of the header")
    }

    mutating func skipSpace() {
      while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
    }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
      skipSpace()
      guard next == UInt8(ascii: character) else { return false }
      position += 1
      return true
    }

    mutating func value(depth: Int) throws(SafetensorsError) -> JSON {
      // A header is three levels deep; a limit keeps a hostile one from exhausting the stack.
      if depth > 16 { throw error("the JSON is nested too deeply") }
      skipSpace()
      switch next {
      case UInt8(ascii: "{"): return try object(depth: depth)
      case UInt8(ascii: "["): return try array(depth: depth)
      case UInt8(ascii: "\""): return .string(try string())
      case UInt8(ascii: "t"): return try word("true", .bool(true))
      case UInt8(ascii: "f"): return try word("false", .bool(false))
      case UInt8(ascii: "n"): return try word("null", .null)
      case nil: throw error("the JSON ends too early")
      default: return .number(try number())
      }
    }

    private mutating func object(depth: Int) throws(SafetensorsError) -> JSON {
      position += 1
      var fields: [(name: String, value: JSON)] = []
      var names: Set<String> = []
      if take("}") { return .object([]) }
      repeat {
        skipSpace()
        guard next == UInt8(ascii: "\"") else { throw error("a name in quotes was expected") }
        let name = try string()
        guard take(":") else { throw error("a colon was expected") }
        if !names.insert(name).inserted { throw .duplicateName(name) }
        fields.append((name, try value(depth: depth + 1)))
      } while take(",")
      guard take("}") else { throw error("a comma or } was expected") }
      return .object(fields)
    }

    private mutating func array(depth: Int) throws(SafetensorsError) -> JSON {
      position += 1
      var elements: [JSON] = []
      if take("]") { return .array([]) }
      repeat { elements.append(try value(depth: depth + 1)) } while take(",")
      guard take("]") else { throw error("a comma or ] was expected") }
      return .array(elements)
    }

    private mutating func word(_ word: String, _ value: JSON) throws(SafetensorsError) -> JSON {
      guard bytes[position...].starts(with: word.utf8) else { throw error("this is no JSON value") }
      position += word.utf8.count
      return value
    }

    private mutating func number() throws(SafetensorsError) -> String {
      let start = position
      while let byte = next, byte != 0, "+-.eE0123456789".utf8.contains(byte) { position += 1 }
      let text = String(decoding: bytes[start..<position], as: UTF8.self)
      guard Double(text) != nil else {
        position = start
        throw error("this is no JSON value")
      }
      return text
    }

    private mutating func string() throws(SafetensorsError) -> String {
      position += 1
      var text: [UInt8] = []
      while let byte = next {
        position += 1
        switch byte {
        case UInt8(ascii: "\""):
          guard let result = String(validating: text, as: UTF8.self) else {
            throw error("a string is not UTF-8")
          }
          return result
        case UInt8(ascii: "\\"): text += try escape()
        case 0..<0x20: throw error("a control character stands in a string")
        default: text.append(byte)
        }
      }
      throw error("a string has no end")
    }

    private mutating func escape() throws(SafetensorsError) -> [UInt8] {
      guard let byte = next else { throw error("a string has no end") }
      position += 1
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
      case UInt8(ascii: "b"): return [0x08]
      case UInt8(ascii: "f"): return [0x0C]
      case UInt8(ascii: "n"): return [0x0A]
      case UInt8(ascii: "r"): return [0x0D]
      case UInt8(ascii: "t"): return [0x09]
      case UInt8(ascii: "u"): break
      default: throw error("an unknown escape stands in a string")
      }
      var code = try hexadecimal()
      if (0xD800..<0xDC00).contains(code) {
        guard bytes[position...].starts(with: "\\u".utf8) else { throw error("half a surrogate pair") }
        position += 2
        let low = try hexadecimal()
        guard (0xDC00..<0xE000).contains(low) else { throw error("half a surrogate pair") }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw error("half a surrogate pair") }
      return Array(String(Character(scalar)).utf8)
    }

    private mutating func hexadecimal() throws(SafetensorsError) -> UInt32 {
      let digits = bytes[position...].prefix(4)
      let text = String(decoding: digits, as: UTF8.self)
      guard digits.count == 4, text.allSatisfy(\.isHexDigit), let code = UInt32(text, radix: 16) else {
        throw error("four hexadecimal digits were expected")
      }
      position += 4
      return code
    }
  }
}
