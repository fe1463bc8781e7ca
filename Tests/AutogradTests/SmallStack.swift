import Foundation

/// Runs `body` on a thread of its own with a stack of this size, and waits for its end.
func onStack(of bytes: Int, _ body: @escaping @Sendable () -> Void) {
  let done = DispatchSemaphore(value: 0)
  let thread = Thread {
    body()
    done.signal()
  }
  thread.stackSize = bytes
  thread.start()
  done.wait()
  while !thread.isFinished { usleep(100) }
}

let halfMegabyte = 512 << 10
