import CKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Elements in memory and their layout: dtype, shape, strides. The one door to a tensor's memory.
///
/// A storage either owns a block of the caching allocator or views the block of its `owner`. Layout never
/// changes after creation; elements are written only by who holds the only reference (see `Tensor`'s
/// copy-on-write), or before anyone else sees the storage.
package final class Storage: @unchecked Sendable {
  /// The first element (not necessarily the lowest address: strides may be negative).
  package let pointer: UnsafeMutableRawPointer
  private let block: UnsafeMutableRawPointer?
  private let capacity: Int
  package let owner: Storage?
  package let dtype: DType
  package let isContiguous: Bool
  package let count: Int
  package let shape: Shape
  package let strides: Strides

  /// Uninitialised contiguous memory.
  @inline(__always)
  package init(_ shape: Shape, _ dtype: DType) {
    let count = shape.elementCount
    var capacity = 0
    guard let block = adj_allocate(count * dtype.byteCount, &capacity) else {
      outOfMemory(shape, dtype)
    }
    self.pointer = block
    self.block = block
    self.capacity = capacity
    self.owner = nil
    self.dtype = dtype
    self.isContiguous = true
    self.count = count
    self.shape = shape
    self.strides = shape.rowMajorStrides
  }

  /// Uninitialised contiguous memory of the layout that another contiguous storage has.
  @inline(__always)
  package init(like other: Storage) {
    var capacity = 0
    guard let block = adj_allocate(other.count * other.dtype.byteCount, &capacity) else {
      outOfMemory(other.shape, other.dtype)
    }
    self.pointer = block
    self.block = block
    self.capacity = capacity
    self.owner = nil
    self.dtype = other.dtype
    self.isContiguous = true
    self.count = other.count
    self.shape = other.shape
    self.strides = other.strides
  }

  /// A view of another storage's memory, `offset` elements from its first.
  package init(viewing base: Storage, shape: Shape, strides: Strides, offset: Int = 0) {
    self.pointer = base.pointer + offset * base.dtype.byteCount
    self.block = nil
    self.capacity = 0
    self.owner = base.owner ?? base
    self.dtype = base.dtype
    self.count = shape.elementCount
    self.isContiguous = count == 0 || Storage.isContiguous(shape, strides)
    self.shape = shape
    self.strides = strides
  }

  /// Whether the memory is its own, and contiguous.
  package var isOwned: Bool { owner == nil && isContiguous }

  deinit {
    if let block { adj_free(block, capacity) }
  }

  private static func isContiguous(_ shape: Shape, _ strides: Strides) -> Bool {
    if shape.elementCount == 0 { return true }
    var step = 1
    var axis = shape.rank - 1
    while axis >= 0 {
      let length = shape[axis]
      if length != 1 {
        if strides[axis] != step { return false }
        step *= length
      }
      axis -= 1
    }
    return true
  }

  package func typed<Scalar>(_: Scalar.Type = Scalar.self) -> UnsafeMutablePointer<Scalar> {
    pointer.assumingMemoryBound(to: Scalar.self)
  }

  /// The same elements in row-major order without gaps; itself where it already is.
  package var contiguous: Storage {
    isContiguous ? self : copied()
  }

  /// A contiguous copy, converted where another dtype is asked for.
  package func copied(as other: DType? = nil) -> Storage {
    let result = Storage(shape, other ?? dtype)
    StridedCopy.copy(self, into: result)
    return result
  }
}

@inline(never)
private func outOfMemory(_ shape: Shape, _ dtype: DType) -> Never {
  fatalError("memory: the system has none left for \(dtype.withArticle) tensor of shape \(shape)")
}

/// The caching allocator that tensors' memory comes from.
///
/// Freed blocks are kept for reuse, because fresh pages cost more than most arithmetic.
public enum TensorMemory {
  /// Bytes that live tensors and saved values hold.
  public static var liveBytes: Int { adj_allocator_live_bytes() }
  /// Bytes kept for reuse.
  public static var cachedBytes: Int { adj_allocator_cached_bytes() }
  /// The most bytes that are kept for reuse; lowering it frees what is above.
  public static var cacheLimit: Int {
    get { adj_allocator_limit() }
    set { adj_allocator_set_limit(Swift.max(newValue, 0)) }
  }
  /// Bytes of the machine's memory.
  public static var machineBytes: Int { sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)) }
  /// Runs a function, and says how far the bytes of live tensors rose above what they were before, at most.
  ///
  /// Counts what every thread allocates meanwhile, as blocks of the allocator: lengths are rounded up, to 64
  /// bytes or by at most a quarter. Small allocations are slower than otherwise: do not time what is watched.
  public static func peak<Result, Failure: Error>(
    during body: () throws(Failure) -> Result
  ) throws(Failure) -> (result: Result, bytes: Int) {
    let watch = UnsafeMutablePointer<adj_peak_watch>.allocate(capacity: 1)
    watch.initialize(to: adj_peak_watch())
    defer { watch.deallocate() }
    adj_allocator_watch(watch)
    do throws(Failure) {
      let result = try body()
      return (result, adj_allocator_unwatch(watch))
    } catch {
      _ = adj_allocator_unwatch(watch)
      throw error
    }
  }
  /// Gives what is kept for reuse back to the system.
  public static func emptyCache() { adj_allocator_empty() }
}
