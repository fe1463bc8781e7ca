import Autograd
import Foundation

extension Module {
  /// The parameters' values by name, untracked.
  public var state: [String: Tensor] {
    Dictionary(uniqueKeysWithValues: namedParameters.map { ($0.name, $0.parameter.value.detached()) })
  }

  /// Writes the parameters as a safetensors file, with PyTorch's names: all of it, or nothing.
  ///
  /// - Throws: ``SafetensorsError``.
  public func save(to url: URL, metadata: [String: String] = [:]) throws(SafetensorsError) {
    try Safetensors(tensors: state, metadata: metadata).write(to: url)
  }

  /// Reads the parameters from a safetensors file: all of them, or, where anything is wrong, none.
  ///
  /// - Returns: The file's metadata.
  /// - Throws: ``SafetensorsError``.
  @discardableResult
  public func load(from url: URL) throws(SafetensorsError) -> [String: String] {
    let file = try Safetensors(contentsOf: url)
    try load(file.tensors)
    return file.metadata
  }

  /// Sets the parameters to these values: all of them, or, where anything is wrong, none.
  ///
  /// - Throws: ``SafetensorsError`` where names, shapes or dtypes are not the parameters'.
  public func load(_ state: [String: Tensor]) throws(SafetensorsError) {
    let parameters = namedParameters
    let missing = parameters.map(\.name).filter { state[$0] == nil }
    guard missing.isEmpty else { throw .missing(missing) }
    let unexpected = Set(state.keys).subtracting(parameters.map(\.name)).sorted()
    guard unexpected.isEmpty else { throw .unexpected(unexpected) }
    for (name, parameter) in parameters {
      let (old, new) = (parameter.value, state[name]!)
      guard old.shape == new.shape else {
        throw .shapeMismatch(name: name, parameter: old.shape, file: new.shape)
      }
      guard old.dtype == new.dtype else {
        throw .dtypeMismatch(name: name, parameter: old.dtype, file: new.dtype)
      }
    }
    for (name, parameter) in parameters { parameter.value = state[name]! }
  }
}
