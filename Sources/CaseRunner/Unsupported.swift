/// Thrown by a line of the table for a combination of options that the operator does not have.
public struct Unsupported: Error, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}
