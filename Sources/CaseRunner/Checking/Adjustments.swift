import Autograd

/// What a case does to an input before the call.
enum Preparations {
  static func apply(_ name: String, _ x: Tensor) throws -> Tensor {
    switch name {
    case "symmetrize": x + x.transposed(-2, -1)
    case "tril": `where`(belowDiagonal(x), x, 0)
    case "triu": `where`(belowDiagonal(x.transposed(-2, -1)).transposed(-2, -1), x, 0)
    case "log_softmax_2": logSoftmax(x, axis: 2)
    default: throw Unsupported("the preparation \(name)")
    }
  }

  /// True on and below the diagonal of the matrices of the last two axes.
  private static func belowDiagonal(_ x: Tensor) -> Tensor {
    Tensor.arange(x.shape[x.rank - 2]).unsqueezed(axis: 1) .>= Tensor.arange(x.shape[x.rank - 1])
  }
}

/// What a case keeps of an operator's results.
enum Selections {
  static func apply(_ name: String, _ results: [Tensor], _ arguments: Arguments) throws -> [Tensor] {
    if name.hasPrefix("svd") { return try singular(name, results) }
    if name == "masked" { return try [masked(results[0], arguments)] }
    return try name.split(separator: ",").map { part in
      let isAbsolute = part.hasPrefix("abs")
      guard let index = Int(part.drop { !$0.isNumber }), results.indices.contains(index) else {
        throw MalformedCase("no result \(part)")
      }
      return isAbsolute ? abs(results[index]) : results[index]
    }
  }

  /// The parts of U, S and V that do not depend on a choice of signs.
  private static func singular(_ name: String, _ results: [Tensor]) throws -> [Tensor] {
    guard results.count == 3 else { throw MalformedCase("\(name) of \(results.count) results") }
    let s = results[1]
    let k = s.shape[s.rank - 1]
    let u = results[0][..., 0..<k]
    let vh = (name.hasPrefix("svdlegacy") ? results[2].transposed(-2, -1) : results[2])[..., 0..<k, .all]
    return try name.drop { $0 != ":" }.dropFirst().split(separator: ",").map { part in
      switch part {
      case "absU": abs(u)
      case "S": s
      case "absVh": abs(vh)
      case "UVh": matmul(u, vh)
      default: throw MalformedCase("no selection \(part)")
      }
    }
  }

  /// 0 where there is no unmasked element; indices become floating-point numbers by it.
  private static func masked(_ result: Tensor, _ arguments: Arguments) throws -> Tensor {
    let x = try arguments.tensor(0)
    let isIndex = !result.dtype.isFloatingPoint
    let numbers = isIndex ? result.asType(.float64) : result
    guard let mask = try arguments.optionalTensor("mask") else { return numbers }
    let elementwise: Set = [
      "masked.softmax", "masked.log_softmax", "masked.softmin", "masked.normalize", "masked.cumsum",
      "masked.cumprod",
    ]
    let whole = mask.expanded(to: x.shape)
    if elementwise.contains(arguments.op) { return `where`(whole, numbers, 0) }
    let axes = try arguments.axes(arguments.op == "masked.norm" ? nil : 1, "dim", of: x)
    let keeps = try arguments.bool(nil, "keepdim", default: false)
    return `where`(whole.sum(axes: axes, keepDims: keeps) .> 0, numbers, 0)
  }
}
