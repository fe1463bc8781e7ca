import Autograd

/// Pooling.
enum Poolings {
  static func add(to table: inout OperatorTable) {
    table["nn.functional.avg_pool1d"] = { try mean($0, 1) }
    table["nn.functional.avg_pool2d"] = { try mean($0, 2) }
    table["nn.functional.avg_pool3d"] = { try mean($0, 3) }
    for axes in 1...3 {
      table[list: "nn.functional.max_pool\(axes)d"] = { try largest($0, axes) }
      table["nn.functional.adaptive_avg_pool\(axes)d"] = {
        adaptiveAvgPool(try $0.tensor(0), try $0.sizes(1, "output_size", count: axes))
      }
      table[list: "nn.functional.adaptive_max_pool\(axes)d"] = {
        let found = adaptiveMaxPoolWithIndices(try $0.tensor(0), try $0.sizes(1, "output_size", count: axes))
        return try $0.bool(2, "return_indices", default: false)
          ? [found.values, found.indices] : [found.values]
      }
    }
  }

  /// The kernel's lengths where no stride, or an empty one, is given.
  private static func stride(_ a: Arguments) throws -> SpatialSize? {
    try a.optionalInts(2, "stride").flatMap { $0.isEmpty ? nil : SpatialSize($0) }
  }

  private static func mean(_ a: Arguments, _ axes: Int) throws -> Tensor {
    let x = try a.tensor(0)
    let kernel = SpatialSize(try a.ints(1, "kernel_size"))
    let stride = try stride(a)
    let padding = SpatialSize(try a.ints(3, "padding", default: [0]))
    let ceil = try a.bool(4, "ceil_mode", default: false)
    let counts = try a.bool(5, "count_include_pad", default: true)
    let divisor = try a.optionalDouble(6, "divisor_override")
    return switch axes {
    case 1:
      avgPool1d(
        x, kernel, stride: stride, padding: padding, ceilMode: ceil, countsPadding: counts, divisor: divisor)
    case 2:
      avgPool2d(
        x, kernel, stride: stride, padding: padding, ceilMode: ceil, countsPadding: counts, divisor: divisor)
    default:
      avgPool3d(
        x, kernel, stride: stride, padding: padding, ceilMode: ceil, countsPadding: counts, divisor: divisor)
    }
  }

  private static func largest(_ a: Arguments, _ axes: Int) throws -> [Tensor] {
    let found = maxPoolWithIndices(
      try a.tensor(0), spatialAxes: axes, SpatialSize(try a.ints(1, "kernel_size")), stride: try stride(a),
      padding: SpatialSize(try a.ints(3, "padding", default: [0])),
      dilation: SpatialSize(try a.ints(4, "dilation", default: [1])),
      ceilMode: try a.bool(5, "ceil_mode", default: false))
    return try a.bool(6, "return_indices", default: false) ? [found.values, found.indices] : [found.values]
  }
}
