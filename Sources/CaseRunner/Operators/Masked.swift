import Autograd

/// Operators that leave out what a mask hides.
enum Masked {
  static func add(to table: inout OperatorTable) {
    table["masked.amax"] = { try filled($0, -.infinity).max(axes: axes($0), keepDims: keeps($0)) }
    table["masked.amin"] = { try filled($0, .infinity).min(axes: axes($0), keepDims: keeps($0)) }
    table["masked.argmax"] = { try filled($0, -.infinity).argmax(axis: axes($0)?[0], keepDims: keeps($0)) }
    table["masked.argmin"] = { try filled($0, .infinity).argmin(axis: axes($0)?[0], keepDims: keeps($0)) }
    table["masked.cumprod"] = { try $0.along(filled($0, 1), 1) { $0.cumprod(axis: $1) } }
    table["masked.cumsum"] = { try $0.along(filled($0, 0), 1) { $0.cumsum(axis: $1) } }
    table["masked.log_softmax"] = { try $0.along(filled($0, -.infinity), 1) { logSoftmax($0, axis: $1) } }
    table["masked.mean"] = { try mean($0) }
    table["masked.prod"] = { try filled($0, 1).prod(axes: axes($0), keepDims: keeps($0)) }
    table["masked.softmax"] = { try $0.along(filled($0, -.infinity), 1) { softmax($0, axis: $1) } }
    table["masked.softmin"] = { try $0.along(-filled($0, .infinity), 1) { softmax($0, axis: $1) } }
    table["masked.sum"] = { try filled($0, 0).sum(axes: axes($0), keepDims: keeps($0)) }
  }

  /// The tensor, with a number where the mask is false.
  private static func filled(_ arguments: Arguments, _ number: Double) throws -> Tensor {
    let x = try arguments.tensor(0)
    guard let mask = try arguments.optionalTensor("mask") else { return x }
    return `where`(mask, x, number)
  }

  /// Over the elements that count.
  private static func mean(_ arguments: Arguments) throws -> Tensor {
    let x = try arguments.tensor(0)
    let ones =
      try arguments.optionalTensor("mask")?.expanded(to: x.shape) ?? Tensor.full(x.shape, 1, dtype: .bool)
    let (axes, keeps) = try (axes(arguments), keeps(arguments))
    return `where`(ones, x, 0).sum(axes: axes, keepDims: keeps)
      / ones.sum(axes: axes, keepDims: keeps).asType(x.dtype)
  }

  private static func axes(_ arguments: Arguments) throws -> [Int]? {
    try arguments.axes(1, "dim", of: arguments.tensor(0))
  }

  private static func keeps(_ arguments: Arguments) throws -> Bool {
    try arguments.bool(nil, "keepdim", default: false)
  }
}
