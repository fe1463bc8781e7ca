import Foundation

/// Two paragraphs that say what the figures show, with the figures.
struct CostWords {
  let report: CostReport

  var paragraphs: [String] { [hessian, product] }

  /// N gradients for N^2 numbers.
  private var hessian: String {
    let isSparse = report.operations.contains(.sparse)
    var text = """
      N gradients for N^2 numbers: a product with a Hessian gives one of its N rows and costs a small multiple \
      of the gradient, so that N products give all of it, and its memory grows as N^2 whatever is done.
      """
    if isSparse {
      text += """
         Unless most elements are zero, as here: columns that share no row then share a product, and a handful \
        of products give everything.
        """
    }
    if isSparse, let (count, ratio) = report.timeRatio(.sparse, to: .gradient) {
      text += """
         At N = \(Format.thousands(count)) the sparse Hessian, whose zeros are known, took the time of \
        \(number(ratio)) gradients.
        """
    }
    if let (count, ratio) = report.timeRatio(.dense, to: .gradient) {
      text += """
         At N = \(Format.thousands(count)) the dense Hessian\(isSparse ? ", which looks for zeros first," : "") took \
        the time of \(number(ratio)) gradients, \(number(ratio / Double(count))) for each row
        """
      if let (_, other) = report.timeRatio(.differences, to: .dense) {
        text += """
          ; finite differences, two gradients a row, took \(number(other)) times as long and lose a third of the \
          digits
          """
      }
      text += "."
    }
    return text
  }

  /// Why one HVP is only about two gradients.
  private var product: String {
    var text = """
      Why one HVP is only about two gradients: it is the derivative of the gradient along one direction. The \
      gradient is itself a program, of two or three evaluations; differentiating it forward carries one \
      tangent beside each of its values, which costs about as much again and no more than that for any N. \
      The Hessian is never formed.
      """
    if let (count, ratio) = report.timeRatio(.product, to: .gradient) {
      text += """
         At N = \(Format.thousands(count)) one HVP, the gradient included, took the time of \(number(ratio)) gradients
        """
      if let (_, several) = report.timeRatio(.products, to: .gradient) {
        text += """
          , and \(report.products) HVPs at one point that of \(number(several)): they share one recorded gradient, and \
          in a block the work of each node
          """
      }
      text += "."
    }
    return text
  }

  private func number(_ value: Double) -> String { CostTable.significant(value, 2) }

  /// Lines of at most so many characters.
  static func wrapped(_ text: String, columns: Int) -> String {
    var lines: [String] = []
    for word in text.split(separator: " ") {
      if let last = lines.last, last.count + 1 + word.count <= columns {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(String(word))
      }
    }
    return lines.joined(separator: "\n")
  }
}
