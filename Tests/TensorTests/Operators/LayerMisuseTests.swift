import Autograd
import Testing

private let f32 = Tensor.zeros([2, 3])
private let f64 = Tensor.zeros([2, 3], dtype: .float64)
private let whole = Tensor.zeros([2, 3], dtype: .int64)
private let state = Tensor.zeros([2, 2])
private let input = Tensor.zeros([8, 3])
private let recurrent = Tensor.zeros([8, 2])

/// What layers and recurrent cells refuse: each message names the operation, what it got and what would be right.
@Suite struct LayerMisuseTests {
  @Test func layers() {
    var generator = RandomGenerator(seed: 1)
    let expected: [(String, () -> Void)] = [
      ("matmul: inner axes differ, [2, 3] x [2, 4] (3 != 2)", { _ = linear(f32, Tensor.zeros([4, 2])) }),
      (
        "linear: the bias is float32 [3]; it must be float32 [4]",
        { _ = linear(f32, Tensor.zeros([4, 3]), Tensor.zeros([3])) }
      ),
      (
        "linear: the bias is float64 [4]; it must be float32 [4]",
        { _ = linear(f32, Tensor.zeros([4, 3]), Tensor.zeros([4], dtype: .float64)) }
      ),
      (
        "linear: needs x [..., inputs] and weight [outputs, inputs] of one dtype, got float32 [2, 3] and float64 [2, 3]",
        { _ = linear(f32, f64) }
      ),
      (
        "linear: needs x [..., inputs] and weight [outputs, inputs] of one dtype, got float32 [] and float32 [2, 3]",
        { _ = linear(Tensor(1.0), f32) }
      ),
      (
        "bilinear: needs a [..., left], b [..., right], weight [outputs, left, right] and bias [outputs] of one dtype, got float32 [2, 3], float32 [2, 3], float32 [2, 3, 2]",
        { _ = bilinear(f32, f32, Tensor.zeros([2, 3, 2])) }
      ),
      (
        "bilinear: needs a [..., left], b [..., right], weight [outputs, left, right] and bias [outputs] of one dtype, got float32 [2, 3], float64 [2, 3], float32 [2, 3, 3]",
        { _ = bilinear(f32, f64, Tensor.zeros([2, 3, 3])) }
      ),
      (
        "bilinear: needs a [..., left], b [..., right], weight [outputs, left, right] and bias [outputs] of one dtype, got float32 [2, 3], float32 [2, 3], float32 [2, 3, 3], float32 [3]",
        { _ = bilinear(f32, f32, Tensor.zeros([2, 3, 3]), Tensor.zeros([3])) }
      ),
      ("embedding: needs a table [rows, ...], got a number", { _ = embedding(Tensor(1.0), Tensor([0] as [Int])) }),
      (
        "embedding: index 2 is out of range for axis 0 of shape [2, 3] (length 2)",
        { _ = embedding(f32, Tensor([0, 2] as [Int])) }
      ),
      (
        "embedding: indices must be integers, got float32; convert with asType(.int64)",
        { _ = embedding(f32, Tensor([0.0, 1.0])) }
      ),
      (
        "embedding: index 2 is out of range for axis 0 of shape [2, 3] (length 2)",
        { _ = embedding(f32, Tensor([0, 2] as [Int]), paddingIndex: 0) }
      ),
      (
        "embedding: the padding index 2 is no row of [2, 3]; rows are 0 ..< 2",
        { _ = embedding(f32, Tensor([0, 1] as [Int]), paddingIndex: 2) }
      ),
      (
        "dropout: needs floating-point numbers and a probability of 0 ... 1, got float32, 1.5",
        { _ = dropout(f32, probability: 1.5, using: &generator) }
      ),
      (
        "dropout: needs floating-point numbers and a probability of 0 ... 1, got int64, 0.5",
        { _ = dropout(whole, using: &generator) }
      ),
      ("softmax: axis 1 is out of range; a tensor of rank 0 has no axes", { _ = softmax(Tensor(1.0), axis: 1) }),
      ("softmin: needs floating-point numbers, got int64; convert with asType(.float32)", { _ = softmin(whole) }),
      ("logSumExp: axis 2 is out of range; rank 2 allows -2 ... 1", { _ = logSumExp(f32, axis: 2) }),
      (
        "scaledDotProductAttention: needs matrices, got [2, 3], [2, 3] and [3]",
        { _ = scaledDotProductAttention(f32, f32, Tensor.zeros([3])) }
      ),
      (
        "scaledDotProductAttention: the dtypes are float32, float64, float64; they must be one floating-point dtype, convert with asType",
        { _ = scaledDotProductAttention(f32, f64, f64) }
      ),
      (
        "scaledDotProductAttention: queries [2, 3] and keys [4, 2] need one length, keys and values [4, 2] one number",
        { _ = scaledDotProductAttention(f32, Tensor.zeros([4, 2]), Tensor.zeros([4, 2])) }
      ),
      (
        "scaledDotProductAttention: queries [2, 3] and keys [4, 3] need one length, keys and values [5, 3] one number",
        { _ = scaledDotProductAttention(f32, Tensor.zeros([4, 3]), Tensor.zeros([5, 3])) }
      ),
      (
        "scaledDotProductAttention: the leading axes of [2, 2, 3], [3, 2, 3] and [3, 2, 3] do not broadcast",
        { _ = scaledDotProductAttention(Tensor.zeros([2, 2, 3]), Tensor.zeros([3, 2, 3]), Tensor.zeros([3, 2, 3])) }
      ),
      (
        "scaledDotProductAttention: the mask bool [3, 3] is not bool or float32, or does not fit [2, 2]",
        { _ = scaledDotProductAttention(f32, f32, f32, mask: Tensor.zeros([3, 3], dtype: .bool)) }
      ),
      (
        "scaledDotProductAttention: the mask int64 [2, 2] is not bool or float32, or does not fit [2, 2]",
        { _ = scaledDotProductAttention(f32, f32, f32, mask: Tensor.zeros([2, 2], dtype: .int64)) }
      ),
    ]
    for (message, body) in expected { #expect(misuse(body) == message) }
  }

  @Test func recurrentCells() {
    let expected: [(String, () -> Void)] = [
      (
        "lstmCell: needs x [..., inputs], states [..., hidden], weights [4 hidden, inputs] and [4 hidden, hidden] and biases [4 hidden], got x [2, 3], states [[2, 2], [2, 2]], weights [8, 2] and [8, 2], biases []",
        {
          _ =
            lstmCell(f32, hidden: state, cell: state, inputWeight: Tensor.zeros([8, 2]), hiddenWeight: recurrent).hidden
        }
      ),
      (
        "lstmCell: needs x [..., inputs], states [..., hidden], weights [4 hidden, inputs] and [4 hidden, hidden] and biases [4 hidden], got x [2, 3], states [[2, 2], [2, 2]], weights [8, 3] and [8, 3], biases []",
        {
          _ = lstmCell(f32, hidden: state, cell: state, inputWeight: input, hiddenWeight: Tensor.zeros([8, 3])).hidden
        }
      ),
      (
        "lstmCell: needs x [..., inputs], states [..., hidden], weights [4 hidden, inputs] and [4 hidden, hidden] and biases [4 hidden], got x [2, 3], states [[2, 2], [2, 2]], weights [8, 3] and [8, 2], biases [[2]]",
        {
          _ =
            lstmCell(
              f32, hidden: state, cell: state, inputWeight: input, hiddenWeight: recurrent, inputBias: Tensor.zeros([2])
            ).hidden
        }
      ),
      (
        "lstmCell: the dtypes are float64, float32, float32, float32, float32; they must be one floating-point dtype, convert with asType",
        { _ = lstmCell(f64, hidden: state, cell: state, inputWeight: input, hiddenWeight: recurrent).hidden }
      ),
      (
        "lstmCell: needs x [..., inputs], states [..., hidden], weights [4 hidden, inputs] and [4 hidden, hidden] and biases [4 hidden], got x [2, 3], states [[3, 2], [3, 2]], weights [8, 3] and [8, 2], biases []",
        {
          _ =
            lstmCell(
              f32, hidden: Tensor.zeros([3, 2]), cell: Tensor.zeros([3, 2]), inputWeight: input, hiddenWeight: recurrent
            ).hidden
        }
      ),
      (
        "lstm: needs [time, ..., inputs] and at least one time, got [0, 2, 3]",
        {
          _ =
            lstm(Tensor.zeros([0, 2, 3]), hidden: state, cell: state, inputWeight: input, hiddenWeight: recurrent)
            .outputs
        }
      ),
      (
        "lstm: needs [time, ..., inputs] and at least one time, got [3]",
        { _ = lstm(Tensor.zeros([3]), hidden: state, cell: state, inputWeight: input, hiddenWeight: recurrent).outputs }
      ),
      (
        "lstm: needs x [time, ..., inputs], states [..., hidden], weights [4 hidden, inputs] and [4 hidden, hidden] and biases [4 hidden], got x [4, 3, 3], states [[2, 2], [2, 2]], weights [8, 3] and [8, 2], biases []",
        {
          _ =
            lstm(Tensor.zeros([4, 3, 3]), hidden: state, cell: state, inputWeight: input, hiddenWeight: recurrent)
            .outputs
        }
      ),
      (
        "gruCell: needs x [..., inputs], states [..., hidden], weights [3 hidden, inputs] and [3 hidden, hidden] and biases [3 hidden], got x [2, 3], states [[2, 2]], weights [8, 3] and [8, 2], biases []",
        { _ = gruCell(f32, hidden: state, inputWeight: input, hiddenWeight: recurrent) }
      ),
      (
        "gruCell: needs x [..., inputs], states [..., hidden], weights [3 hidden, inputs] and [3 hidden, hidden] and biases [3 hidden], got x [2, 3], states [[3]], weights [6, 3] and [6, 2], biases []",
        {
          _ = gruCell(
            f32, hidden: Tensor.zeros([3]), inputWeight: Tensor.zeros([6, 3]), hiddenWeight: Tensor.zeros([6, 2]))
        }
      ),
    ]
    for (message, body) in expected { #expect(misuse(body) == message) }
  }
}
