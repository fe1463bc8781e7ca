import CKernels
import Synchronization

/// One recorded operation: the function, where its inputs came from, and what it saved of them.
///
/// Nodes never change after they are made, and nothing about a walk is kept in them: any number of threads
/// may differentiate one graph at once. A node holds its inputs' nodes, never its results, so that a graph
/// lives exactly as long as someone holds a result, and no cycle can form.
public final class Node: @unchecked Sendable {
  /// The position in the order of recording: larger than that of every node it depends on.
  package let sequence: UInt64
  /// The smallest sequence number among the leaves this node depends on; a mark's is 0.
  package let oldestLeaf: UInt64
  /// The largest among those of them that are no transform's own; 0 where there are none.
  package let newestOpenLeaf: UInt64
  private let counts: (inputs: Int32, outputs: Int32)
  /// Shape and dtype of the first result.
  package let shape: Shape
  package let dtype: DType
  /// How many walks deep it was recorded: 0 in the computation itself, 1 in a walk over that.
  package let derivativeOrder: UInt8
  /// Run-time numbers of a pointwise function.
  private let numbers: (Double, Double)

  // References are held by hand, so that `deinit` can hand them over instead of recursing.
  private let functionReference: Unmanaged<Function>
  private let first: Input
  private let second: Input
  private let third: Input
  private let saved0: Storage?
  private let saved1: Storage?
  /// What few nodes have.
  private let extra: Extra?

  /// Where an input came from; no node where it was not tracked.
  private struct Input {
    var node: Unmanaged<Node>?
    var output: Int32

    static let untracked = Input(node: nil, output: 0)

    init(node: Unmanaged<Node>?, output: Int32) {
      self.node = node
      self.output = output
    }

    @inline(__always)
    init(_ tensor: Tensor) {
      self.init(node: tensor.node.map { .passRetained($0) }, output: tensor.output)
    }
  }

  /// What is beyond the places that every node has.
  private final class Extra: Sendable {
    let inputs: [Input]
    let saved: [Storage?]
    let outputs: [(shape: Shape, dtype: DType)]
    /// Only a leaf has one.
    let gradient: GradientSlot?

    init(
      inputs: [Input] = [], saved: [Storage?] = [], outputs: [(shape: Shape, dtype: DType)] = [],
      gradient: GradientSlot? = nil
    ) {
      self.inputs = inputs
      self.saved = saved
      self.outputs = outputs
      self.gradient = gradient
    }
  }

  /// A leaf, or a mark (a node that no derivative may pass).
  private init(
    _ function: Function, _ storage: Storage, _ sequence: UInt64, isOpen: Bool = true, _ gradient: GradientSlot?
  ) {
    functionReference = .passRetained(function)
    self.sequence = sequence
    // Every walk must come to a mark, to refuse.
    oldestLeaf = gradient == nil ? 0 : sequence
    newestOpenLeaf = isOpen ? sequence : 0
    counts = (0, 1)
    shape = storage.shape
    dtype = storage.dtype
    numbers = (0, 0)
    first = .untracked
    second = .untracked
    third = .untracked
    saved0 = nil
    saved1 = nil
    extra = gradient.map { Extra(gradient: $0) }
    derivativeOrder = Node.enlist()
  }

  package convenience init(leaf storage: Storage, policy: GradientPolicy) {
    self.init(Leaf.shared, storage, adj_next_sequence(1), GradientSlot(policy: policy))
  }

  /// A leaf of a transform's own.
  package convenience init(privateLeaf storage: Storage, sequence: UInt64) {
    self.init(Leaf.shared, storage, sequence, isOpen: false, GradientSlot(policy: .ignore))
  }

  package convenience init(mark: Function, _ storage: Storage) {
    self.init(mark, storage, adj_next_sequence(1), nil)
  }

  /// Records a function of one input with one result.
  @inline(__always)
  package init(
    _ function: Function, _ a: Tensor, result: Storage, saving saved0: Storage? = nil,
    _ saved1: Storage? = nil, parameters: SIMD2<Double> = .zero
  ) {
    functionReference = .passRetained(function)
    sequence = adj_next_sequence(1)
    first = Input(a)
    second = .untracked
    third = .untracked
    oldestLeaf = a.node?.oldestLeaf ?? .max
    newestOpenLeaf = a.node?.newestOpenLeaf ?? 0
    counts = (1, 1)
    shape = result.shape
    dtype = result.dtype
    numbers = (parameters.x, parameters.y)
    self.saved0 = saved0
    self.saved1 = saved1
    extra = nil
    derivativeOrder = Node.enlist()
  }

  /// Records a function of two inputs with one result.
  @inline(__always)
  package init(
    _ function: Function, _ a: Tensor, _ b: Tensor, result: Storage, saving saved0: Storage? = nil,
    _ saved1: Storage? = nil, _ saved2: Storage? = nil, parameters: SIMD2<Double> = .zero
  ) {
    functionReference = .passRetained(function)
    sequence = adj_next_sequence(1)
    first = Input(a)
    second = Input(b)
    third = .untracked
    oldestLeaf = min(a.node?.oldestLeaf ?? .max, b.node?.oldestLeaf ?? .max)
    newestOpenLeaf = max(a.node?.newestOpenLeaf ?? 0, b.node?.newestOpenLeaf ?? 0)
    counts = (2, 1)
    shape = result.shape
    dtype = result.dtype
    numbers = (parameters.x, parameters.y)
    self.saved0 = saved0
    self.saved1 = saved1
    extra = saved2.map { Extra(saved: [$0]) }
    derivativeOrder = Node.enlist()
  }

  /// Records a function of three inputs with one result, which saves none of them but the first two.
  @inline(__always)
  package init(
    _ function: Function, _ a: Tensor, _ b: Tensor, _ c: Tensor, result: Storage, saving saved0: Storage?,
    _ saved1: Storage?
  ) {
    functionReference = .passRetained(function)
    sequence = adj_next_sequence(1)
    first = Input(a)
    second = Input(b)
    third = Input(c)
    oldestLeaf = min(
      a.node?.oldestLeaf ?? .max, b.node?.oldestLeaf ?? .max, c.node?.oldestLeaf ?? .max)
    newestOpenLeaf = max(a.node?.newestOpenLeaf ?? 0, b.node?.newestOpenLeaf ?? 0, c.node?.newestOpenLeaf ?? 0)
    counts = (3, 1)
    shape = result.shape
    dtype = result.dtype
    numbers = (0, 0)
    self.saved0 = saved0
    self.saved1 = saved1
    extra = nil
    derivativeOrder = Node.enlist()
  }

  /// Records a function of any number of inputs and results.
  package init(
    _ function: Function, inputs: [Tensor], results: [Storage], saving saved: [Storage?],
    parameters: SIMD2<Double> = .zero
  ) {
    functionReference = .passRetained(function)
    sequence = adj_next_sequence(1)
    first = inputs.count > 0 ? Input(inputs[0]) : .untracked
    second = inputs.count > 1 ? Input(inputs[1]) : .untracked
    third = inputs.count > 2 ? Input(inputs[2]) : .untracked
    var oldest = UInt64.max
    var newest: UInt64 = 0
    for case let node? in inputs.lazy.map(\.node) {
      oldest = min(oldest, node.oldestLeaf)
      newest = max(newest, node.newestOpenLeaf)
    }
    oldestLeaf = oldest
    newestOpenLeaf = newest
    counts = (Int32(inputs.count), Int32(results.count))
    shape = results[0].shape
    dtype = results[0].dtype
    numbers = (parameters.x, parameters.y)
    saved0 = saved.count > 0 ? saved[0] : nil
    saved1 = saved.count > 1 ? saved[1] : nil
    extra =
      inputs.count > 3 || results.count > 1 || saved.count > 2
      ? Extra(
        inputs: inputs.dropFirst(3).map { Input($0) }, saved: Array(saved.dropFirst(2)),
        outputs: results.dropFirst().map { ($0.shape, $0.dtype) })
      : nil
    derivativeOrder = Node.enlist()
  }

  /// Counts a node that is made; the order of derivative that it belongs to.
  @inline(__always)
  private static func enlist() -> UInt8 {
    let thread = adj_thread()!
    thread.pointee.live_nodes += 1
    return UInt8(truncatingIfNeeded: thread.pointee.derivative_order)
  }

  /// Frees without recursion, however long the graph: every node hands its references to a list of its
  /// thread, and only the outermost deinit releases what is on it.
  deinit {
    let thread = adj_thread()!
    thread.pointee.live_nodes -= 1
    if let node = first.node { adj_park(thread, node.toOpaque()) }
    if let node = second.node { adj_park(thread, node.toOpaque()) }
    if let node = third.node { adj_park(thread, node.toOpaque()) }
    if let extra {
      for input in extra.inputs {
        if let node = input.node { adj_park(thread, node.toOpaque()) }
      }
    }
    if functionReference._withUnsafeGuaranteedRef({ $0.mayHoldTensors }) {
      adj_park(thread, functionReference.toOpaque())
    } else {
      functionReference.release()
    }
    if thread.pointee.draining == 0 {
      thread.pointee.draining = 1
      while thread.pointee.parked_count > 0 {
        thread.pointee.parked_count -= 1
        let reference = thread.pointee.parked[Int(thread.pointee.parked_count)]!
        Unmanaged<AnyObject>.fromOpaque(reference).release()
      }
      thread.pointee.draining = 0
    }
  }
}

// MARK: - Reading a node

extension Node {
  package var function: Function { functionReference.takeUnretainedValue() }

  package var inputCount: Int { Int(counts.inputs) }

  package var outputCount: Int { Int(counts.outputs) }

  package var parameters: SIMD2<Double> { SIMD2(numbers.0, numbers.1) }

  /// Only a leaf has one.
  package var gradient: GradientSlot? { extra?.gradient }

  /// Whether nothing comes before it: a leaf, or the mark of a gradient that was not recorded.
  package var isEnd: Bool { counts.inputs == 0 }

  /// Pulls the cotangent of the only result back to the inputs.
  @inline(__always)
  package func pullBack(_ cotangent: consuming Tensor, _ sink: any CotangentSink) {
    // Moved out: a captured one would be a second reference, and forbid writing results in its memory.
    var moved: Tensor? = consume cotangent
    functionReference._withUnsafeGuaranteedRef { $0.pullback(self, moved.take().unsafelyUnwrapped, sink) }
  }

  private func input(_ index: Int) -> Input {
    switch index {
    case 0: first
    case 1: second
    case 2: third
    default: extra!.inputs[index - 3]
    }
  }

  /// The node an input came from, and which of its results the input is.
  @inline(__always)
  package func source(_ index: Int) -> (node: Node, output: Int)? {
    let input = input(index)
    guard let node = input.node else { return nil }
    return (node.takeUnretainedValue(), Int(input.output))
  }

  package func isTracked(_ index: Int) -> Bool { input(index).node != nil }

  package var trackedInputs: [Bool] { (0..<inputCount).map(isTracked) }

  package func shape(ofOutput output: Int) -> Shape {
    output == 0 ? shape : extra!.outputs[output - 1].shape
  }

  package func dtype(ofOutput output: Int) -> DType {
    output == 0 ? dtype : extra!.outputs[output - 1].dtype
  }

  package var savedCount: Int { 2 + (extra?.saved.count ?? 0) }

  package func savedStorage(_ slot: Int) -> Storage? {
    switch slot {
    case 0: saved0
    case 1: saved1
    default: extra.flatMap { slot - 2 < $0.saved.count ? $0.saved[slot - 2] : nil }
    }
  }

  /// What was saved in a slot, as the constant it is.
  package func saved(_ slot: Int) -> Tensor { Tensor(savedStorage(slot)!) }

  /// What was saved in a slot, where it was this input: with the input's history.
  @inline(__always)
  package func saved(_ slot: Int, input index: Int) -> Tensor {
    let input = input(index)
    return Tensor(savedStorage(slot)!, node: input.node?.takeUnretainedValue(), output: input.output)
  }

  /// What was saved in a slot, where it was this result: with this node as its history.
  @inline(__always)
  package func saved(_ slot: Int, output index: Int) -> Tensor {
    Tensor(savedStorage(slot)!, node: self, output: Int32(index))
  }

  /// Whether reading this slot can lead back into the graph is the function's business; here only bytes.
  package var savedBytes: Int {
    (0..<savedCount).reduce(0) { $0 + (savedStorage($1).map { $0.count * $0.dtype.byteCount } ?? 0) }
  }
}

// MARK: - Leaves

/// What `backward()` does with the gradient of a leaf.
public enum GradientPolicy: Sendable, Hashable {
  /// Adds to what is there (MXNet's `add`).
  case accumulate
  /// Puts the new one in its place (MXNet's `write`).
  case replace
  /// Keeps nothing (MXNet's `null`).
  case ignore
}

/// A leaf's gradient. Holds numbers, never a graph, so that a leaf cannot keep itself alive.
package final class GradientSlot: Sendable {
  package let policy: GradientPolicy
  private let value = Mutex<Storage?>(nil)

  package init(policy: GradientPolicy) { self.policy = policy }

  package var storage: Storage? {
    get { value.withLock { $0 } }
    set { value.withLock { $0 = newValue } }
  }

  /// Adds to what is there, under the lock: several threads may run `backward()` into one leaf.
  package func add(_ gradient: consuming Storage) {
    let gradient = gradient
    value.withLock { held in
      held = held.map { (Tensor($0) + Tensor(gradient)).contiguousStorage } ?? gradient
    }
  }

  /// Takes the gradient out.
  package func take() -> Storage? {
    value.withLock { held in
      let before = held
      held = nil
      return before
    }
  }
}

/// The function of a leaf: nothing comes before it.
final class Leaf: Function, @unchecked Sendable {
  static let shared = Leaf()
  override var name: String { "leaf" }
  override var mayHoldTensors: Bool { false }
}
