import Tensor

// What transforms ask of their arguments.

extension Tensor {
  /// The largest magnitude; 0 of no elements.
  var largest: Double { count == 0 ? 0 : abs(self).max().item() }
}

/// Whether a result is one floating-point number; reports where it is not.
func isNumber(_ y: Tensor, _ operation: String) -> Bool {
  guard y.count == 1, y.dtype.isFloatingPoint else {
    let wanted = WantedOfNumber(operation)
    Misuse.report(
      operation,
      "the function's result is \(y.dtype) \(y.shape), and \(wanted.what) is of one floating-point number: "
        + "reduce it, for example with sum()\(wanted.otherwise)")
    return false
  }
  return true
}

/// What a transform of one number gives, and what there is for functions of several.
private struct WantedOfNumber {
  let what, otherwise: String

  init(_ operation: String) {
    switch operation {
    case "grad", "valueAndGrad", "valueGradAndAuxiliary":
      (what, otherwise) = ("a gradient", ", or use vjp with a cotangent")
    case let name where name.contains("PerExample"):
      (what, otherwise) = ("an example's gradient", ", or use vmap of a jacobian")
    case "gaussNewtonProduct":
      (what, otherwise) = ("a loss", "")
    case "predictCost":
      (what, otherwise) = ("a gradient", ", or use predictJacobianCost")
    default:
      // Of second order: a cotangent makes a number of several.
      (what, otherwise) = ("a Hessian", ", or with a cotangent u, (u * result).sum()")
    }
  }
}

/// Whether tensors have the shapes (plus common leading axes) and dtypes of others.
func fit(
  _ tensors: [Tensor], _ others: [Tensor], _ operation: String, _ what: String, _ whose: String
) -> Bool {
  guard tensors.count == others.count else {
    Misuse.report(operation, "the \(what) has \(counted(tensors.count, "tensor")), the \(whose) \(others.count)")
    return false
  }
  let lead = zip(tensors, others).map { $0.rank - $1.rank }.first ?? 0
  for (index, (tensor, other)) in zip(tensors, others).enumerated() {
    let fits =
      lead >= 0 && tensor.rank - other.rank == lead && tensor.shape.last(other.rank) == other.shape
      && tensor.shape.first(lead) == tensors[0].shape.first(lead) && tensor.dtype == other.dtype
    guard fits else {
      // The first tensor says which leading axes all of them have.
      let shared = index > 0 && lead > 0 ? tensors[0].shape.first(lead) : []
      Misuse.report(
        operation,
        "a \(what) is \(tensor.dtype) \(tensor.shape), it must be \(other.dtype) \(shared.followed(by: other.shape)) "
          + "as the \(whose) is"
          + (shared.rank == 0 ? "" : ", behind the leading axes \(shared) that the first tensor of the \(what) has"))
      return false
    }
  }
  return true
}

/// Whether the tensors of a structure are those of another, one by one: of its shapes (plus common leading axes) and
/// dtypes, under its keys.
func fit<Structure: TensorStructure>(
  _ structure: Structure, _ other: Structure, _ operation: String, _ what: String, _ whose: String
) -> Bool {
  guard fit(structure.tensors, other.tensors, operation, what, whose) else { return false }
  if let difference = structure.difference(from: other) {
    Misuse.report(operation, "the \(what) has \(difference), which the \(whose) has; its tensors would be mistaken")
    return false
  }
  return true
}

/// Whether tensors are tracked, and none was computed from another: derivatives with respect to both would not be those
/// of a function of two arguments.
func areIndependent(_ inputs: [Tensor], _ operation: String) -> Bool {
  if let index = inputs.firstIndex(where: { !$0.isTracked }) {
    Misuse.report(operation, "input \(index) is not tracked; make it with requiresGrad: true or tracked()")
    return false
  }
  var places: [UInt64: Int] = [:]
  for (index, input) in inputs.enumerated() {
    if let first = places.updateValue(index, forKey: input.node!.sequence), inputs[first].output == input.output {
      Misuse.report(
        operation, "input \(index), \(input.dtype) \(input.shape), is input \(first) again; leave one of them out")
      return false
    }
  }
  // The input that each node is, or was computed from.
  var origins: [UInt64: Int] = [:]
  for node in nodes(before: inputs, since: places.keys.min() ?? .max) {
    let origin = (0..<node.inputCount).lazy.compactMap { node.source($0).flatMap { origins[$0.node.sequence] } }.first
    let own = places[node.sequence]
    if let origin, let own {
      Misuse.report(
        operation,
        "input \(own), \(inputs[own].dtype) \(inputs[own].shape), was computed from input \(origin); the derivatives in "
          + "both are no Hessian. Leave one of them out, or compute the number from detached().tracked() copies")
      return false
    }
    if let found = own ?? origin { origins[node.sequence] = found }
  }
  return true
}

/// Zeros, with these leading axes, where there is nil.
func orZeros(_ tensors: [Tensor?], like others: [Tensor], lead: Shape = []) -> [Tensor] {
  zip(tensors, others).map { tensor, other in
    // No room is left after a report only.
    let lead = lead.rank + other.rank <= Shape.maxRank ? lead : []
    return tensor ?? Tensor.zeros(lead.followed(by: other.shape), dtype: other.dtype)
  }
}

/// The extra leading axes that tensors carry over others.
func lead(_ tensors: [Tensor], over others: [Tensor]) -> Shape {
  guard let tensor = tensors.first, let other = others.first else { return [] }
  return tensor.shape.first(tensor.rank - other.rank)
}
