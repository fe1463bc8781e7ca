import Dispatch
import Foundation

/// What was measured so far, for whoever interrupts: Ctrl-C shows it at once, also from within one long call.
final class CostInterruption: @unchecked Sendable {
  private let lock = NSLock()
  // Both are for those who hold the lock.
  private var reports: [CostReport] = []
  private var isOver = false
  private let source: any DispatchSourceSignal
  /// The status that shells give a program that SIGINT ended.
  private static let status: Int32 = 128 + SIGINT

  /// - Parameter show: Shows the reports; called on another thread than the one that measures.
  init(_ show: @escaping @Sendable ([CostReport]) -> Void) {
    // The source only sees the signal; unless it is ignored it ends the program.
    signal(SIGINT, SIG_IGN)
    source = DispatchSource.makeSignalSource(signal: SIGINT, queue: DispatchQueue(label: "interruption"))
    source.setEventHandler { [self] in
      lock.withLock {
        guard !isOver else { return }
        // From now on a further one ends the program, as if nothing had been set up here.
        signal(SIGINT, SIG_DFL)
        ProgressBar(quiet: false).clear()
        if reports.isEmpty {
          FileHandle.standardError.write(Data("Interrupted before anything was measured.\n".utf8))
        } else {
          show(reports)
        }
        fflush(nil)
        // Not exit: a thread that still measures would use what that takes down.
        _exit(CostInterruption.status)
      }
    }
    source.resume()
  }

  func update(_ reports: [CostReport]) { lock.withLock { self.reports = reports } }

  /// All is measured: it is shown as ever, and a signal ends the program as ever.
  func end() {
    lock.withLock { isOver = true }
    source.cancel()
    signal(SIGINT, SIG_DFL)
  }
}
