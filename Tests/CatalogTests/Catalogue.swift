import Testing

/// Every operator, checked in the same ways: see the rows in `Rows`. Rows share nothing, so they are checked side by
/// side.
@Suite enum CatalogueTests {}

/// All rows, by family.
enum Catalogue {
  static let families: [Family] = [
    Family("Arithmetic", arithmetic, arithmeticNotes),
    Family("Exponentials, logarithms, roots", exponential, exponentialNotes),
    Family("Trigonometric functions", trigonometric, trigonometricNotes),
    Family("Hyperbolic functions", hyperbolic, hyperbolicNotes),
    Family("Special functions", special, specialNotes),
    Family("Functions of one tensor", elementwise + furtherNumeric, elementwiseNotes + furtherNumericNotes),
    Family("Functions of two tensors", binary + furtherPairs, binaryNotes + furtherPairNotes),
    Family("Comparison and logic", comparison, comparisonNotes),
    Family("Selection", selection, selectionNotes, selectionConventions),
    Family("Activations", activations + furtherActivations, activationNotes + furtherActivationNotes),
    Family(
      "Reductions", reduction + furtherReductions, reductionNotes + furtherReductionNotes,
      reductionConventions + furtherReductionConventions),
    Family("Running sums, differences, integrals", cumulative, cumulativeNotes, cumulativeConventions),
    Family("Layout", layout + furtherLayout, layoutNotes + furtherLayoutNotes),
    Family("Indexing", indexing, indexingNotes),
    Family("Order and search", ordering, orderingNotes, orderingConventions),
    Family("Writing at positions", scattering, scatteringNotes, scatteringConventions),
    Family("Products", linearAlgebra + furtherProducts, linearAlgebraNotes + furtherProductNotes),
    Family("Softmax and its losses", network, networkNotes, networkConventions),
    Family("Losses", losses, lossNotes, lossConventions),
    Family("Normalization", normalization, normalizationNotes, normalizationConventions),
    Family("Convolution", convolution, convolutionNotes),
    Family("Pooling", pooling, poolingNotes, poolingConventions),
    Family("Layers", layers, layerNotes, layerConventions),
    Family("Functions of one's own", user),
  ]
  static let rows = families.flatMap(\.rows)
  static let differentiable = rows.filter { $0.hasDerivative && !$0.differentiable.isEmpty }
  static let pointwise = rows.filter(\.isPointwise)
  static let notes = families.flatMap(\.notes)
  static let conventions = families.flatMap(\.conventions)
}
