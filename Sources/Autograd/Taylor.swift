import Tensor

// Taylor mode: derivatives of any order along a direction, all in one sweep.

/// A function's value and its derivatives along a direction, of order 1 ... `order`:
/// u, u', u'', ... with respect to t, of f(x + t v) at t = 0.
///
/// One forward sweep carries all orders: beside the value it costs `order` evaluations where f is linear, about
/// `order` (`order` + 1) / 2 where it is pointwise, and at most about `order` (`order` + 3) / 2 where both factors of
/// its products depend on the input, as on a net's parameters; nested ``jvp(_:at:along:)`` costs 2 to the power of
/// `order`. The results may be differentiated again, by any transform, with respect to whatever f depends on: the
/// gradient of a loss made of u, u_x and u_xx is one `grad` around all of it.
///
/// Conventions at non-smooth points are those of the functions' first derivatives, taken again: the branch is
/// chosen by the value.
/// - Parameters:
///   - f: A function of a tensor, or of any structure of tensors.
///   - input: Floating-point tensors.
///   - direction: v, of the input's structure, shapes and dtypes; its tensors may carry extra leading axes, all
///     the same (a block of directions), and all derivatives then carry them too.
///   - order: 1 ... 60.
/// - Returns: `order` + 1 results: the value, then the derivatives.
public func directionalDerivatives<Input: TensorStructure, Output: TensorStructure>(
  _ f: @escaping (Input) -> Output, at input: Input, along direction: Input, order: Int
) -> [Output] {
  let (value, derivatives) = derivatives(f, at: input, along: [direction], orders: [order])
  return [value] + derivatives[0]
}

/// The value and the derivatives of order 1 and 2 along a direction:
///
///     let (u, ux, uxx) = directionalDerivatives(net, at: points, along: e, order: 2)
///
/// - Parameter order: 2; for another order take the results as an array.
@_disfavoredOverload
public func directionalDerivatives<Input: TensorStructure, Output: TensorStructure>(
  _ f: @escaping (Input) -> Output, at input: Input, along direction: Input, order: Int
) -> (value: Output, first: Output, second: Output) {
  if order != 2 {
    Misuse.report(
      "directionalDerivatives", "three results are those of order 2, not \(order); take the results as an array")
  }
  let (value, derivatives) = derivatives(f, at: input, along: [direction], orders: [2])
  return (value, derivatives[0][0], derivatives[0][1])
}

/// A function's value and its derivatives along several directions, each up to an order of its own, from one
/// evaluation:
///
///     let (u, d) = directionalDerivatives(net, at: points, alongEach: [x, t], orders: [2, 1])
///     let (ux, uxx, ut) = (d[0][0], d[0][1], d[1][0])
///
/// Otherwise as ``directionalDerivatives(_:at:along:order:)``, which is the same for one direction.
/// - Parameters:
///   - directions: Each as above.
///   - orders: As many, each 1 ... 60.
/// - Returns: The value, and for each direction the derivatives of order 1, 2, ... in turn.
@_disfavoredOverload
public func directionalDerivatives<Input: TensorStructure, Output: TensorStructure>(
  _ f: @escaping (Input) -> Output, at input: Input, alongEach directions: [Input], orders: [Int]
) -> (value: Output, derivatives: [[Output]]) {
  derivatives(f, at: input, along: directions, orders: orders)
}

private func derivatives<Input: TensorStructure, Output: TensorStructure>(
  _ f: @escaping (Input) -> Output, at input: Input, along directions: [Input], orders: [Int]
) -> (value: Output, derivatives: [[Output]]) {
  let operation = "directionalDerivatives"
  let tensors = input.tensors
  guard areOrders(orders, of: directions.count),
    directions.allSatisfy({ fit($0, input, operation, "direction", "input") }),
    let call = Recording(operation, tensors, { f(input.with($0)) })
  else {
    let value = f(input)
    let zeros = value.mapTensors { Tensor.zeros(like: $0) }
    return (
      value,
      directions.indices.map { index in
        Array(repeating: zeros, count: index < orders.count ? max(orders[index], 1) : 1)
      }
    )
  }
  let results = call.output.tensors
  let tangents = directions.map(\.tensors)
  let leads = tangents.map { lead($0, over: tensors) }
  var all = orders.map { _ in [Output]() }
  // Blocks of one size go together.
  for (first, lead) in leads.enumerated() where leads.firstIndex(of: lead) == first {
    let group = leads.indices.filter { leads[$0] == lead }
    let layout = SeriesLayout(group.map { orders[$0] })
    let series = call.series(of: results, along: group.map { tangents[$0] }, layout, lead: lead)
    for (position, direction) in group.enumerated() {
      all[direction] = layout.range(position).map { entry in
        call.output.with(orZeros(series.map { $0?[entry] }, like: results, lead: lead))
      }
    }
  }
  return (call.output.mapTensors { call.value(of: $0) }, all)
}

/// Whether there is an order for each direction, in the range that is computed.
private func areOrders(_ orders: [Int], of directions: Int) -> Bool {
  if let order = orders.first(where: { !(1...60).contains($0) }) {
    Misuse.report("directionalDerivatives", "the order is \(order), it must be 1 ... 60; order 0 is the value itself")
    return false
  }
  if orders.count != directions {
    Misuse.report("directionalDerivatives", "\(counted(orders.count, "order")) for \(counted(directions, "direction"))")
    return false
  }
  if orders.reduce(0, +) > 60 {
    Misuse.report(
      "directionalDerivatives", "the orders \(orders) add up to more than 60; take fewer directions at a time")
    return false
  }
  return true
}

extension Recording {
  /// The derivatives of some results along directions of the inputs, which all carry these leading axes.
  fileprivate func series(
    of results: [Tensor], along directions: [[Tensor]], _ layout: SeriesLayout, lead: Shape
  ) -> [Series?] {
    let mostAxes = lead.rank == 0 ? 0 : ForwardTape(from: inputs, to: results).mostAxes
    guard mostAxes + lead.rank <= Shape.maxRank else {
      LeadingAxes.report(lead, mostAxes)
      return results.map { _ in nil }
    }
    let walk = TaylorWalk(layout.orders, lead: lead)
    let seeds = inputs.indices.map { index in
      let series = zip(directions, layout.orders).flatMap { direction, order in
        [direction[index]] + Series(repeating: nil, count: order - 1)
      }
      return (tensor: inputs[index], series: series)
    }
    let isRecorded =
      escapes(results) || (isObserved && directions.contains { $0.contains(where: \.isTracked) })
    return isRecorded
      ? withRecording { walk.run(from: seeds, to: results) } : withoutGrad { walk.run(from: seeds, to: results) }
  }
}
