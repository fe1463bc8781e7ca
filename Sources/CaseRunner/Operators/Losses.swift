import Autograd

/// Losses.
enum Losses {
  static func add(to table: inout OperatorTable) {
    table["nn.functional.mse_loss"] = { mse(try $0.tensor(0), try target($0), reduction: try reduction($0)) }
    table["nn.functional.l1_loss"] = {
      l1Loss(try $0.tensor(0), try target($0), reduction: try reduction($0))
    }
    table["nn.functional.smooth_l1_loss"] = {
      smoothL1(
        try $0.tensor(0), try target($0), beta: try $0.double(5, "beta", default: 1),
        reduction: try reduction($0))
    }
    table["nn.functional.huber_loss"] = {
      huber(
        try $0.tensor(0), try target($0), delta: try $0.double(3, "delta", default: 1),
        reduction: try reduction($0))
    }
    table["nn.functional.poisson_nll_loss"] = {
      poissonNLL(
        try $0.tensor(0), try target($0), logInput: try $0.bool(2, "log_input", default: true),
        full: try $0.bool(3, "full", default: false), eps: try $0.double(nil, "eps", default: 1e-8),
        reduction: try reduction($0))
    }
    table["nn.functional.gaussian_nll_loss"] = { try gaussian($0) }
    table["nn.functional.kl_div"] = {
      klDivergence(
        try $0.tensor(0), try target($0), logTarget: try $0.bool(nil, "log_target", default: false),
        reduction: try reduction($0))
    }
    table["nn.functional.soft_margin_loss"] = {
      softMargin(try $0.tensor(0), try target($0), reduction: try reduction($0))
    }
    table["nn.functional.hinge_embedding_loss"] = {
      hingeEmbedding(
        try $0.tensor(0), try target($0), margin: try $0.double(2, "margin", default: 1),
        reduction: try reduction($0))
    }
    addBinary(to: &table)
    addClasses(to: &table)
    addDistances(to: &table)
  }

  private static func addBinary(to table: inout OperatorTable) {
    table["nn.functional.binary_cross_entropy"] = {
      binaryCrossEntropy(
        try $0.tensor(0), try target($0), weight: try $0.optionalTensor(2, "weight"),
        reduction: try reduction($0))
    }
    table["nn.functional.binary_cross_entropy_with_logits"] = {
      binaryCrossEntropyWithLogits(
        try $0.tensor(0), try target($0), weight: try $0.optionalTensor(2, "weight"),
        positiveWeight: try $0.optionalTensor("pos_weight"), reduction: try reduction($0))
    }
    table["nn.functional.multilabel_soft_margin_loss"] = {
      multilabelSoftMargin(
        try $0.tensor(0), try target($0), weight: try $0.optionalTensor(2, "weight"),
        reduction: try reduction($0))
    }
  }

  private static func addClasses(to table: inout OperatorTable) {
    table["nn.functional.cross_entropy"] = {
      crossEntropy(
        try $0.tensor(0), try target($0), weights: try $0.optionalTensor(2, "weight"),
        ignoreIndex: try $0.int(4, "ignore_index", default: -100),
        labelSmoothing: try $0.double(7, "label_smoothing", default: 0), reduction: try reduction($0))
    }
    table["nn.functional.nll_loss"] = {
      nllLoss(
        try $0.tensor(0), try target($0), weights: try $0.optionalTensor(2, "weight"),
        ignoreIndex: try $0.int(4, "ignore_index", default: -100), reduction: try reduction($0))
    }
    table["nn.functional.multi_margin_loss"] = {
      multiMargin(
        try $0.tensor(0), try target($0), p: try $0.int(2, "p", default: 1),
        margin: try $0.double(3, "margin", default: 1), weights: try $0.optionalTensor(4, "weight"),
        reduction: try reduction($0))
    }
    table["nn.functional.multilabel_margin_loss"] = {
      multilabelMargin(try $0.tensor(0), try target($0), reduction: try reduction($0))
    }
  }

  private static func addDistances(to table: inout OperatorTable) {
    table["nn.functional.margin_ranking_loss"] = {
      marginRanking(
        try $0.tensor(0), try $0.tensor(1, "input2"), try $0.tensor(2, "target"),
        margin: try $0.double(3, "margin", default: 0), reduction: try reduction($0))
    }
    table["nn.functional.cosine_embedding_loss"] = {
      cosineEmbedding(
        try $0.tensor(0), try $0.tensor(1, "input2"), try $0.tensor(2, "target"),
        margin: try $0.double(3, "margin", default: 0), reduction: try reduction($0))
    }
    table["nn.functional.triplet_margin_loss"] = {
      tripletMargin(
        try $0.tensor(0), try $0.tensor(1, "positive"), try $0.tensor(2, "negative"),
        margin: try $0.double(3, "margin", default: 1), p: try $0.double(4, "p", default: 2),
        eps: try $0.double(5, "eps", default: 1e-6), swap: try $0.bool(6, "swap", default: false),
        reduction: try reduction($0))
    }
    table["nn.functional.cosine_similarity"] = {
      let b = try $0.tensor(1, "x2")
      let eps = try $0.double(3, "eps", default: 1e-8)
      let isNumber = b.rank == 0
      return try $0.along($0.tensor(0), 2, "dim", default: 1) {
        cosineSimilarity($0, isNumber ? b.reshaped([1]) : b, axis: $1, eps: eps)
      }
    }
    table["nn.functional.pairwise_distance"] = {
      pairwiseDistance(
        try $0.tensor(0), try $0.tensor(1, "x2"), p: try $0.double(2, "p", default: 2),
        eps: try $0.double(3, "eps", default: 1e-6), keepDims: try $0.bool(4, "keepdim", default: false))
    }
  }

  private static func target(_ a: Arguments) throws -> Tensor { try a.tensor(1, "target") }

  private static func reduction(_ a: Arguments) throws -> LossReduction {
    switch try a.string(nil, "reduction", default: "mean") {
    case "none": return .none
    case "mean": return .mean
    case "sum": return .sum
    case "batchmean": return .batchMean
    case let other: throw Unsupported("the reduction \(other)")
    }
  }

  /// PyTorch broadcasts the target and the variance.
  private static func gaussian(_ a: Arguments) throws -> Tensor {
    let (x, t, v) = (try a.tensor(0), try a.tensor(1, "target"), try a.tensor(2, "var"))
    let lacksLast = v.rank == x.rank - 1 && Array(v.shape) == Array(x.shape.dropLast())
    let variance = lacksLast ? v : v.expanded(to: x.shape)
    return gaussianNLL(
      x, t.expanded(to: x.shape), variance: variance, full: try a.bool(3, "full", default: false),
      eps: try a.double(4, "eps", default: 1e-6), reduction: try reduction(a))
  }
}
