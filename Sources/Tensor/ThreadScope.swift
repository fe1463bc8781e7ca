import CKernels

/// Something that looks at one thread's operators while a function runs, and may find an error.
protocol ThreadScope: AnyObject {
  associatedtype Finding: Error
  var finding: Finding? { get }
}

extension ThreadScope {
  /// Where a thread keeps its innermost scope of a kind.
  typealias Slot = WritableKeyPath<adj_thread_state, UnsafeMutableRawPointer?>

  /// Runs `body` with this as the thread's innermost scope, and throws what it found, or else what `body` throws.
  func run<Result>(in slot: Slot, _ body: () throws -> Result) throws -> Result {
    let thread = adj_thread()!
    let outer = thread.pointee[keyPath: slot]
    thread.pointee[keyPath: slot] = Unmanaged.passUnretained(self).toOpaque()
    defer { thread.pointee[keyPath: slot] = outer }
    let result: Result
    do {
      result = try withExtendedLifetime(self) { try body() }
    } catch {
      throw finding ?? error
    }
    if let finding { throw finding }
    return result
  }

  /// As ``run(in:_:)``, of a scope that operators show their results to.
  func watch<Result>(in slot: Slot, _ body: () throws -> Result) throws -> Result {
    adj_watch(1)
    defer { adj_watch(-1) }
    return try run(in: slot, body)
  }
}
