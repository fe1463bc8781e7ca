import Autograd

/// Why a safetensors file could not be read, written, or loaded into a module.
public enum SafetensorsError: Error, Sendable, Hashable {
  /// The file cannot be opened or read.
  case unreadable(path: String, reason: String)
  /// The file cannot be written; what was there before is untouched.
  case unwritable(path: String, reason: String)
  /// The file ends before what its header promises.
  case truncated(needed: Int, found: Int)
  /// The header or the layout breaks the format's rules.
  case malformed(String)
  /// A name, of a tensor or of one of its fields, stands twice in the header.
  case duplicateName(String)
  /// Two tensors claim the same bytes.
  case overlap(String, String)
  /// A type that Adjoint has no dtype for.
  case unsupportedType(tensor: String, type: String)
  /// The module has parameters that the file has not.
  case missing([String])
  /// The file has tensors that the module has no parameters for.
  case unexpected([String])
  /// A tensor's shape is not the parameter's.
  case shapeMismatch(name: String, parameter: Shape, file: Shape)
  /// A tensor's dtype is not the parameter's.
  case dtypeMismatch(name: String, parameter: DType, file: DType)
}

extension SafetensorsError: CustomStringConvertible {
  /// What is wrong, with the names and sizes.
  public var description: String {
    switch self {
    case .unreadable(let path, let reason): "cannot read \(path): \(reason)"
    case .unwritable(let path, let reason): "cannot write \(path): \(reason)"
    case .truncated(let needed, let found):
      "the safetensors file is cut short: \(needed) bytes are needed, there are \(found)"
    case .malformed(let what): "not a well-formed safetensors file: \(what)"
    case .duplicateName(let name): "not a well-formed safetensors file: \"\(name)\" is there twice"
    case .overlap(let first, let second):
      "not a well-formed safetensors file: \"\(first)\" and \"\(second)\" overlap"
    case .unsupportedType(let tensor, let type):
      "\"\(tensor)\" is of type \(type); F32, F64, I32, I64, U8 and BOOL can be read"
    case .missing(let names): "the file has no \(SafetensorsError.list(names)), which the module needs"
    case .unexpected(let names): "the file has \(SafetensorsError.list(names)), which the module has not"
    case .shapeMismatch(let name, let parameter, let file):
      "\"\(name)\" is \(parameter) in the module and \(file) in the file"
    case .dtypeMismatch(let name, let parameter, let file):
      "\"\(name)\" is \(parameter) in the module and \(file) in the file"
    }
  }

  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(5).map { "\"\($0)\"" }.joined(separator: ", ")
    return names.count > 5 ? "\(shown) and \(names.count - 5) more" : shown
  }
}
