import Autograd
import Testing

/// What is told of an operator in Operators.md: its mathematics, and what others call it. It stands beside the
/// operator's rows; what was checked, dtypes and conventions come from running them.
struct Note: Sendable {
  /// The operator's name in the source.
  var name: String
  /// Mathematics; prose where it begins with a capital letter or marks its code itself. So is the derivative.
  var formula: String
  /// The slope for each input, or what becomes of the cotangent u; y is the result. Nil where nothing flows.
  var derivative: String?
  /// By library; nil where it has nothing like it.
  var names: [Library: String]

  /// - Parameters:
  ///   - same: A function that bears one name in all four libraries; others say where one differs, "" that it
  ///     is not there.
  init(
    _ name: String, _ formula: String, _ derivative: String?, same: String? = nil, torch: String? = nil,
    numpy: String? = nil, mxnet: String? = nil, jax: String? = nil
  ) {
    self.name = name
    self.formula = formula
    self.derivative = derivative
    let own: [Library: String?] = [.torch: torch, .numpy: numpy, .mxnet: mxnet, .jax: jax]
    names = [:]
    for library in Library.allCases {
      let name = own[library]! ?? same.map { library.prefix + $0 }
      names[library] = name == "" ? nil : name
    }
  }
}

/// The libraries whose names are told.
enum Library: String, CaseIterable, Sendable {
  case torch = "PyTorch"
  case numpy = "NumPy"
  case mxnet = "MXNet"
  case jax = "JAX"

  /// Where its elementary functions are.
  var prefix: String {
    switch self {
    case .torch: "torch."
    case .numpy: "np."
    case .mxnet: "mx.np."
    case .jax: "jnp."
    }
  }
}

/// What an operator on whole tensors promises where it is not smooth: at one point, checked in every mode.
/// Pointwise operators have theirs among the special values of their rows.
struct Convention: Sendable, CustomTestStringConvertible {
  var name: String
  var words: String
  var point: [Double]
  /// The gradient of `call` there.
  var gradient: [Double]
  /// Its Hessian there, row by row.
  var hessian: [[Double]]
  /// From the point to a number.
  var call: @Sendable (Tensor) -> Tensor

  /// The second derivatives are 0 unless told otherwise.
  init(
    _ name: String, _ words: String, at point: [Double], gradient: [Double], hessian: [[Double]]? = nil,
    _ call: @escaping @Sendable (Tensor) -> Tensor
  ) {
    self.name = name
    self.words = words
    self.point = point
    self.gradient = gradient
    self.hessian = hessian ?? point.map { _ in point.map { _ in 0 } }
    self.call = call
  }

  var testDescription: String { "\(name): \(words)" }
}

/// Operators of one kind: a section of Operators.md.
struct Family: Sendable {
  var title: String
  var rows: [Row]
  var notes: [Note]
  var conventions: [Convention]

  init(_ title: String, _ rows: [Row], _ notes: [Note] = [], _ conventions: [Convention] = []) {
    self.title = title
    self.rows = rows
    self.notes = notes
    self.conventions = conventions
  }
}
