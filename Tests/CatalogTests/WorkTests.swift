import Autograd
import Testing

extension CatalogueTests {
  /// A kernel that does not say what it does is missing in every cost that is measured or predicted.
  @Suite struct Work {
    /// Operators whose values are copies, views, sorted or found, and rows of such.
    private static let copied: Set<String> = [
      "asType", "chunk", "concatenated", "diagonal", "embedding", "expanded", "flattened", "flipped", "gather",
      "indexCopy", "indexFill", "kthValue", "maskedSelect", "meshgrid", "mode", "movedAxes", "movedAxis", "narrowed",
      "padded", "permuted", "plus", "repeatInterleave", "reshaped", "rolled", "rotated", "sorted", "split", "squeezed",
      "stacked", "subscript", "take", "tiled", "topK", "transposed", "unbind", "unfolded", "unsqueezed",
    ]
    /// Operators whose pullbacks copy or broadcast the cotangent or are zero, and rows of such.
    private static let copiedBack: Set<String> = [
      "+", "asType", "ceil", "chunk", "concatenated", "diagonalEmbedded", "flattened", "flipped", "floor",
      "floorDivide", "frac", "indexAdd", "movedAxes", "movedAxis", "narrowed", "norm of order 0",
      "norm of order 0 over the first axis, kept", "norm of order 0 over the last axis", "padded",
      "padded by a number and cut", "permuted", "remainder by a number", "reshaped", "rolled", "rotated", "round",
      "scatterAdd", "sign", "slice", "slice at a position", "slice backwards", "slice of nothing",
      "slice with a new axis", "slice with a step", "split", "squeezed", "stacked", "sum", "sum over no axes",
      "sum over several axes", "sum over the first axis, kept", "sum over the last axis", "transposed", "trunc",
      "unbind", "unsqueezed",
      "write a slice", "write backwards", "write one element",
    ]

    private static let floating = Catalogue.rows.filter { $0.resultType?.isFloatingPoint ?? true }

    private static func forward(_ row: Row) -> Int {
      let inputs = row.draw()
      return TensorWork.flops { row.call(inputs) }.flops
    }

    private static func backward(_ row: Row) -> Int {
      let inputs = row.draw()
      let (value, pullback) = vjp(row.function(at: inputs), at: row.differentiable.map { inputs[$0] })
      let seeds = value.map { Tensor.ones(like: $0) }
      return TensorWork.flops { pullback(seeds) }.flops
    }

    @Test("what it computes is counted", arguments: floating)
    func value(_ row: Row) {
      #expect(
        Self.forward(row) > 0 || !Self.copied.isDisjoint(with: row.operators + [row.name]),
        "\(row.name): a kernel does not call Meter.begins")
    }

    @Test("what its pullback computes is counted", arguments: Catalogue.differentiable)
    func derivative(_ row: Row) {
      #expect(
        Self.backward(row) > 0 || !Self.copiedBack.isDisjoint(with: row.operators + [row.name]),
        "\(row.name): a kernel of the pullback does not call Meter.begins")
    }

    @Test("every exception is one")
    func exceptions() {
      func names(_ rows: [Row]) -> Set<String> { Set(rows.flatMap { $0.operators + [$0.name] }) }
      let values = Self.copied.subtracting(names(Self.floating.filter { Self.forward($0) == 0 }))
      #expect(values.isEmpty, "do arithmetic, or are gone: \(values.sorted())")
      let pullbacks = Self.copiedBack.subtracting(names(Catalogue.differentiable.filter { Self.backward($0) == 0 }))
      #expect(pullbacks.isEmpty, "do arithmetic, or are gone: \(pullbacks.sorted())")
    }
  }
}
