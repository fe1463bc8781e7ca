import CKernels

/// An array of numbers of any rank to eight, a value, with exact derivatives of any order.
///
/// A tensor has a ``shape`` and a ``dtype`` known at run time. Assigning or passing one copies nothing;
/// writing through one name never changes another (copy-on-write). Operators on a tensor that is *tracked*
/// (it was made with `requiresGrad: true`, or computed from one that was) record how the result came about,
/// and that record, the graph, is what derivatives are taken of.
public struct Tensor: @unchecked Sendable {
  package var storage: Storage
  /// What computed this tensor, or the leaf it is; nil where nothing is recorded.
  package var node: Node?
  /// Which of the node's results this is.
  package var output: Int32

  @inline(__always)
  package init(_ storage: Storage, node: Node? = nil, output: Int32 = 0) {
    self.storage = storage
    self.node = node
    self.output = output
  }
}

extension Tensor {
  /// The lengths of the axes.
  public var shape: Shape { storage.shape }
  /// The number of axes.
  public var rank: Int { storage.shape.rank }
  /// The number of elements.
  public var count: Int { storage.count }
  /// The type of the elements.
  public var dtype: DType { storage.dtype }

  /// Whether operators on this tensor are recorded.
  public var isTracked: Bool { node != nil }

  /// The same values without their history: a constant to every derivative.
  ///
  /// Costs nothing, and shares memory.
  public func detached() -> Tensor { Tensor(storage) }

  /// The same values as a new leaf, so that derivatives with respect to it can be asked for.
  ///
  /// - Parameter gradient: What `backward()` does with its ``grad``.
  /// - Precondition: A floating-point dtype.
  public func tracked(gradient: GradientPolicy = .accumulate) -> Tensor {
    guard dtype.isFloatingPoint else {
      return Misuse.fail(
        "tracked", "\(dtype) numbers have no gradient; convert with asType(.float32) first")
    }
    return Tensor(storage, node: Node(leaf: storage, policy: gradient))
  }
}

/// Runs `body` without recording: results are constants to every derivative.
///
/// For updating parameters and for evaluating. Covers the calling thread; scopes nest.
public func withoutGrad<Result, Failure: Error>(
  _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
  let thread = adj_thread()!
  thread.pointee.recording_paused += 1
  defer { thread.pointee.recording_paused -= 1 }
  return try body()
}

/// Whether operators on tracked tensors are recorded here: false within ``withoutGrad(_:)``.
public var isRecording: Bool { adj_thread().pointee.recording_paused == 0 }
