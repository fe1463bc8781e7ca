extension Tensor {
  /// The numbers in memory of their own layout, without history.
  package var contiguousStorage: Storage { storage.contiguous }
}
