import Foundation

/// Two paragraphs that say what the figures show, with the figures.
struct CostWords {
  let report: CostReport

  var paragraphs: [String] { [hessian, product].map { $0.joined(separator: " ") } }

  // MARK: N gradients for N^2 numbers

  private var isSparse: Bool { report.operations.contains(.sparse) }

  private var hessian: [String] {
    let all = """
      N gradients for N^2 numbers: a product with a Hessian gives one of its N rows and costs a few gradients, so that \
      N products give all of it.
      """
    let memory =
      isSparse
      ? """
      Most elements of this one are zero, and columns that share no row share a product: a handful of products give \
      everything, in memory that grows as N.
      """
      : "There are few zeros in this one to save products by, and its N^2 numbers take memory that grows as N^2."
    return [all, memory, sparseFigures, denseFigures].compactMap { $0 }
  }

  private var sparseFigures: String? {
    guard isSparse, let count = report.largestSize(.sparse, .gradient),
      let ratio = report.timeRatio(.sparse, to: .gradient, count)
    else { return nil }
    return "\(at(count)) the sparse Hessian, whose zeros are known, took the time of \(gradients(ratio))."
  }

  private var denseFigures: String? {
    guard let count = report.largestSize(.dense, .gradient), let ratio = report.timeRatio(.dense, to: .gradient, count)
    else { return nil }
    // Far less arithmetic than N products have: the zeros were looked for and found.
    let foundZeros = (report.flopsRatio(.dense, to: .product, count) ?? .infinity) < 0.25 * Double(count)
    let differences = report.timeRatio(.differences, to: .dense, count).map { other in
      """
      ; finite differences, two gradients a row, took \(number(other)) times as long and lose a third of the digits
      """
    }
    return """
      \(at(count)) the dense Hessian\(foundZeros ? ", whose zeros were found first," : "") took the time of \
      \(gradients(ratio)), \(number(ratio / Double(count))) for each row\(differences ?? "").
      """
  }

  // MARK: A product is a few gradients

  private var product: [String] {
    let why = """
      Why one HVP is a few gradients and not N: it is the derivative of the gradient along one direction. The gradient \
      is itself a program, of a few evaluations; differentiating it forward carries one tangent beside each of its \
      values, by about as much arithmetic again, for any N. The Hessian is never formed.
      """
    return [why, productFigures, blockFigures].compactMap { $0 }
  }

  private var productFigures: String? {
    guard let count = report.largestSize(.product, .gradient),
      let time = report.timeRatio(.product, to: .gradient, count)
    else { return nil }
    let took = "\(at(count)) one HVP took the time of \(gradients(time))"
    guard let work = report.flopsRatio(.product, to: .gradient, count), work > 0 else { return took + "." }
    let arithmetic = "\(took); its arithmetic is that of \(number(work))."
    guard time > 1.1 * work else { return arithmetic }
    let share = overheadShare(count)
    let overhead =
      share.map {
        $0 >= 0.1 ? ", and overhead that does not grow with N, \(Int((100 * $0).rounded())) % of it here" : ""
      }
    return """
      \(arithmetic) The rest is the recording of a gradient that can be differentiated, the memory it goes \
      through\(overhead ?? "").
      """
  }

  /// How much of an HVP's time is overhead, where that could be fitted.
  private func overheadShare(_ count: Int) -> Double? {
    guard let fit = report.growth(.product)?.time, fit.sizes.last == count,
      let own = report.measurement(.product, count).flatMap(report.time.of)
    else { return nil }
    return min(fit.overhead / own, 1)
  }

  private var blockFigures: String? {
    guard report.products > 1, let count = report.largestSize(.products, .product, .gradient),
      let time = report.timeRatio(.products, to: .gradient, count),
      let one = report.timeRatio(.products, to: .product, count)
    else { return nil }
    let k = report.products
    let share = one / Double(k)
    let took =
      "\(at(count)) \(k) HVPs at one point took the time of \(gradients(time)), \(number(share)) of \(k) separate ones"
    let work = report.flopsRatio(.products, to: .product, count).map {
      ", with \(number($0 / Double(k))) of their arithmetic"
    }
    let reason =
      share < 0.9
      ? "they share one recorded gradient, and in a block the bookkeeping of each node"
      : "they share one recorded gradient, but what each has of its own outweighs that here"
    return "\(took)\(work ?? ""): \(reason)."
  }

  // MARK: Words

  private func at(_ count: Int) -> String { "At N = \(Format.thousands(count))," }
  private func gradients(_ ratio: Double) -> String { "\(number(ratio)) gradients" }
  private func number(_ value: Double) -> String { CostNumber.significant(value, 2) }

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
