import Testing

@testable import Autograd
@testable import Tensor

/// Whatever errors of checks call an operator, the closure table knows it.
extension CatalogueTests {
  @Suite struct ErrorNames {
    /// Numbers that spoil nearly everything: zeros, and some whose squares overflow.
    private static func spoilt(_ row: Row, _ scale: Double) -> [Tensor] {
      row.draw().map { $0.dtype.isFloatingPoint ? $0 * scale : $0 }
    }

    private static func names(_ body: () -> Void) -> [String] {
      var found: [String] = []
      do {
        try withNaNCheck(body)
      } catch let error as NaNError {
        found += [error.operation] + (error.derivativeOf.map { [$0] } ?? [])
      } catch {}
      do {
        try withStrictDerivatives(body)
      } catch let error as NotDifferentiableError {
        found.append(error.operation)
      } catch {}
      return found
    }

    /// Without those of functions of one's own.
    private static let rows = Catalogue.families.filter { !$0.notes.isEmpty }.flatMap(\.rows).filter {
      $0.hasDerivative && !$0.differentiable.isEmpty
    }

    /// Functions that are no operators of the table.
    private static let others: Set<String> = ["leaf", "alias"]

    @Test("names in errors are found", arguments: rows)
    func named(_ row: Row) {
      for scale in [0, 1, 1e200] {
        let inputs = Self.spoilt(row, scale)
        let f = row.floatingFunction(at: inputs)
        let x = row.differentiable.map { inputs[$0] }
        let sum = { (x: [Tensor]) in f(x).reduce(Tensor.zeros([], dtype: .float64)) { $0 + $1.asType(.float64).sum() } }
        // A misuse (bounds that cross, numbers out of range) is another test's.
        try? withTensorErrors {
          for name in Self.names({ _ = f(x) }) + Self.names({ _ = grad(sum)(x) })
            + Self.names({ _ = hvp(sum, at: x, along: x.map { Tensor.ones(like: $0) }) })
            + Self.names({ let _: [[Tensor]] = directionalDerivatives(f, at: x, along: x, order: 2) })
          {
            #expect(OperatorClosure.named(name) != nil, "\(row.name) x \(scale): \(name)")
          }
        }
      }
    }

    @Test("names of what is recorded are found", arguments: rows)
    func recorded(_ row: Row) {
      let inputs = row.draw()
      let results = row.floatingFunction(at: inputs)(row.differentiable.map { inputs[$0].tracked() })
      let first = results.reduce(Tensor.zeros([], dtype: .float64)) { $0 + square($1.asType(.float64)).sum() }
      for entry in GraphSummary([first.node].compactMap { $0 }).entries where !Self.others.contains(entry.function) {
        #expect(OperatorClosure.named(entry.function) != nil, "\(row.name): \(entry.function)")
      }
    }

    @Test("operators are named as they are written")
    func written() {
      for name in ["divide", "multiply", "add", "subtract", "negate"] {
        #expect(OperatorClosure.named(name) != nil, "\(name)")
      }
      #expect(OperatorClosure.named("divide")?.name == "/" && OperatorClosure.named("sqrt.pullback")?.name == "sqrt")
      #expect(OperatorClosure.named("norm.square.sum")?.name == "norm" && OperatorClosure.named("mine.sum") == nil)
    }
  }
}
