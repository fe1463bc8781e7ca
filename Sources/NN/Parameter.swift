import Autograd
import Synchronization

/// A tensor that is learned: the current value, always a leaf whose gradient `backward()` fills.
///
/// While ``Module/with(_:_:)`` or a derivative with respect to a module's parameters runs, a parameter is bound to
/// another tensor: ``value`` then gives that one, and cannot be set. Gradients stay the parameter's own.
///
/// A parameter is a reference, so that every module, optimizer and graph that holds it sees the same value.
/// Setting ``value`` never changes graphs that were recorded before: they keep the numbers they were
/// computed with. Any thread may read or set it.
public final class Parameter: Sendable {
  private let leaf: Mutex<Tensor>

  /// A parameter with this value, whose history is dropped.
  ///
  /// - Precondition: A floating-point dtype.
  public init(_ value: Tensor) {
    leaf = Mutex(value.detached().tracked())
  }

  /// The current value, a leaf; where the parameter is bound, the tensor that it is bound to, with its history.
  ///
  /// A function that derivatives evaluate again (see `checkpoint`) reads what it read at first.
  ///
  /// What is set may have any history, which is dropped; the gradient stays (see ``clearGrad()``).
  /// - Precondition: What is set has the shape and dtype that the parameter has; the parameter is not bound.
  public var value: Tensor {
    get { bound ?? RecordedReads.read(own) }
    set {
      guard !isBound("Parameter.value") else { return }
      leaf.withLock { old in
        guard newValue.shape == old.shape, newValue.dtype == old.dtype else {
          Misuse.report(
            "Parameter.value",
            "the parameter is \(old.dtype) \(old.shape), cannot be set to \(newValue.dtype) \(newValue.shape)"
          )
          return
        }
        // The leaf stays what it is: its gradient, and derivatives asked for with respect to it.
        old.storage = newValue.storage.contiguous
      }
    }
  }

  /// The tensor that stands for this parameter on this thread.
  private var bound: Tensor? { Bindings.current?[self] }

  /// What the parameter is while it is not bound.
  private var own: Tensor { leaf.withLock { $0 } }

  /// The value, as a constant where the parameter is not bound.
  var boundOrConstant: Tensor { bound ?? own.detached() }

  /// Whether the parameter is bound, and so cannot be changed; reports where it is.
  func isBound(_ operation: String) -> Bool {
    guard bound != nil else { return false }
    Misuse.report(
      operation,
      "the \(dtype) \(shape) parameter is bound to another tensor here, by with(_:_:) or by a derivative with respect "
        + "to a module's parameters; change it outside, or compute with tensors of your own")
    return true
  }

  /// Replaces the value by what `body` computes of it and of its gradient, both contiguous; false where there is
  /// no gradient. `taking` leaves none behind, so that its memory may become the new value's.
  func update(taking: Bool, _ body: (_ value: Storage, _ gradient: consuming Storage) -> Storage) -> Bool {
    leaf.withLock { old in
      let slot = old.node?.gradient
      guard let gradient = taking ? slot?.take() : slot?.storage else { return false }
      old.storage = body(old.storage, gradient)
      return true
    }
  }

  /// The lengths of the value's axes.
  public var shape: Shape { own.shape }

  /// The type of the value's elements.
  public var dtype: DType { own.dtype }

  /// The gradient that `backward()` accumulated, with the value's shape and dtype; nil before the first.
  ///
  /// It is the parameter's own, also where that is bound: `backward()` then fills the leaves that the bound tensor
  /// was computed from.
  public var grad: Tensor? { own.grad }

  /// Forgets the gradient.
  public func clearGrad() { own.clearGrad() }
}

extension Parameter: CustomStringConvertible {
  /// Dtype and shape: `Parameter(float32 [10, 64])`.
  public var description: String {
    let value = own
    return "Parameter(\(value.dtype) \(value.shape))"
  }
}
