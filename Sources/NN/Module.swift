import Autograd

/// Something with parameters: a layer, a net, or any part of one.
///
/// A module is usually a struct whose stored properties are parameters and other modules. Nothing else
/// needs to be written: the tree of parameters is read off the properties, and names are PyTorch's (the
/// properties' names joined with dots, positions for the elements of an array):
///
///     struct Autoencoder: Layer {
///       let encoder = Sequential { Linear(64, 8); Tanh() }
///       let decoder = Linear(8, 64)
///       func callAsFunction(_ x: Tensor) -> Tensor { decoder(encoder(x)) }
///     }
///     Autoencoder().namedParameters.map(\.name)
///     // ["encoder.0.weight", "encoder.0.bias", "decoder.weight", "decoder.bias"]
///
/// Copies of a struct share its parameters, which are references.
public protocol Module: Sendable {
  /// The parameters and modules this one is made of, in order, with their names.
  ///
  /// By default the stored properties that are parameters, modules, or arrays or dictionaries of them.
  var children: [(name: String, child: ModuleChild)] { get }
}

/// A parameter or a module, as a part of another.
public enum ModuleChild: Sendable {
  case parameter(Parameter)
  case module(any Module)
}

/// A module that maps a tensor to a tensor.
public protocol Layer: Module {
  /// The layer's output for an input.
  func callAsFunction(_ x: Tensor) -> Tensor
}

extension Module {
  /// The parameters, modules and collections of them among the stored properties, by name.
  public var children: [(name: String, child: ModuleChild)] {
    var children: [(name: String, child: ModuleChild)] = []
    // A class's inherited properties come first.
    var mirrors: [Mirror] = []
    var mirror: Mirror? = Mirror(reflecting: self)
    while let current = mirror {
      mirrors.insert(current, at: 0)
      mirror = current.superclassMirror
    }
    for mirror in mirrors {
      for property in mirror.children {
        guard let name = property.label else { continue }
        collect(property.value, name, into: &children)
      }
    }
    return children
  }

  /// All parameters of this module and those within, each once, with names such as "encoder.0.weight".
  ///
  /// Found by reflection at each call: keep the result where it is wanted often. A parameter that stands
  /// in several places goes by the first.
  public var namedParameters: [(name: String, parameter: Parameter)] {
    var seen: Set<ObjectIdentifier> = []
    var result: [(name: String, parameter: Parameter)] = []
    appendParameters(of: self, prefix: "", &seen, &result)
    return result
  }

  /// All parameters of this module and those within, each once.
  public var parameters: [Parameter] { namedParameters.map(\.parameter) }

  /// The number of learned numbers.
  public var parameterCount: Int { parameters.reduce(0) { $0 + $1.value.count } }

  /// Forgets all gradients.
  public func clearGrad() { parameters.forEach { $0.clearGrad() } }
}

private func appendParameters(
  of module: any Module, prefix: String, _ seen: inout Set<ObjectIdentifier>,
  _ result: inout [(name: String, parameter: Parameter)]
) {
  for (name, child) in module.children {
    switch child {
    case .parameter(let parameter):
      if seen.insert(ObjectIdentifier(parameter)).inserted { result.append((prefix + name, parameter)) }
    case .module(let inner):
      appendParameters(of: inner, prefix: prefix + name + ".", &seen, &result)
    }
  }
}

/// What of a property's value is a part of a module; casts look into optionals by themselves.
private func collect(_ value: Any, _ name: String, into children: inout [(name: String, child: ModuleChild)]) {
  if let parameter = value as? Parameter {
    children.append((name, .parameter(parameter)))
  } else if let module = value as? any Module {
    children.append((name, .module(module)))
  } else {
    let mirror = Mirror(reflecting: value)
    switch mirror.displayStyle {
    case .collection:
      for (index, element) in mirror.children.enumerated() {
        collect(element.value, "\(name).\(index)", into: &children)
      }
    case .dictionary:
      let entries = mirror.children.compactMap { entry -> (String, Any)? in
        let pair = Array(Mirror(reflecting: entry.value).children)
        return (pair[0].value as? String).map { ($0, pair[1].value) }
      }
      for (key, value) in entries.sorted(by: { $0.0 < $1.0 }) {
        collect(value, "\(name).\(key)", into: &children)
      }
    case .optional:
      if let wrapped = mirror.children.first { collect(wrapped.value, name, into: &children) }
    default: break
    }
  }
}
