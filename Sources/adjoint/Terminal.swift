import Foundation

/// What is known of the terminal, if there is one.
enum Terminal {
  static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }
  static var outputIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

  /// Colours only for people, and not for those who ask for none (no-color.org).
  static var outputHasColor: Bool {
    let environment = ProcessInfo.processInfo.environment
    return outputIsTerminal && environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
  }

  /// Columns and rows of the terminal at a file descriptor.
  static func size(_ descriptor: Int32) -> (columns: Int, rows: Int)? {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
      return nil
    }
    return (Int(size.ws_col), Int(size.ws_row))
  }
}

/// A bar on standard error that follows the work; nothing where that is no terminal.
struct ProgressBar {
  private let isShown: Bool
  private let columns: Int
  private var last = ContinuousClock.now - .seconds(1)

  init(quiet: Bool) {
    isShown = !quiet && Terminal.errorIsTerminal
    columns = Terminal.size(STDERR_FILENO)?.columns ?? 80
  }

  /// Draws, ten times a second at most. `text` is asked for only then.
  mutating func show(_ fraction: Double, _ text: @autoclosure () -> String) {
    guard isShown, ContinuousClock.now - last >= .milliseconds(100) else { return }
    last = .now
    let text = text()
    let width = max(0, min(40, columns - text.count - 4))
    let eighths = Int((fraction * Double(width * 8)).rounded(.down))
    var bar = String(repeating: "█", count: eighths / 8)
    if eighths % 8 > 0 { bar.append(Array("▏▎▍▌▋▊▉")[eighths % 8 - 1]) }
    let padding = String(repeating: " ", count: max(0, width - bar.count))
    write("\r\u{1B}[2K" + "\(bar)\(padding) \(text)".prefix(columns - 1))
  }

  /// Takes the bar away.
  func clear() {
    if isShown { write("\r\u{1B}[2K") }
  }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}

/// Numbers as people read them.
enum Format {
  static func percent(_ fraction: Double) -> String { String(format: "%.1f %%", 100 * fraction) }

  static func decimals(_ value: Double, _ count: Int) -> String { String(format: "%.\(count)f", value) }

  /// 12,345
  static func thousands(_ value: Int) -> String {
    let digits = String(value)
    return digits.enumerated().reduce(into: "") { text, digit in
      if digit.offset > 0 && (digits.count - digit.offset) % 3 == 0 && text != "-" { text += "," }
      text.append(digit.element)
    }
  }

  /// Prints as JSON, with sorted keys, so that equal results are equal texts.
  static func printJSON(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    print(String(decoding: try encoder.encode(value), as: UTF8.self))
  }
}
