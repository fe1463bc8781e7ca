import Foundation
import NN

/// Examples read from a file of comma-separated numbers without a header: inputs, then the label.
struct Examples {
  /// [count, inputs], float32.
  let inputs: Tensor
  /// [count], int64; nil where the file has none.
  let labels: Tensor?
  /// The line each example stands in, from 1.
  let lines: [Int]

  var count: Int { lines.count }
}

/// Reads such a file, checking every number; an error names line and column.
struct CSVReader {
  /// How many values a line has; that of the first line where nil.
  enum Layout {
    case labelled
    /// So many inputs, with or without a label.
    case inputs(Int)
  }

  private let name: String
  private let classes: Int

  private init(name: String, classes: Int) {
    self.name = name
    self.classes = classes
  }

  static func read(_ url: URL, _ layout: Layout, classes: Int) throws -> Examples {
    let data: Data
    do {
      data = try Data(contentsOf: url)
    } catch {
      throw Failure("cannot read \(url.path): \(FileError.reason(error))")
    }
    return try CSVReader(name: url.path, classes: classes).parse(Array(data), layout)
  }

  private func malformed(_ line: Int, _ column: Int, _ what: String) -> Failure {
    Failure("\(name): line \(line), column \(column): \(what)")
  }

  private func parse(_ bytes: [UInt8], _ layout: Layout) throws -> Examples {
    var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if let first = lines.first, first.starts(with: [0xEF, 0xBB, 0xBF]) { lines[0] = first.dropFirst(3) }
    while let last = lines.last, isBlank(last) { lines.removeLast() }
    guard let first = lines.first else { throw Failure("\(name): the file is empty") }

    let columns = first.count { $0 == UInt8(ascii: ",") } + 1
    let isLabelled: Bool
    switch layout {
    case .labelled:
      guard columns > 1 else { throw malformed(1, 1, "a line needs at least one input and a label") }
      isLabelled = true
    case .inputs(let inputs):
      guard columns == inputs || columns == inputs + 1 else {
        throw malformed(
          1, min(columns, inputs + 1),
          "the line has \(columns) values; the net takes \(inputs), and a label may follow")
      }
      isLabelled = columns > inputs
    }
    let inputCount = isLabelled ? columns - 1 : columns
    var inputs: [Float] = []
    inputs.reserveCapacity(lines.count * inputCount)
    var labels: [Int] = []
    for (index, line) in lines.enumerated() {
      try parse(line, index + 1, columns, isLabelled, &inputs, &labels)
    }
    return Examples(
      inputs: Tensor(inputs, shape: [lines.count, inputCount]),
      labels: isLabelled ? Tensor(labels, shape: [lines.count]) : nil, lines: Array(1...lines.count))
  }

  private func isBlank(_ line: ArraySlice<UInt8>) -> Bool {
    line.allSatisfy { $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }
  }

  private func parse(
    _ line: ArraySlice<UInt8>, _ number: Int, _ columns: Int, _ isLabelled: Bool, _ inputs: inout [Float],
    _ labels: inout [Int]
  ) throws {
    if isBlank(line) { throw malformed(number, 1, "the line is empty; \(columns) values were expected") }
    let fields = line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    for (index, field) in fields.enumerated() {
      guard index < columns else {
        throw malformed(number, index + 1, "the line has \(fields.count) values; \(columns) were expected")
      }
      let text = String(decoding: field, as: UTF8.self).trimmingCharacters(in: .whitespaces.union(.newlines))
      guard let value = Float(text), value.isFinite else {
        throw malformed(number, index + 1, "\"\(text.prefix(40))\" is not a number")
      }
      if isLabelled && index == columns - 1 {
        guard let label = Int(exactly: value), (0..<classes).contains(label) else {
          throw malformed(
            number, index + 1, "the label is \(text); it must be a whole number from 0 to \(classes - 1)")
        }
        labels.append(label)
      } else {
        inputs.append(value)
      }
    }
    if fields.count < columns {
      throw malformed(
        number, fields.count + 1, "the line ends after \(fields.count) values; \(columns) were expected")
    }
  }
}

/// The digits that come with the program: 1,797 images of 8 x 8 pixels (Resources/ATTRIBUTION.md).
enum Digits {
  static func url() throws -> URL {
    // `Bundle.module` stops the program where the resources are gone, so the usual places are tried first.
    let name = "adjoint_adjoint"
    let program = Bundle.main.executableURL?.resolvingSymlinksInPath().deletingLastPathComponent()
    for folder in [program, Bundle.main.bundleURL, Bundle.main.resourceURL].compactMap({ $0 }) {
      for bundle in ["\(name).resources", "\(name).bundle"] {
        let url = folder.appendingPathComponent(bundle).appendingPathComponent("digits.csv")
        if FileManager.default.isReadableFile(atPath: url.path) { return url }
      }
    }
    throw Failure(
      "the digits (\(name).resources) are not beside the program; put them there or give --data FILE.csv")
  }
}
