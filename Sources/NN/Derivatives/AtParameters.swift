import Autograd

// Derivatives with respect to a module's parameters, at their current values: each transform of functions of tensors
// in a form that takes a module and a closure of it, binds the parameters to the transform's own tensors (see
// `Module.with`) and gives lists in the order of `parameters`.
//
// As everything that is computed from parameters, results lead on to them wherever something is recorded: what is made
// of a gradient can be differentiated again, by an outer transform or by `backward()`. Within `withoutGrad` they are
// constants, which saves recording the derivative.

extension Module {
  /// What `transform` makes of `body`, as a function of the parameters, and of their values.
  ///
  /// Where the function must not lead back to the parameters' own leaves, `reading` gives their values otherwise.
  func atParameters<Output, Result, Failure: Error>(
    of body: (Self) -> Output, reading: (Parameter) -> Tensor = { $0.value },
    _ transform: (_ f: @escaping ([Tensor]) -> Output, _ values: [Tensor]) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let parameters = parameters
    return try withoutActuallyEscaping(body) { (body) throws(Failure) in
      try transform({ values in bind(parameters, to: values) { body(self) } }, parameters.map(reading))
    }
  }
}
