/// One axis of a plot: what it shows, and how numbers are laid along it.
public struct Axis: Sendable, Hashable {
  /// How numbers are laid along an axis.
  public enum Scale: Sendable, Hashable {
    /// Equal differences, equal distances.
    case linear
    /// Equal ratios, equal distances. Numbers that are not positive have no place and leave a gap.
    case logarithmic
  }

  /// A number that ticks are multiples of, with its name, such as pi with "π".
  public struct Unit: Sendable, Hashable {
    /// The number.
    public let value: Double
    /// What is written for it.
    public let symbol: String

    /// - Precondition: The value is positive.
    public init(value: Double, symbol: String) {
      precondition(value > 0 && value.isFinite, "Axis.Unit: the value \(value) is not positive")
      self.value = value
      self.symbol = symbol
    }

    /// Multiples and fractions of π.
    public static let pi = Unit(value: .pi, symbol: "π")
  }

  /// What stands beside the axis; nothing where empty.
  public var label: String
  /// How numbers are laid along the axis.
  public var scale: Scale
  /// The numbers at the two ends; taken from the data where nil.
  public var range: ClosedRange<Double>?
  /// What ticks are multiples of, on a linear axis.
  public var unit: Unit?
  /// What the numbers of a logarithmic axis are in, such as "s": ticks are then labelled with prefixes, 10 ms.
  public var prefixedUnit: String?
  /// Whether the numbers at the two ends are labelled, round or not: for an axis of few numbers that were chosen.
  public var labelsEnds: Bool

  /// An axis; what is not given is taken from the data.
  public init(
    _ label: String = "", scale: Scale = .linear, range: ClosedRange<Double>? = nil, unit: Unit? = nil,
    prefixedUnit: String? = nil, labelsEnds: Bool = false
  ) {
    self.prefixedUnit = prefixedUnit
    self.labelsEnds = labelsEnds
    self.label = label
    self.scale = scale
    self.range = range
    self.unit = unit
  }
}
