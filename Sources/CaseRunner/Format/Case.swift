import Foundation

/// One recorded call of an operator, or a short program, with the numbers it must give.
public struct Case: Decodable, Sendable {
  /// A name of its own.
  public let id: String
  /// The operator's name, PyTorch's without `torch.`.
  public let op: String
  /// The group that it belongs to.
  public let group: String
  let args: [Argument]
  let kwargs: [String: Argument]
  let pre: [Preparation]
  let post: String?
  let steps: [Step]?
  let inputs: [ArrayReference]
  let outputs: [ArrayReference]
  /// Which inputs are differentiated, and which outputs carry derivatives.
  let diff: [Int]
  let diffOut: [Int]
  /// Offsets of the cotangents u and the tangents v.
  let cot: [Int]?
  let tan: [Int]?
  /// Offsets of derivatives, nil meaning zeros; a list that is nil was not recorded.
  let vjp: [Int?]?
  let jvp: [Int?]?
  let hvp: [Int?]?
  let third: [Int?]?
  /// Where each quantity comes from.
  let src: [String: String]
  let tol: Double
  /// The tolerance of what comes from finite differences.
  let tolFD: Double?

  /// The tolerance of a quantity.
  func tolerance(_ quantity: String) -> Double { src[quantity] == "fd" ? tolFD ?? tol : tol }

  /// The program: a single call is one step.
  var program: [Step] { steps ?? [Step(op: op, args: args, kwargs: kwargs)] }
}

/// One call of a program.
struct Step: Decodable, Sendable {
  let op: String
  let args: [Argument]
  let kwargs: [String: Argument]
}

/// A transformation of an input before the call.
struct Preparation: Decodable, Sendable {
  let fn: String
  let input: Int
}

/// An array in the data file.
struct ArrayReference: Decodable, Sendable {
  let dtype: String
  let shape: [Int]
  let offset: Int
}

/// What a group's file holds.
struct CaseFile: Decodable, Sendable {
  let format: Int
  let group: String
  let cases: [Case]
}
