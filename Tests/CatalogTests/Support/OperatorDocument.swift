import Autograd

/// Operators.md, printed from what the catalogue's run says.
struct OperatorDocument {
  let table: OperatorTable

  var text: String {
    ([introduction] + table.families.map(section)).joined(separator: "\n")
  }

  private var introduction: String {
    let checks = Check.allCases.map { "| \($0.rawValue) | \($0.meaning) |" }.joined(separator: "\n")
    let count = table.families.map(\.entries.count).reduce(0, +)
    return """
      # Operators

      All \(count) of them, by family. This file is printed from the [catalogue](../Tests/CatalogTests/Catalogue.swift) and \
      from what its checks said when they ran: `make docs` prints it again, and a test fails where it is stale.

      \(contents)

      ## How to read it

      **Formula and derivative.** For a pointwise operator the derivative is its slope, for any other what its pullback makes \
      of the cotangent `u`; for each input, separated by semicolons. `x` is the input, `a` and `b` where there are \
      two, `t` a target, `y` the result, `n` the number of elements of a mean.

      **Where it is not smooth.** What the derivative is there, in words, and the numbers that were checked in every mode: \
      `y'` and `y''` are the first derivative (for each input) and the second (where there are several inputs: the matrix; \
      in one number: for the first input).

      **Elsewhere.** The function that comes closest, where there is one: `torch` and `F` (`torch.nn.functional`) of PyTorch, \
      `np` of NumPy (`scipy` where NumPy has none), `mx` of MXNet, `jnp` (`jax.numpy`) and `jax` of JAX. Defaults and \
      conventions may differ.

      **dtypes.** Those whose values were checked: float is float32 and float64, int is int32, int64 and uint8. Any other is \
      refused with an error.

      **Checks.** ✓ passed in every floating-point dtype that the operator takes, else the dtypes; in float64 against \
      finite differences and other compositions, in float32 against float64, for every row of the catalogue that covers the \
      operator. An empty cell was not passed by all of them. In a program: `OperatorClosure.named("tanh")`.

      | check | what is compared |
      |---|---|
      \(checks)

      """
  }

  private var contents: String {
    table.families.map { family in
      let anchor = String(family.title.lowercased().map { $0 == " " ? "-" : $0 }.filter { $0 == "-" || $0.isLetter })
      return "[\(family.title)](#\(anchor))"
    }.joined(separator: " · ")
  }

  private func section(_ family: (title: String, entries: [OperatorTable.Entry])) -> String {
    let libraries = Library.allCases
    let meaning = lines(["operator", "formula", "derivative", "where it is not smooth"], family.entries) { entry in
      [link(entry), cell(entry.note.formula), derivative(entry), conventions(entry)]
    }
    let names = lines(["operator"] + libraries.map(\.rawValue), family.entries) { entry in
      [name(entry)] + libraries.map { entry.note.names[$0].map { code($0) } ?? "" }
    }
    let checks = lines(["operator", "dtypes"] + Check.allCases.map(\.rawValue), family.entries) { entry in
      [name(entry), dtypes(entry)] + Check.allCases.map { mark(entry, $0) }
    }
    return
      (["## \(family.title)", ""] + meaning + ["", "Elsewhere:", ""] + names + ["", "Checked:", ""] + checks + [""])
      .joined(separator: "\n")
  }

  private func lines(
    _ heads: [String], _ entries: [OperatorTable.Entry], _ cells: (OperatorTable.Entry) -> [String]
  ) -> [String] {
    let rows = entries.map { "| \(cells($0).joined(separator: " | ")) |" }
    return ["| \(heads.joined(separator: " | ")) |", "|\(heads.map { _ in "---" }.joined(separator: "|"))|"] + rows
  }

  // MARK: - Cells

  private func code(_ text: String) -> String { "`\(text.replacing("|", with: "\\|"))`" }

  /// Prose begins with a capital letter or marks its code itself.
  private func cell(_ text: String) -> String {
    text.contains("`") || text.first!.isUppercase ? text.replacing("|", with: "\\|") : code(text)
  }

  private func name(_ entry: OperatorTable.Entry) -> String { code(entry.note.name) }

  private func link(_ entry: OperatorTable.Entry) -> String { "[\(name(entry))](../\(entry.room))" }

  private func derivative(_ entry: OperatorTable.Entry) -> String {
    entry.note.derivative.map(cell) ?? "None: \(entry.constantType!)"
  }

  private func conventions(_ entry: OperatorTable.Entry) -> String {
    entry.conventions.map { "\($0.words): \($0.numbers.map(code).joined(separator: "; "))" }.joined(separator: "<br>")
  }

  private func dtypes(_ entry: OperatorTable.Entry) -> String {
    let groups: [(String, [DType])] = [
      ("float", [.float32, .float64]), ("int", [.int32, .int64, .uint8]), ("bool", [.bool]),
    ]
    return groups.flatMap { group, dtypes -> [String] in
      let passed = dtypes.filter { entry.values[$0] == .passed }
      return passed.count == dtypes.count ? [group] : passed.map(\.description)
    }.joined(separator: ", ")
  }

  private func mark(_ entry: OperatorTable.Entry, _ check: Check) -> String {
    let taken = [DType.float32, .float64].filter { entry.values[$0] == .passed }
    let passed = taken.filter { entry.checks[check]![$0] == .passed }
    return passed.count == taken.count ? "✓" : passed.map(\.description).joined(separator: ", ")
  }
}
