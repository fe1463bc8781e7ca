import Autograd

/// Convolutions.
enum Convolutions {
  private typealias Convolution =
    @Sendable (
      Tensor, Tensor, Tensor?, SpatialSize, ConvolutionPadding, SpatialSize, Int
    ) -> Tensor
  private typealias Transposed =
    @Sendable (
      Tensor, Tensor, Tensor?, SpatialSize, SpatialSize, SpatialSize, SpatialSize, Int
    ) -> Tensor

  static func add(to table: inout OperatorTable) {
    let plain: [(String, Convolution)] = [
      ("conv1d", { conv1d($0, $1, $2, stride: $3, padding: $4, dilation: $5, groups: $6) }),
      ("conv2d", { conv2d($0, $1, $2, stride: $3, padding: $4, dilation: $5, groups: $6) }),
      ("conv3d", { conv3d($0, $1, $2, stride: $3, padding: $4, dilation: $5, groups: $6) }),
    ]
    for (name, body) in plain { table["nn.functional.\(name)"] = { try convolution($0, body) } }
    let transposed: [(String, Transposed)] = [
      (
        "conv_transpose1d",
        { transposedConv1d($0, $1, $2, stride: $3, padding: $4, outputPadding: $5, dilation: $6, groups: $7) }
      ),
      (
        "conv_transpose2d",
        { transposedConv2d($0, $1, $2, stride: $3, padding: $4, outputPadding: $5, dilation: $6, groups: $7) }
      ),
      (
        "conv_transpose3d",
        { transposedConv3d($0, $1, $2, stride: $3, padding: $4, outputPadding: $5, dilation: $6, groups: $7) }
      ),
    ]
    for (name, body) in transposed {
      table["nn.functional.\(name)"] = { try transposedConvolution($0, body) }
    }
  }

  private static func size(_ arguments: Arguments, _ position: Int, _ name: String, _ value: Int) throws
    -> SpatialSize
  {
    SpatialSize(try arguments.ints(position, name, default: [value]))
  }

  private static func convolution(_ a: Arguments, _ body: Convolution) throws -> Tensor {
    let padding: ConvolutionPadding
    if let word = try? a.string(4, "padding", default: ""), !word.isEmpty {
      padding = word == "same" ? .same : .valid
    } else {
      padding = .zeros(try size(a, 4, "padding", 0))
    }
    return body(
      try a.tensor(0), try a.tensor(1, "weight"), try a.optionalTensor(2, "bias"),
      try size(a, 3, "stride", 1),
      padding, try size(a, 5, "dilation", 1), try a.int(6, "groups", default: 1))
  }

  private static func transposedConvolution(_ a: Arguments, _ body: Transposed) throws -> Tensor {
    body(
      try a.tensor(0), try a.tensor(1, "weight"), try a.optionalTensor(2, "bias"),
      try size(a, 3, "stride", 1),
      try size(a, 4, "padding", 0), try size(a, 5, "output_padding", 0), try size(a, 7, "dilation", 1),
      try a.int(6, "groups", default: 1))
  }
}
