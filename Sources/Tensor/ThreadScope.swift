import CKernels

/// Where a thread keeps its innermost object of a kind.
typealias ThreadSlot = WritableKeyPath<adj_thread_state, UnsafeMutableRawPointer?>

/// Runs `body` with an object, or none, as the thread's innermost of a kind.
func withThread<Result, Failure: Error>(
  _ slot: ThreadSlot, holding object: AnyObject?, _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
  let thread = adj_thread()!
  let outer = thread.pointee[keyPath: slot]
  thread.pointee[keyPath: slot] = object.map { Unmanaged.passUnretained($0).toOpaque() }
  defer { thread.pointee[keyPath: slot] = outer }
  return try withExtendedLifetime(object) { () throws(Failure) in try body() }
}

/// Something that looks at one thread's operators while a function runs, and may find an error.
protocol ThreadScope: AnyObject {
  associatedtype Finding: Error
  var finding: Finding? { get }
}

extension ThreadScope {
  /// Runs `body` with this as the thread's innermost scope, and throws what it found, or else what `body` throws.
  func run<Result>(in slot: ThreadSlot, _ body: () throws -> Result) throws -> Result {
    let result: Result
    do {
      result = try withThread(slot, holding: self, body)
    } catch {
      throw finding ?? error
    }
    if let finding { throw finding }
    return result
  }

  /// As ``run(in:_:)``, of a scope that operators show their results to.
  func watch<Result>(in slot: ThreadSlot, _ body: () throws -> Result) throws -> Result {
    adj_watch(1)
    defer { adj_watch(-1) }
    return try run(in: slot, body)
  }
}
