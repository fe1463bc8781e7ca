/// A tensor whose axes have letters. Axes of an ellipsis have digits, counted from the last.
private struct Lettered {
  var tensor: Tensor
  var letters: [Character]

  /// Letters that stand twice become one, on the diagonal; nil after a report.
  init?(_ tensor: Tensor, _ term: [Character], _ equation: String) {
    self.tensor = tensor
    letters = term
    if let dots = term.firstIndex(of: ".") {
      let hidden = tensor.rank - (term.count - 1)
      letters.replaceSubrange(dots...dots, with: (0..<Swift.max(hidden, 0)).reversed().map { Character("\($0)") })
    }
    guard letters.count == tensor.rank else {
      Misuse.report("einsum", "\(String(term)) in \(equation) does not name the axes of shape \(tensor.shape)")
      return nil
    }
    while let second = letters.indices.first(where: { letters[..<$0].contains(letters[$0]) }) {
      let first = letters.firstIndex(of: letters[second])!
      guard tensor.shape.isEmpty || self.tensor.shape[first] == self.tensor.shape[second] else {
        Misuse.report("einsum", "\(letters[second]) in \(equation) stands for different lengths of \(tensor.shape)")
        return nil
      }
      self.tensor = self.tensor.diagonal(first, second)
      let letter = letters[second]
      letters.remove(at: second)
      letters.remove(at: first)
      letters.append(letter)
    }
  }

  func length(_ letter: Character) -> Int { tensor.shape[letters.firstIndex(of: letter)!] }

  mutating func sum(over gone: [Character]) {
    if gone.isEmpty { return }
    tensor = tensor.sum(axes: gone.map { letters.firstIndex(of: $0)! })
    letters.removeAll { gone.contains($0) }
  }

  /// In groups of axes, each joined into one.
  func grouped(_ groups: [[Character]]) -> Tensor {
    let moved = tensor.permuted(groups.joined().map { letters.firstIndex(of: $0)! })
    return moved.reshaped(Shape(groups.map { group in group.reduce(1) { $0 * length($1) } }))
  }

  mutating func expand(_ letter: Character, to length: Int) {
    var shape = tensor.shape
    shape[letters.firstIndex(of: letter)!] = length
    tensor = tensor.expanded(to: shape)
  }

  /// The product with another, without the letters that are not wanted any more.
  func multiplied(by other: Lettered, keeping wanted: Set<Character>) -> Lettered? {
    var (a, b) = (self, other)
    for letter in a.letters where b.letters.contains(letter) {
      let (left, right) = (a.length(letter), b.length(letter))
      guard left == right || left == 1 || right == 1 else {
        Misuse.report("einsum", "\(letter) stands for the lengths \(left) and \(right)")
        return nil
      }
      if left < right || right == 1 && left != 1 || left == 0 || right == 0 {
        let length = left == 1 ? right : left
        a.expand(letter, to: length)
        b.expand(letter, to: length)
      }
    }
    a.sum(over: a.letters.filter { !wanted.contains($0) && !b.letters.contains($0) })
    b.sum(over: b.letters.filter { !wanted.contains($0) && !a.letters.contains($0) })
    let shared = a.letters.filter(b.letters.contains)
    let stack = shared.filter(wanted.contains)
    let inner = shared.filter { !wanted.contains($0) }
    let rows = a.letters.filter { !shared.contains($0) }
    let columns = b.letters.filter { !shared.contains($0) }
    let product = matmul(a.grouped([stack, rows, inner]), b.grouped([stack, inner, columns]))
    guard product.rank == 3 else { return nil }
    let lengths = (stack + rows).map(a.length) + columns.map(b.length)
    var result = self
    result.tensor = product.reshaped(Shape(lengths))
    result.letters = stack + rows + columns
    return result
  }
}

/// Sums of products by letters for axes, as NumPy's: `einsum("ij,jk->ik", a, b)` is a matrix product. Letters that
/// are not in the result are summed over; one that stands twice in a term takes the diagonal; `...` stands for
/// further leading axes, which broadcast. Without an arrow the result has the letters that stand once, in order.
///
/// Products are taken from left to right, as matrix products.
/// - Precondition: A term for each tensor, equal dtypes and lengths of a letter (or 1).
public func einsum(_ equation: String, _ tensors: [Tensor]) -> Tensor {
  composed("einsum", of: tensors) {
    let plain = equation.filter { $0 != " " }.split(separator: "...", omittingEmptySubsequences: false)
      .joined(separator: ".")
    let sides = plain.split(separator: ">", omittingEmptySubsequences: false)
    let left = sides[0].filter { $0 != "-" }
    let terms = left.split(separator: ",", omittingEmptySubsequences: false).map(Array.init)
    guard terms.count == tensors.count, sides.count <= 2, !tensors.isEmpty else {
      return Misuse.fail(
        "einsum", "\(equation) has \(counted(terms.count, "term")) for \(counted(tensors.count, "tensor"))")
    }
    var operands: [Lettered] = []
    for (tensor, term) in zip(tensors, terms) {
      guard let operand = Lettered(tensor, term, equation) else { return .placeholder }
      operands.append(operand)
    }
    let all = Set(operands.flatMap(\.letters))
    let hidden = all.filter(\.isNumber).sorted(by: >)
    var result =
      hidden
      + all.filter { letter in
        !letter.isNumber && left.count { $0 == letter } == 1
      }.sorted()
    if sides.count == 2 { result = sides[1].flatMap { $0 == "." ? hidden : [$0] } }
    guard Set(result).count == result.count, Set(result).isSubset(of: all) else {
      return Misuse.fail("einsum", "the result of \(equation) names a letter twice, or one that no term has")
    }
    var product = operands[0]
    for (index, operand) in operands.enumerated().dropFirst() {
      let wanted = Set(result).union(operands[(index + 1)...].flatMap(\.letters))
      guard let next = product.multiplied(by: operand, keeping: wanted) else { return .placeholder }
      product = next
    }
    product.sum(over: product.letters.filter { !result.contains($0) })
    return product.tensor.permuted(result.map { product.letters.firstIndex(of: $0)! })
  }
}
