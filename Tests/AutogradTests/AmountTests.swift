import Testing

@testable import Autograd

struct AmountTests {
  @Test func unitsOfThousands() {
    let texts: [(Int, String)] = [
      (0, "0 B"), (7, "7 B"), (999, "999 B"), (1000, "1.0 kB"), (1234, "1.2 kB"), (9949, "9.9 kB"), (9960, "10 kB"),
      (34_000, "34 kB"), (999_499, "999 kB"), (999_500, "1.0 MB"), (5_600_000_000, "5.6 GB"), (.max, "9.2 EB"),
    ]
    for (count, text) in texts { #expect(Amount.text(count, "B") == text) }
    #expect("\(ComputationCost(flops: 1_200_000, peakBytes: 34_000))" == "1.2 Mflop, 34 kB")
    #expect(Amount.text(1, of: "tensor") == "1 tensor" && Amount.text(0, of: "tensor") == "0 tensors")
  }
}
