import NN
import Testing

@Suite struct DatasetTests {
  private let data = Dataset(
    inputs: Tensor((0..<20).map { Float($0) }, shape: [10, 2]), labels: Tensor(Array(0..<10)))

  @Test func theLastBatchHasWhatRemains() {
    let batches = data.batches(of: 4)
    #expect(batches.count == 3)
    #expect(batches.map { $0.inputs.shape } == [[4, 2], [4, 2], [2, 2]])
    #expect(batches.flatMap { $0.labels.scalars(as: Int.self) } == Array(0..<10))
    #expect(batches[2].inputs.scalars(as: Float.self) == [16, 17, 18, 19])
    #expect(data.batches(of: 5).count == 2)
    #expect(data.batches(of: 100).count == 1)
    #expect(data[3..<3].batches(of: 2).isEmpty)
  }

  @Test func shufflingKeepsPairsAndFollowsTheSeed() {
    func labels(_ seed: UInt64) -> [Int] {
      var generator = RandomGenerator(seed: seed)
      return data.shuffled(using: &generator).batches(of: 3).flatMap { $0.labels.scalars(as: Int.self) }
    }
    #expect(labels(1) == labels(1))
    #expect(labels(1) != labels(2))
    #expect(labels(1).sorted() == Array(0..<10))
    var generator = RandomGenerator(seed: 5)
    let once = data.shuffled(using: &generator)
    let twice = once.shuffled(using: &generator)
    #expect(once.labels.scalars(as: Int.self) != twice.labels.scalars(as: Int.self))
    for (inputs, labels) in twice.batches(of: 3) {
      for (index, label) in labels.scalars(as: Int.self).enumerated() {
        #expect(inputs[index].scalars(as: Float.self) == [Float(2 * label), Float(2 * label + 1)])
      }
    }
  }

  @Test func splitting() {
    let (first, rest) = data.split(at: 3)
    #expect(first.labels.scalars(as: Int.self) == [0, 1, 2])
    #expect(rest.count == 7)
    var generator = RandomGenerator(seed: 1)
    let shuffled = data.shuffled(using: &generator).split(at: 4)
    let all = shuffled.first.labels.scalars(as: Int.self) + shuffled.rest.labels.scalars(as: Int.self)
    #expect(all.sorted() == Array(0..<10))
  }

  @Test func misuseNamesWhatIsWrong() {
    func message(_ body: () -> Void) -> String? {
      #expect(throws: TensorError.self) { try withTensorErrors(body) }?.description
    }
    #expect(
      message { _ = Dataset(inputs: Tensor.ones([3, 2]), labels: Tensor([1, 2])) }
        == "Dataset: needs as many inputs as labels along the first axis, got [3, 2] and [2]")
    #expect(message { _ = data.batches(of: 0) } == "batches(of:): the size is 0; it must be 1 or more")
    #expect(message { _ = data[5..<11] } == "Dataset: 5..<11 is not within the 10 examples")
  }
}
