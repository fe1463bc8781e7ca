import Autograd
import Testing

extension CatalogueTests {
  @Suite struct SpecialValues {
    @Test(
      "special values and slopes", arguments: Catalogue.rows.filter { !$0.specials.isEmpty },
      [DType.float32, .float64])
    func special(_ row: Row, _ dtype: DType) {
      for special in row.specials {
        // In a vector of several, so that no tail hides a lane.
        for count in [1, 19] {
          let inputs = special.inputs.map { Tensor.full([count], $0, dtype: dtype) }
          let place = "\(row.name)(\(special.inputs.map { "\($0)" }.joined(separator: ", "))) in \(dtype)"
          // What float32 cannot hold is another point.
          let exact = inputs.enumerated().allSatisfy {
            $1.numbers.values[0] == special.inputs[$0] || special.inputs[$0].isNaN
          }
          if exact { checkValue(row, special, row.call(inputs)[0], dtype, place) }
          check(row, special, inputs, dtype, place)
        }
      }
    }

    private func checkValue(_ row: Row, _ special: Special, _ got: Tensor, _ dtype: DType, _ place: String) {
      let expected = dtype == .float32 ? Double(Float(special.value)) : special.value
      for value in got.numbers.values {
        let accuracy = Accuracy(ulps: expected == 0 ? 0 : row.ulps, dtype: dtype)
        #expect(accuracy.allows(value, expected, largest: 0), "\(place) is \(value), expected \(expected)")
      }
    }

    private func check(_ row: Row, _ special: Special, _ inputs: [Tensor], _ dtype: DType, _ place: String) {
      let f = { (x: [Tensor]) in row.call(x)[0] }
      let slope = { (index: Int) in
        { (x: [Tensor]) -> Tensor in
          let (value, pullback) = vjp(f, at: x)
          return pullback(Tensor.ones(like: value))[index]
        }
      }
      for (index, expected) in special.slopes.enumerated() {
        let ones = inputs.enumerated().map { $0 == index ? Tensor.ones(like: $1) : Tensor.zeros(like: $1) }
        compare(slope(index)(inputs), expected, dtype, "vjp of \(place), input \(index)")
        compare(
          jvp(f, at: inputs, along: ones).tangent, expected, dtype,
          "jvp of \(place), input \(index)")
      }
      let along = inputs.indices.map { index in
        inputs.enumerated().map { $0 == index ? Tensor.ones(like: $1) : Tensor.zeros(like: $1) }
      }
      for (i, row) in (special.hessian ?? []).enumerated() {
        let tangent = { (x: [Tensor]) in jvp(f, at: x, along: along[i]).tangent }
        for (j, second) in row.enumerated() {
          func pulled(_ f: @escaping ([Tensor]) -> Tensor) -> Tensor {
            let (value, pullback) = vjp(f, at: inputs)
            return pullback(Tensor.ones(like: value))[j]
          }
          let place = "\(place), inputs \(i) and \(j)"
          compare(pulled(slope(i)), second, dtype, "vjp of vjp of \(place)")
          compare(pulled(tangent), second, dtype, "vjp of jvp of \(place)")
          compare(jvp(slope(i), at: inputs, along: along[j]).tangent, second, dtype, "jvp of vjp of \(place)")
          compare(jvp(tangent, at: inputs, along: along[j]).tangent, second, dtype, "jvp of jvp of \(place)")
        }
      }
    }

    private func compare(_ got: Tensor, _ expected: Double, _ dtype: DType, _ place: String) {
      for value in got.numbers.values {
        // Signs of zero are not promised of slopes.
        let isFine =
          expected == 0 ? value == 0 : Accuracy(ulps: 128, dtype: dtype).allows(value, expected, largest: 0)
        #expect(isFine, "\(place) is \(value), expected \(expected)")
      }
    }
  }
}
