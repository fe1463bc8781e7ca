// Losses of several classes by the margins between their scores.

extension Losses {
  /// max(margin - label's + other's, 0), or its square, of all classes but the label.
  static let margins = Formula("multiMargin", inputs: 3, parameters: 1) { v, margin in
    let short = margin[0] - v[0] + v[1]
    return [Formula.select((short .< 0) .| v[2], 0, short)]
  }
  static let squaredMargins = Formula("multiMargin", inputs: 3, parameters: 1) { v, margin in
    let short = margin[0] - v[0] + v[1]
    return [Formula.select((short .< 0) .| v[2], 0, square(short))]
  }
  /// Pairs of a class that is a target (so many times) and one that is not.
  static let pairs = Formula("multilabelMargin", inputs: 4) { v in
    let short = 1 - v[0] + v[1]
    return [Formula.select((short .> 0) .& (.!v[3]), short * v[2], 0)]
  }

  /// Scores as [rows, classes], and whether there was an axis of rows; nil after a report.
  static func rows(_ x: Tensor, _ operation: String) -> Tensor? {
    guard x.dtype.isFloatingPoint, x.rank <= 2 else {
      Misuse.report(operation, "needs floating-point [rows, classes] or [classes], got \(x.dtype) \(x.shape)")
      return nil
    }
    return x.rank == 2 ? x : x.reshaped([1, x.count])
  }

  /// Bools, true at the labels.
  static func marks(_ labels: Tensor, classes: Int) -> Tensor {
    labels.unsqueezed(axis: -1) .== Tensor.arange(classes, dtype: .int64)
  }
}

/// The mean over classes of max(margin - x[label] + x[class], 0)^p, without the label's own; by default the
/// mean over rows.
///
/// Derivative where a margin is just met: 1 for p = 1, in the other class's disfavour.
/// - Parameters:
///   - x: Floating-point, [rows, classes], or [classes].
///   - labels: Integers 0 ..< classes, [rows], or one: constants to every derivative.
///   - p: 1 or 2.
///   - weights: Of the classes, [classes]; the label's multiplies the loss.
/// - Precondition: Shapes as above.
public func multiMargin(
  _ x: Tensor, _ labels: Tensor, p: Int = 1, margin: Double = 1, weights: Tensor? = nil,
  reduction: LossReduction = .mean
) -> Tensor {
  composed("multiMargin", of: [x, weights].compactMap { $0 }) {
    guard let rows = Losses.rows(x, "multiMargin") else { return .placeholder }
    guard labels.count == rows.shape[0], p == 1 || p == 2, rows.shape[1] > 0 else {
      return Misuse.fail(
        "multiMargin", "needs a label for each row of \(x.shape) and p of 1 or 2, got \(labels.shape) and \(p)")
    }
    let classes = rows.shape[1]
    guard ClassLoss.checkWeights(weights, x, classes, "multiMargin"),
      let positions = Positions(
        labels.reshaped([rows.shape[0], 1]), axis: 1, of: rows.shape, countsFromEnd: false, "multiMargin")
    else { return .placeholder }
    let chosen = Gather(positions, shape: [rows.shape[0], 1], input: rows.shape)(rows)
    let indices = Tensor(positions.storage).reshaped([rows.shape[0]])
    let formula = p == 1 ? Losses.margins : Losses.squaredMargins
    var losses = formula.reduced(
      [chosen, rows, Losses.marks(indices, classes: classes).asType(x.dtype)], [-1], false, "multiMargin", mean: true,
      parameters: SIMD2(margin, 0))
    if let weights { losses = losses * weights.take(indices) }
    return reduction.apply(x.rank == 2 ? losses : losses.squeezed(axis: 0))
  }
}

/// The sum of max(1 - x[target] + x[other], 0) over all pairs of a target class and one that is none, divided
/// by the number of classes; by default the mean over rows. A target that is named twice counts twice.
///
/// Derivative where a margin is just met: 0.
/// - Parameters:
///   - x: Floating-point, [rows, classes], or [classes].
///   - targets: Integers of x's shape: each row's target classes, then -1; what follows is not read. Constants
///     to every derivative.
/// - Precondition: Equal shapes.
public func multilabelMargin(_ x: Tensor, _ targets: Tensor, reduction: LossReduction = .mean) -> Tensor {
  composed("multilabelMargin", of: [x]) {
    guard let rows = Losses.rows(x, "multilabelMargin") else { return .placeholder }
    guard targets.shape == x.shape, !targets.dtype.isFloatingPoint, targets.dtype != .bool else {
      return Misuse.fail(
        "multilabelMargin",
        "the shapes \(x.shape) and \(targets.shape) must be equal and targets integers, got \(targets.dtype)")
    }
    let classes = rows.shape[1]
    let labels = targets.asType(.int64).scalars(as: Int.self)
    var counts = [Double](repeating: 0, count: labels.count)
    for row in 0..<rows.shape[0] {
      for label in labels[row * classes..<(row + 1) * classes] {
        if label < 0 { break }
        guard label < classes else {
          return Misuse.fail("multilabelMargin", "the target \(label) is no class 0 ..< \(classes)")
        }
        counts[row * classes + label] += 1
      }
    }
    let marks = Tensor(counts, shape: rows.shape).asType(x.dtype)
    let sums = Losses.pairs.reduced(
      [
        rows.unsqueezed(axis: -1), rows.unsqueezed(axis: -2), marks.unsqueezed(axis: -1), marks.unsqueezed(axis: -2),
      ], [-2, -1], false, "multilabelMargin", mean: false)
    let losses = sums / Double(classes)
    return reduction.apply(x.rank == 2 ? losses : losses.squeezed(axis: 0))
  }
}

/// The mean over classes of ``binaryCrossEntropyWithLogits(_:_:weight:positiveWeight:reduction:)``; by default the
/// mean over rows.
///
/// - Parameter weight: Multiplies the classes' losses; broadcasts to the shape.
/// - Precondition: Equal shapes of rank 1 or more and floating-point dtypes.
public func multilabelSoftMargin(
  _ x: Tensor, _ target: Tensor, weight: Tensor? = nil, reduction: LossReduction = .mean
) -> Tensor {
  composed("multilabelSoftMargin", of: [x, target, weight].compactMap { $0 }) {
    guard Losses.agree([x, target], "multilabelSoftMargin"),
      weight.map({ Losses.broadcasts($0, x, "multilabelSoftMargin", "weight") }) ?? true
    else { return .placeholder }
    guard x.rank > 0 else {
      return Misuse.fail("multilabelSoftMargin", "needs [..., classes], got a number")
    }
    guard let weight else {
      return reduction.apply(
        Losses.binaryWithLogits.reduced([x, target], [-1], false, "multilabelSoftMargin", mean: true))
    }
    return reduction.apply((Losses.binaryWithLogits(x, target) * weight).mean(axis: -1))
  }
}
