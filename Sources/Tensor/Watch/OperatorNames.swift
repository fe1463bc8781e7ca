extension Function {
  /// The operator that this function is, or is a derivative of, as it is written in Swift where it is the library's.
  package var operatorName: String { OperatorNames.published(name) }
}

/// What operators are called where graphs are printed, and what users call them.
package enum OperatorNames {
  private static let derivatives = [".pullback", ".pushforward", ".series", ".valueAndSlopes"]

  /// The operator as it is written in Swift, of a function's name.
  package static func published(_ name: String) -> String {
    var own = Substring(name)
    while let suffix = derivatives.first(where: own.hasSuffix) { own = own.dropLast(suffix.count) }
    if let found = table[String(own)] { return found }
    // The sum of a part's results is a part of the same operator; that of a formula of a user's has a name of its own.
    guard let suffix = [".sum", ".mean"].first(where: own.hasSuffix) else { return String(own) }
    let term = String(own.dropLast(suffix.count))
    let found = published(term)
    return found == term ? String(own) : found
  }

  /// An operator that has a function's name, or that the function is a part of.
  package static func entry(for name: String) -> String {
    let own = published(name)
    return shared[own] ?? own
  }

  /// Parts that several operators are made of, with one of them.
  static let shared = ["normalization": "layerNorm", "normalization.product": "layerNorm", "extreme.tied": "max"]

  private static let table = [
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "negate": "-",
    "equal": ".==", "notEqual": ".!=", "less": ".<", "lessOrEqual": ".<=",
    "and": ".&", "or": ".|", "xor": ".^", "not": ".!",
    "geluTanh": "gelu", "scaledSoftplus": "softplus", "clampedLogit": "logit",
    "clampTensors": "clamp", "clampBelow": "clamp", "clampAbove": "clamp",
    "roundToDecimals": "round", "roundToTens": "round",
    "l1": "l1Loss", "nllLoss.counting": "nllLoss", "poissonNLL.stirling": "poissonNLL",
    "cosineSimilarity.product": "cosineSimilarity", "cosineSimilarity.square": "cosineSimilarity",
    "cosineSimilarity.length": "cosineSimilarity", "cosineEmbedding.cosine": "cosineEmbedding",
    "norm.square": "norm", "norm.abs": "norm", "norm.power": "norm", "norm.negativePower": "norm",
    "norm.length": "norm", "norm.root": "norm", "norm.negativeRoot": "norm", "normalize.length": "normalize",
    "squaredDifference": "variance",
    "softmax.product": "softmax", "logSoftmax.weighted": "logSoftmax", "matmul.adding": "matmul",
    "expand": "expanded", "sumTo": "sum", "permute": "permuted", "reshape": "reshaped", "slice": "narrowed",
    "sliceEmbedding": "padded", "partSum": "+", "sliceUpdate": "subscript", "indexUpdate": "subscript",
    "parts": "split", "gatherTranspose": "scatterAdd", "takeTranspose": "indexAdd",
    "scatterMax": "scatterReduce", "scatterMin": "scatterReduce",
  ]
}
