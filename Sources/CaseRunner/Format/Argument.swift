/// An argument as it is written in a case.
indirect enum Argument: Sendable {
  case tensor(Int)
  /// The result of an earlier step of a program.
  case step(Int)
  case int(Int)
  case float(Double)
  case bool(Bool)
  case string(String)
  case none
  case list([Argument])
  case tuple([Argument])
  case dtype(String)
  case slice([Argument])
  case ellipsis
}

extension Argument: Decodable {
  private enum Key: String, CodingKey {
    case tensor, step, int, float, special, bool, str, none, list, tuple, dtype, slice, ellipsis
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    guard let key = container.allKeys.first else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "an argument of no known kind"))
    }
    func value<Value: Decodable>(_: Value.Type = Value.self) throws -> Value {
      try container.decode(Value.self, forKey: key)
    }
    self =
      switch key {
      case .tensor: .tensor(try value())
      case .step: .step(try value())
      case .int: .int(try value())
      case .float: .float(try value())
      case .special: .float(Double(try value(String.self)) ?? .nan)
      case .bool: .bool(try value())
      case .str: .string(try value())
      case .none: Argument.none
      case .list: .list(try value())
      case .tuple: .tuple(try value())
      case .dtype: .dtype(try value())
      case .slice: .slice(try value())
      case .ellipsis: .ellipsis
      }
  }
}
