import Tensor

/// Whether a pattern misses elements of a symmetric map that are not zero.
///
/// Who reads the elements of a pattern from products of sums of basis vectors reads a missing element H_ij as a part of
/// another one, in column k, whose colour is that of j. Such a matrix differs from the map in the product with a vector
/// v by H_ij (v_k - v_j), or by H_ij v_j where the row has no element of that colour. So v must have no two elements
/// that are nearly the same (``VectorSpace/probe()``).
extension SymmetricMap {
  /// Whether the matrix's product is the map's, but for rounding.
  func isComplete(_ matrix: SparseMatrix, _ vector: Tensor, _ product: Tensor) -> Bool {
    withoutGrad {
      let (found, expected) = (matrix(vector).storage.contiguous, product.contiguousStorage)
      let tolerance = product.dtype == .float64 ? 0x1p-40 : 0x1p-16
      if found.agrees(with: expected, within: tolerance) { return true }
      // The numbers of a rehearsal mean nothing, and what follows is rarely asked for.
      if Meter.isRehearsal { return false }
      return found.agrees(with: expected, within: tolerance, floor: 64 * roundoff(vector, product))
    }
  }

  /// What rounding makes of a product, however small that is beside what was summed in it: how far it differs from
  /// those with multiples of the vector, whose numbers are rounded otherwise. At least the least number that there is.
  private func roundoff(_ vector: Tensor, _ product: Tensor) -> Double {
    let least = product.dtype == .float64 ? Double.leastNonzeroMagnitude : Double(Float.leastNonzeroMagnitude)
    // Several, since one may be rounded alike where there are few numbers.
    return [0.77, 1.37, 1.83, 2.61].reduce(least) { largest, factor in
      let difference = flat(vector * factor) / factor - product
      return Swift.max(largest, difference.contiguousStorage.largestFinite)
    }
  }
}

extension VectorSpace {
  /// A vector of both signs, of magnitudes between 1/4 and 1, any two elements of which differ: those at a distance d
  /// by 0.57 / d or more, since multiples of the golden ratio lie as far apart as multiples can (Hurwitz, 1891).
  func probe() -> Tensor {
    let golden = (5.0.squareRoot() - 1) / 2
    let numbers = (0..<count).map { index -> Double in
      let place = (Double(index) * golden).truncatingRemainder(dividingBy: 1)
      return place < 0.5 ? 1.5 * place - 1 : 1.5 * place - 0.5
    }
    return Tensor(numbers).asType(dtype)
  }

  /// A vector without regularity, all elements between 0.5 and 1.5.
  func irregular() -> Tensor {
    (1 + 0.5 * sin(Tensor.arange(count, dtype: .float64) * 1.7 + 0.5)).asType(dtype)
  }
}
