/// Thrown by a line of the table for a combination of options that the operator does not have.
public struct Unsupported: Error, CustomStringConvertible {
  /// Which combination it is.
  public let description: String
  /// Names the combination.
  public init(_ description: String) { self.description = description }
}
