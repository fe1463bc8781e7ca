import Testing

@testable import Autograd
@testable import Tensor

/// What the graph says of dependences, against derivatives: nothing that has one may be left out.
extension CatalogueTests {
  @Suite struct Reach {
    /// Operators that say how sets of elements go through them, in values and in gradients.
    private static func stated(_ map: SymmetricMap) -> [Tensor?]? { map.reach(seeds(map)) }

    /// A bit for each element of all inputs, [words] + shape.
    private static func seeds(_ map: SymmetricMap) -> [Tensor] {
      let words = Swift.max(1, (map.space.count + 63) / 64)
      var bit = 0
      return map.space.templates.map { template in
        let sets = Tensor.zeros(Shape([words]).followed(by: template.shape), dtype: .int64)
        for element in 0..<template.count {
          sets.storage.typed(Int64.self)[bit / 64 * template.count + element] = 1 << Int64(bit % 64)
          bit += 1
        }
        return sets
      }
    }

    /// A sum of the results with a weight for each, and the squares, so that every Hessian has all of its parts.
    private static func map(_ row: Row, _ shapes: [Shape]) -> SymmetricMap? {
      let inputs = row.draw(shapes)
      let f = row.floatingFunction(at: inputs)
      return RecordedGradient("reach", row.differentiable.map { inputs[$0] }) { x in
        let results = f(x)
        return zip(results, Series.directions(results)).reduce(Tensor.zeros([], dtype: .float64)) {
          $0 + (($1.0 * $1.1).asType(.float64)).sum() + square($1.0.asType(.float64)).sum()
        }
      }?.map
    }

    @Test("no dependence is missed", arguments: Catalogue.differentiable)
    func sound(_ row: Row) throws {
      for shapes in [row.inputs.map(\.shape)] + (row.isPointwise ? row.broadcastShapes : row.shapes) {
        guard let map = Self.map(row, shapes), let sets = Self.stated(map) else { continue }
        let count = map.space.count
        let reached = zip(map.space.templates, sets).flatMap { template, sets -> [[Int64]] in
          let words = Swift.max(1, (count + 63) / 64)
          guard let sets else { return Array(repeating: Array(repeating: 0, count: words), count: template.count) }
          #expect(sets.shape == Shape([words]).followed(by: template.shape), "\(row.name) at \(shapes)")
          let flat = sets.reshaped([words, template.count]).transposed().scalars(as: Int64.self)
          return (0..<template.count).map { Array(flat[$0 * words..<($0 + 1) * words]) }
        }
        guard count > 0 else { continue }
        let products = map.flat(Tensor.eye(count, dtype: map.space.dtype)).scalars(as: Double.self)
        for column in 0..<count {
          for result in 0..<count where products[column * count + result] != 0 {
            #expect(
              reached[result][column / 64] & (1 << Int64(column % 64)) != 0,
              "\(row.name) at \(shapes): element \(result) depends on \(column)")
          }
        }
      }
    }

    /// Those on whose way a search makes products instead. One that is new should say how sets go through it.
    private static let silent: Set<String> = [
      "adaptiveAvgPool", "avgPool1d", "avgPool2d", "avgPool3d", "batchNorm, training", "conv1d", "conv2d",
      "conv2d in groups, strided", "conv2d of single elements", "conv2d that keeps lengths", "conv3d", "groupNorm",
      "instanceNorm", "layerNorm", "layerNorm of two axes", "localResponseNorm", "lstm", "own bilinear function",
      "own function", "own function of which one result is used", "own linear function", "rmsNorm",
      "scatterReduce by maximum", "scatterReduce by minimum", "transposedConv1d", "transposedConv2d",
      "transposedConv3d",
    ]

    @Test("all others say how sets go through them")
    func complete() {
      let silent = Set(
        Catalogue.differentiable.filter { row in
          Self.map(row, row.inputs.map(\.shape)).map { Self.stated($0) == nil } ?? true
        }.map(\.name))
      #expect(
        silent == Self.silent,
        "new: \(silent.subtracting(Self.silent).sorted()), gone: \(Self.silent.subtracting(silent).sorted())")
    }
  }
}
