import Foundation

/// A bar on standard error that moves while one long call runs, by a thread of its own that sleeps between; nothing
/// where standard error is no terminal.
final class CostProgress: @unchecked Sendable {
  private let condition = NSCondition()
  // All below is for those who hold the condition.
  private var bar = ProgressBar(quiet: false)
  private var fraction = 0.0
  private var what = ""
  private var start = ContinuousClock.now
  private var expected: Double?
  private var isOver = false

  init() {
    guard Terminal.errorIsTerminal else { return }
    Thread.detachNewThread { [self] in refresh() }
  }

  /// Something begins that is expected to take so many seconds.
  func begin(_ what: String, _ fraction: Double, expected: Double?) {
    condition.withLock {
      (self.what, self.fraction, self.expected, start) = (what, fraction, expected, .now)
      show()
    }
  }

  /// Takes the bar away.
  func end() {
    condition.withLock {
      isOver = true
      condition.signal()
      bar.clear()
    }
  }

  private func refresh() {
    condition.withLock {
      while !isOver {
        // Four times a second: what it takes from a measurement is far below what clocks tell.
        _ = condition.wait(until: Date(timeIntervalSinceNow: 0.25))
        if !isOver && !what.isEmpty { show() }
      }
    }
  }

  private func show() {
    let text = CostProgress.text(what, elapsed: (.now - start) / .seconds(1), expected: expected)
    bar.show(fraction, text)
  }

  /// What stands beside the bar: for something long also how long it has taken, of how long it is expected to.
  static func text(_ what: String, elapsed: Double, expected: Double?) -> String {
    guard elapsed >= 1 else { return what }
    func seconds(_ value: Double) -> String { Format.thousands(Int(value)) }
    guard let expected, expected.rounded() >= 1 else { return "\(what), \(seconds(elapsed)) s" }
    return "\(what), \(seconds(elapsed)) of about \(seconds(expected.rounded())) s"
  }
}
