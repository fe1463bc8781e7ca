import Tensor

/// What a Hessian would cost beyond its recorded gradient, which must have been computed. Whether it is sparse is found
/// out by the search itself, as long as that takes little; what would follow it is rehearsed.
struct HessianCosts {
  /// Of all elements, with the automatic budget.
  let dense: CostPhase
  let diagonal: CostPhase
  /// Of the elements that are not zero; nil where they are not few.
  let sparse: CostPhase?

  init(_ map: SymmetricMap) {
    // A result that fits into no budget is predicted as if it did.
    let spare = MemoryBudget.automatic.bytes - map.blocks.matrixBytes
    var limits = map.limits(in: spare)
    limits.isBrief = true
    var found: (plan: CompressionPlan, isCertain: Bool)?
    let search = CostPhase(rehearses: false) { found = map.detectedPlan(limits: limits) }
    guard let (plan, isCertain) = found else {
      dense = search.followed(by: map.blocks.symmetricCost())
      diagonal = search.followed(by: map.blocks.diagonalCost())
      sparse = nil
      return
    }
    var matrix: SparseMatrix?
    let evaluation = search.followed(
      by: CostPhase(rehearses: true) { matrix = map.evaluate(plan, checks: !isCertain, most: limits.vectors).matrix })
    sparse = evaluation
    diagonal = evaluation.followed(by: CostPhase(rehearses: true) { _ = map.space.split(matrix!.diagonal()) })
    // Where nothing is recorded, its memory is there while the elements are found.
    let bytes = map.blocks.matrixBytes
    dense =
      map.fillsMeanwhile
      ? evaluation.beside(bytes: bytes) : evaluation.followed(by: CostPhase(flops: 0, peakBytes: bytes))
  }
}
