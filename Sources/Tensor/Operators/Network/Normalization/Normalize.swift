/// Checks and shapes what normalizations share.
private enum Norms {
  /// Normalizes x over axes counted from the end; a bias without a weight is added afterwards.
  static func normalized(
    _ label: String, _ x: Tensor, _ axes: [Int], _ weight: Tensor?, _ bias: Tensor?, eps: Double,
    isCentered: Bool = true
  ) -> [Tensor] {
    let fused = weight == nil ? nil : bias
    let function = Normalization(
      label, x, axes: axes, eps: eps, isCentered: isCentered, weight: weight, bias: fused)
    var results = function([x, weight, fused].compactMap { $0 })
    if weight == nil, let bias { results[0] = results[0] + bias }
    return results
  }

  /// Whether dtypes are one, and weight and bias of this shape; a report where not.
  static func agree(_ x: Tensor, _ parameters: [Tensor?], _ shape: Shape, _ operation: String) -> Bool {
    guard x.dtype.isFloatingPoint else {
      Misuse.report(operation, "needs floating-point numbers, got \(x.dtype); convert with asType(.float32)")
      return false
    }
    for case let parameter? in parameters where parameter.shape != shape || parameter.dtype != x.dtype {
      Misuse.report(
        operation,
        "x is \(x.dtype) \(x.shape), so weights and statistics must be \(x.dtype) \(shape), got "
          + "\(parameter.dtype) \(parameter.shape)")
      return false
    }
    return true
  }

  /// x as [batch, channels, elements]; nil after a report.
  static func planes(_ x: Tensor, _ operation: String) -> Tensor? {
    guard x.rank >= 2 else {
      Misuse.report(operation, "needs [batch, channels, ...], got \(x.shape)")
      return nil
    }
    return x.reshaped([x.shape[0], x.shape[1], x.shape.dropFirst(2).reduce(1, *)])
  }

  static func layer(
    _ x: Tensor, _ lastAxes: Int, _ weight: Tensor?, _ bias: Tensor?, eps: Double, isCentered: Bool,
    _ operation: String
  ) -> Tensor {
    composed(operation, of: [x, weight, bias].compactMap { $0 }) {
      guard lastAxes >= 1, lastAxes <= x.rank else {
        return Misuse.fail(operation, "cannot normalize the last \(lastAxes) axes of \(x.shape)")
      }
      guard agree(x, [weight, bias], x.shape.last(lastAxes), operation) else { return .placeholder }
      let length = x.shape.last(lastAxes).elementCount
      let rows = x.reshaped([x.shape.first(x.rank - lastAxes).elementCount, length])
      let results = normalized(
        operation, rows, [-1], weight?.reshaped([1, length]), bias?.reshaped([1, length]), eps: eps,
        isCentered: isCentered
      )
      return results[0].reshaped(x.shape)

    }
  }
}

/// (x - mean) / sqrt(variance + eps) over the last axes, times the weight, plus the bias.
///
/// The variance is that of the numbers themselves, divided by their number (Ba, Kiros, Hinton, 2016). With n
/// the normalized numbers and g the cotangent times the weight, the derivative is
/// (g - mean(g) - n mean(g n)) / sqrt(variance + eps).
/// - Parameters:
///   - lastAxes: How many axes are normalized.
///   - weight, bias: Of the shape of these axes.
/// - Precondition: A floating-point dtype; shapes as above.
public func layerNorm(
  _ x: Tensor, lastAxes: Int = 1, weight: Tensor? = nil, bias: Tensor? = nil, eps: Double = 1e-5
) -> Tensor {
  Norms.layer(x, lastAxes, weight, bias, eps: eps, isCentered: true, "layerNorm")
}

/// x / sqrt(mean(x^2) + eps) over the last axes, times the weight (Zhang, Sennrich, 2019).
///
/// With n the result before the weight and g the cotangent times the weight, the derivative is
/// (g - n mean(g n)) / sqrt(mean(x^2) + eps).
/// - Parameters:
///   - lastAxes: How many axes are normalized.
///   - weight: Of the shape of these axes.
///   - eps: The distance of 1 from the next number of the dtype unless told otherwise.
/// - Precondition: A floating-point dtype; shapes as above.
public func rmsNorm(_ x: Tensor, lastAxes: Int = 1, weight: Tensor? = nil, eps: Double? = nil) -> Tensor {
  let least = x.dtype == .float32 ? Double(Float.ulpOfOne) : Double.ulpOfOne
  return Norms.layer(x, lastAxes, weight, nil, eps: eps ?? least, isCentered: false, "rmsNorm")
}

/// As ``layerNorm(_:lastAxes:weight:bias:eps:)`` over groups of channels of each element of the batch (Wu, He,
/// 2018), with a weight and a bias for each channel.
///
/// - Parameters:
///   - x: Floating-point, [batch, channels, ...].
///   - weight, bias: [channels].
/// - Precondition: Shapes as above; groups that divide the channels.
public func groupNorm(
  _ x: Tensor, groups: Int, weight: Tensor? = nil, bias: Tensor? = nil, eps: Double = 1e-5
) -> Tensor {
  composed("groupNorm", of: [x, weight, bias].compactMap { $0 }) {
    guard let planes = Norms.planes(x, "groupNorm"),
      Norms.agree(x, [weight, bias], [planes.shape[1]], "groupNorm")
    else { return .placeholder }
    let channels = planes.shape[1]
    guard groups > 0, channels % groups == 0 else {
      return Misuse.fail("groupNorm", "\(groups) groups do not divide the \(channels) channels of \(x.shape)")
    }
    let shape: Shape = [groups, channels / groups, 1]
    let grouped = planes.reshaped([planes.shape[0], groups, channels / groups, planes.shape[2]])
    let results = Norms.normalized(
      "groupNorm", grouped, [-2, -1], weight?.reshaped(Shape([1] + shape)), bias?.reshaped(Shape([1] + shape)), eps: eps
    )
    return results[0].reshaped(x.shape)
  }
}

/// As ``layerNorm(_:lastAxes:weight:bias:eps:)`` over each channel of each element of the batch (Ulyanov,
/// Vedaldi, Lempitsky, 2016), with a weight and a bias for each channel.
///
/// - Parameters:
///   - x: Floating-point, [batch, channels, ...].
///   - weight, bias: [channels].
/// - Precondition: Shapes as above.
public func instanceNorm(
  _ x: Tensor, weight: Tensor? = nil, bias: Tensor? = nil, eps: Double = 1e-5
) -> Tensor {
  composed("instanceNorm", of: [x, weight, bias].compactMap { $0 }) {
    guard let planes = Norms.planes(x, "instanceNorm"),
      Norms.agree(x, [weight, bias], [planes.shape[1]], "instanceNorm")
    else { return .placeholder }
    let shape: Shape = [1, planes.shape[1], 1]
    return Norms.normalized("instanceNorm", planes, [-1], weight?.reshaped(shape), bias?.reshaped(shape), eps: eps)[0]
      .reshaped(x.shape)
  }
}

/// (x - mean) / sqrt(variance + eps) with a mean and a variance for each channel that are given, times a
/// weight, plus a bias: batch normalization when evaluating.
///
/// Differentiable with respect to all.
/// - Parameters:
///   - x: Floating-point, [batch, channels, ...], or [channels].
///   - mean, variance, weight, bias: [channels].
/// - Precondition: Shapes as above.
public func batchNorm(
  _ x: Tensor, mean: Tensor, variance: Tensor, weight: Tensor? = nil, bias: Tensor? = nil, eps: Double = 1e-5
) -> Tensor {
  composed("batchNorm", of: [x, mean, variance, weight, bias].compactMap { $0 }) {
    guard x.rank != 1 else {
      return batchNorm(
        x.unsqueezed(axis: 0), mean: mean, variance: variance, weight: weight, bias: bias, eps: eps
      ).reshaped(x.shape)
    }
    guard let planes = Norms.planes(x, "batchNorm"),
      Norms.agree(x, [mean, variance, weight, bias], [planes.shape[1]], "batchNorm")
    else { return .placeholder }
    // A multiply-add for each element; what a channel has is worked out once.
    let deviation = rsqrt(variance + eps)
    let factor = weight.map { $0 * deviation } ?? deviation
    let shift = bias.map { $0 - mean * factor } ?? -(mean * factor)
    let shape: Shape = [planes.shape[1], 1]
    return BatchNorm.scaled(planes, factor.reshaped(shape), shift.reshaped(shape)).reshaped(x.shape)
  }
}

private enum BatchNorm {
  static let scaled = Formula("batchNorm") { x, factor, shift in x * factor + shift }
}

/// Batch normalization when training (Ioffe, Szegedy, 2015): as ``layerNorm(_:lastAxes:weight:bias:eps:)`` over
/// each channel of the whole batch; also gives the running statistics, moved towards the batch's.
///
/// The running variance takes the batch's with n / (n - 1), as an estimate of the population's; running
/// statistics are constants to every derivative.
/// - Parameters:
///   - x: Floating-point, [batch, channels, ...].
///   - weight, bias, runningMean, runningVariance: [channels].
///   - momentum: The share of the batch in the new running statistics.
/// - Precondition: Shapes as above; more than one element a channel.
public func batchNorm(
  training x: Tensor, runningMean: Tensor? = nil, runningVariance: Tensor? = nil, weight: Tensor? = nil,
  bias: Tensor? = nil, momentum: Double = 0.1, eps: Double = 1e-5
) -> (result: Tensor, runningMean: Tensor?, runningVariance: Tensor?) {
  composed("batchNorm", of: [x, weight, bias].compactMap { $0 }, tensors: { [$0.result] }) {
    guard let planes = Norms.planes(x, "batchNorm"),
      Norms.agree(x, [runningMean, runningVariance, weight, bias], [planes.shape[1]], "batchNorm")
    else { return (.placeholder, nil, nil) }
    let count = planes.shape[0] * planes.shape[2]
    guard count > 1 || planes.shape[1] == 0 else {
      return (
        Misuse.fail("batchNorm", "needs more than one element a channel to train, got \(x.shape)"), nil, nil
      )
    }
    let channels = planes.shape[1]
    let shape: Shape = [1, channels, 1]
    let results = Norms.normalized(
      "batchNorm", planes, [-3, -1], weight?.reshaped(shape), bias?.reshaped(shape), eps: eps)
    let (mean, scale) = (results[1].detached().reshaped([channels]), results[2].detached().reshaped([channels]))
    let variance = clamp(1 / square(scale) - eps, minimum: 0) * (Double(count) / Double(count - 1))
    func moved(_ running: Tensor?, _ batch: Tensor) -> Tensor? {
      running.map { $0.detached() * (1 - momentum) + batch * momentum }
    }
    return (results[0].reshaped(x.shape), moved(runningMean, mean), moved(runningVariance, variance))
  }
}

/// x / (k + alpha mean(x^2 of neighbouring channels))^beta (Krizhevsky, Sutskever, Hinton, 2012).
///
/// The window has `size` channels, size / 2 of them before; missing ones count as zero.
/// - Precondition: Floating-point [batch, channels, ...] of rank 3 or more; a positive size.
public func localResponseNorm(
  _ x: Tensor, size: Int, alpha: Double = 1e-4, beta: Double = 0.75, k: Double = 1
) -> Tensor {
  composed("localResponseNorm", of: [x]) {
    guard x.dtype.isFloatingPoint, x.rank >= 3, size > 0 else {
      return Misuse.fail(
        "localResponseNorm",
        "needs floating-point [batch, channels, ...] of rank 3 or more and a positive size, got \(x.dtype) "
          + "\(x.shape) and \(size)")
    }
    guard let planes = Norms.planes(x, "localResponseNorm") else { return .placeholder }
    let (channels, inner) = (planes.shape[1], planes.shape[2])
    var across = PoolingWindows.Axis(input: channels)
    for channel in 0..<channels {
      across.begin.append(Int64(max(0, channel - size / 2)))
      across.end.append(Int64(min(channels, channel + (size + 1) / 2)))
      across.scale.append(1 / Double(size))
    }
    var along = PoolingWindows.Axis(input: inner)
    for position in 0..<inner {
      along.begin.append(Int64(position))
      along.end.append(Int64(position + 1))
      along.scale.append(1)
    }
    let means = MeanPool(PoolingWindows(axes: [across, along]))(square(planes))
    return (planes * pow(means * alpha + k, -beta)).reshaped(x.shape)
  }
}

/// x divided by its p-norm along an axis, or by eps where the norm is less.
///
/// Derivative where the norm is less than eps: 1 / eps. At an element that is 0 a norm's own derivative is
/// taken to be 0.
/// - Precondition: A floating-point dtype.
public func normalize(_ x: Tensor, p: Double = 2, axis: Int = 1, eps: Double = 1e-12) -> Tensor {
  composed("normalize", of: [x]) {
    guard x.dtype.isFloatingPoint else {
      return Misuse.fail(
        "normalize", "needs floating-point numbers, got \(x.dtype); convert with asType(.float32)")
    }
    guard let axis = normalizedAxis(axis, rank: x.rank, "normalize") else { return .placeholder }
    guard p == 2 else { return x / clamp(x.norm(p, axes: [axis], keepDims: true), minimum: eps) }
    let squares = Norm.square.reduced([x], [axis], true, "norm", mean: false)
    return x / Norm.boundedLength.apply(squares, SIMD2(eps, 0))
  }
}
