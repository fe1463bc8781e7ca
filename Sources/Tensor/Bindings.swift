import CKernels

/// Tensors that stand for objects on one thread while a function runs: for the parameters of a module.
package final class Bindings: Sendable {
  private let tensors: [ObjectIdentifier: Tensor]

  private init(_ tensors: [ObjectIdentifier: Tensor]) { self.tensors = tensors }

  /// What is bound on this thread; nil, after one look at the thread's record, where nothing is.
  package static var current: Bindings? {
    adj_thread().pointee.bindings.map { Unmanaged<Bindings>.fromOpaque($0).takeUnretainedValue() }
  }

  /// The tensor that stands for an object.
  package subscript(_ object: AnyObject) -> Tensor? { tensors[ObjectIdentifier(object)] }

  /// Runs `body` with these tensors bound beside what is bound already; where an object is in both, these count.
  package static func with<Result, Failure: Error>(
    _ tensors: [ObjectIdentifier: Tensor], _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let all = current.map { $0.tensors.merging(tensors) { _, new in new } } ?? tensors
    return try with(only: Bindings(all), body)
  }

  /// Runs `body` with what was bound at another time, or nothing, in place of what is bound now.
  package static func with<Result, Failure: Error>(
    only bindings: Bindings?, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try withThread(\.bindings, holding: bindings, body)
  }
}
