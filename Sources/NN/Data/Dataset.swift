import Autograd

/// Examples to learn from: inputs and their labels, along the first axis.
///
///     for (images, labels) in digits.shuffled(using: &generator).batches(of: 64) { ... }
public struct Dataset: Sendable {
  private let allInputs: Tensor
  private let allLabels: Tensor
  /// Which examples, in which order; all in order where nil.
  private let order: Tensor?

  /// - Precondition: As many labels as inputs along the first axis.
  public init(inputs: Tensor, labels: Tensor) {
    if inputs.rank == 0 || labels.rank == 0 || inputs.shape[0] != labels.shape[0] {
      Misuse.report(
        "Dataset",
        "needs as many inputs as labels along the first axis, got \(inputs.shape) and \(labels.shape)")
    }
    self.init(inputs.detached(), labels.detached(), nil)
  }

  private init(_ inputs: Tensor, _ labels: Tensor, _ order: Tensor?) {
    allInputs = inputs
    allLabels = labels
    self.order = order
  }

  /// The number of examples.
  public var count: Int { order?.count ?? allLabels.shape[0] }

  /// All inputs, in this data set's order.
  public var inputs: Tensor { order.map { allInputs.take($0, axis: 0) } ?? allInputs }

  /// All labels, in this data set's order.
  public var labels: Tensor { order.map { allLabels.take($0, axis: 0) } ?? allLabels }

  /// The same examples in random order; nothing is copied until batches are taken.
  public func shuffled(using generator: inout RandomGenerator) -> Dataset {
    let permutation = Tensor.permutation(count, using: &generator)
    return Dataset(allInputs, allLabels, order.map { $0.take(permutation, axis: 0) } ?? permutation)
  }

  /// The examples at these positions.
  ///
  /// - Precondition: The range is within `0 ..< count`.
  public subscript(range: Range<Int>) -> Dataset {
    guard range.lowerBound >= 0, range.upperBound <= count else {
      Misuse.report("Dataset", "\(range) is not within the \(count) examples")
      return self
    }
    if let order { return Dataset(allInputs, allLabels, order[range]) }
    return Dataset(allInputs[range], allLabels[range], nil)
  }

  /// The first `count` examples and the others.
  public func split(at count: Int) -> (first: Dataset, rest: Dataset) {
    guard (0...self.count).contains(count) else {
      Misuse.report("Dataset.split", "\(count) is not within 0 ... \(self.count), the number of examples")
      return (self, self)
    }
    return (self[0..<count], self[count..<self.count])
  }

  /// The examples in batches of `size`; the last has what remains.
  ///
  /// - Precondition: `size` is positive.
  public func batches(of size: Int) -> Batches {
    if size <= 0 { Misuse.report("batches(of:)", "the size is \(size); it must be 1 or more") }
    return Batches(dataset: self, size: max(size, 1))
  }

  /// The batches of a data set, made as they are taken.
  public struct Batches: RandomAccessCollection, Sendable {
    private let dataset: Dataset
    private let size: Int

    fileprivate init(dataset: Dataset, size: Int) {
      self.dataset = dataset
      self.size = size
    }

    /// The first batch's number: 0.
    public var startIndex: Int { 0 }
    /// How many batches there are, the last, shorter one included.
    public var endIndex: Int { (dataset.count + size - 1) / size }

    /// Inputs and labels of a batch: `size` of each along the first axis, or what remains.
    public subscript(index: Int) -> (inputs: Tensor, labels: Tensor) {
      precondition(indices.contains(index), "Batches: \(index) is not within 0 ..< \(count)")
      let part = dataset[index * size..<Swift.min((index + 1) * size, dataset.count)]
      return (part.inputs, part.labels)
    }
  }
}
