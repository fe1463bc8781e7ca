import Autograd

extension Module {
  /// Runs `body` with the parameters bound to other tensors: a module as a function of its parameters.
  ///
  ///     let slopes = grad { p in model.with(p) { model in loss(model) } }(model.parameters.map(\.value))
  ///
  /// Within, ``Parameter/value`` gives the bound tensor with its history, so that every transform of functions of
  /// tensors is one of functions of parameters. An inner call counts before an outer one, for the parameters that
  /// it names; a module within this one may be bound alone (`model.decoder.with(...)`). Bound parameters cannot be
  /// set, nor changed by an optimizer's step; `backward()` fills the gradients of the leaves that the bound tensors
  /// were computed from, and ``Parameter/grad`` stays what it is.
  ///
  /// Covers the calling thread. What is evaluated after the end finds the parameters as they were: a function for
  /// ``checkpoint(_:)`` calls `with` itself, and takes the values as inputs.
  ///
  /// Costs the search for the parameters (see ``namedParameters``); nothing is copied.
  /// - Parameter values: One for each of ``parameters``, in that order.
  /// - Precondition: Values of the parameters' shapes and dtypes.
  public func with<Result, Failure: Error>(
    _ values: [Tensor], _ body: (Self) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let named = namedParameters
    guard fit(values, named) else { return try body(self) }
    return try bind(named.map(\.parameter), to: values) { () throws(Failure) in try body(self) }
  }

  private func fit(_ values: [Tensor], _ named: [(name: String, parameter: Parameter)]) -> Bool {
    guard values.count == named.count else {
      Misuse.report(
        "Module.with",
        "got \(counted(values.count, "value")) for \(counted(named.count, "parameter")); give one for each, in "
          + "their order")
      return false
    }
    for (value, (name, parameter)) in zip(values, named)
    where value.shape != parameter.shape || value.dtype != parameter.dtype {
      Misuse.report(
        "Module.with",
        "the value for \(name) is \(value.dtype) \(value.shape), it must be \(parameter.dtype) \(parameter.shape) as the "
          + "parameter is")
      return false
    }
    return true
  }
}

/// Runs `body` with parameters bound to tensors of their shapes and dtypes.
func bind<Result, Failure: Error>(
  _ parameters: [Parameter], to values: [Tensor], _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
  let keys = parameters.map { ObjectIdentifier($0) }
  return try Bindings.with(Dictionary(uniqueKeysWithValues: zip(keys, values)), body)
}
