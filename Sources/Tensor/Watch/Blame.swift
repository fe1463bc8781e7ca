import CKernels

// Which element of a result a call is to be blamed for.

enum Finiteness {
  static let notFinite = Formula("notFinite") { .!$0.applying(.isFinite) }
  static let nan = Formula("nan") { $0.applying(.isNaN) }

  /// Of the result and `count` inputs: whether the result is spoilt though the inputs are not.
  static func blame(inputs count: Int) -> Formula {
    Formula("blame", inputs: count + 1, parameters: 0) { values, _ in
      let result = values[0]
      let inputs = values.dropFirst()
      let fromFinite = inputs.reduce(.!result.applying(.isFinite)) { $0 .& $1.applying(.isFinite) }
      return [inputs.reduce(result.applying(.isNaN)) { $0 .& .!$1.applying(.isNaN) } .| fromFinite]
    }
  }
}

extension Storage {
  func contains(_ predicate: Formula) -> Bool {
    guard dtype.isFloatingPoint, count > 0 else { return false }
    let mask = ReducedAxes(all: shape).mask
    let found = Reduce.run(ADJ_SUM, predicate, CollectionOfOne(self), mask: mask, keepDims: false)!
    return Tensor(found).item() > 0
  }

  /// The first element for which a predicate holds, as a row-major position.
  fileprivate func first(_ predicate: Formula) -> Int? {
    predicate.evaluate([self], .zero).flatMap { $0[0].firstTrue }
  }

  /// Where a predicate holds, as bools; nil where nowhere.
  func marks(_ predicate: Formula) -> Tensor? {
    contains(predicate) ? predicate.evaluate([self], .zero).map { Tensor($0[0]) } : nil
  }

  /// Of bools: the row-major position of the first true one.
  var firstTrue: Int? {
    let dense = contiguous
    return withExtendedLifetime(dense) {
      let flags = dense.typed(UInt8.self)
      return (0..<count).first { flags[$0] != 0 }
    }
  }

  /// Of bools: the row-major positions of the true ones before a position.
  func allTrue(before end: Int) -> [Int] {
    let dense = contiguous
    return withExtendedLifetime(dense) {
      let flags = dense.typed(UInt8.self)
      return (0..<end).filter { flags[$0] != 0 }
    }
  }

  /// The element at a place.
  func number(_ index: [Int]) -> Double {
    var view = self
    for position in index { view = Storage(viewing: view, position) }
    return Tensor(view).asType(.float64).item()
  }

  /// The part at a position of the first axis.
  private convenience init(viewing base: Storage, _ position: Int) {
    var strides = Strides()
    for axis in 1..<max(base.shape.rank, 1) { strides.append(base.strides[axis]) }
    self.init(
      viewing: base, shape: base.shape.last(base.shape.rank - 1), strides: strides,
      offset: position * base.strides[0])
  }

  fileprivate var range: ClosedRange<Double>? {
    guard count > 0 else { return nil }
    let numbers = Tensor(copied(as: .float64))
    let (least, most) = (numbers.min().item(), numbers.max().item())
    return least <= most ? least...most : nil
  }
}

extension Shape {
  /// The place of a row-major position.
  func index(of position: Int) -> [Int] {
    var rest = position
    var result: [Int] = []
    for length in reversed() {
      result.append(rest % Swift.max(length, 1))
      rest /= Swift.max(length, 1)
    }
    return result.reversed()
  }
}

extension WatchedCall {
  struct Blamed {
    let number: Double
    let index: [Int]
    /// How much lower the order of derivative of this result is than that of the call's last.
    let ordersBelow: Int
  }

  /// Whether elements of the result are made of the inputs' at their places alone.
  private var isPointwise: Bool { function is Formula }

  /// The first element that is not finite though what it was made of was, or NaN though that was not.
  ///
  /// - Parameter trace: What was called inside of a call that ``needsTrace``.
  func blamedElement(of results: [Storage], _ trace: CallTrace?) -> Blamed? {
    for (position, result) in results.enumerated() where result.contains(Finiteness.notFinite) {
      let found = isPointwise ? pointwise(result, position) : mixing(results, position, trace)
      guard let found else { continue }
      let index = result.shape.index(of: found)
      let orders = (function as? Formula)?.seriesOrders ?? []
      return Blamed(
        number: result.number(index), index: index,
        ordersBelow: orders.isEmpty ? 0 : orders.max()! - orders[position])
    }
    return nil
  }

  private func pointwise(_ result: Storage, _ position: Int) -> Int? {
    // Numbers are of float64: one that does not fit the result's dtype is finite all the same.
    let infinite = numbers.filter { !$0.isFinite }.map { Tensor($0).asType(result.dtype).storage }
    let inputs = inputs.filter { $0.dtype == result.dtype }
    let first = Finiteness.blame(inputs: inputs.count + infinite.count).evaluate([result] + inputs + infinite, .zero)?[
      0
    ]
    .firstTrue
    return infinite.isEmpty ? first : [first, overflowing(result, position)].compactMap { $0 }.min()
  }

  /// The first element that is only infinite because a number does not fit the result's dtype, where another number is
  /// infinite anyhow, as a bound is that does not bound.
  private func overflowing(_ result: Storage, _ position: Int) -> Int? {
    guard result.dtype == .float32, let formula = function as? Formula,
      numbers.contains(where: { $0.isFinite && !Float($0).isFinite })
    else { return nil }
    let parameters = SIMD2(numbers[0], numbers.count > 1 ? numbers[1] : 0)
    let wide = formula.evaluate(inputs.map { $0.dtype == .float32 ? $0.copied(as: .float64) : $0 }, parameters)
    guard let exact = wide?[position], let bad = result.marks(Finiteness.notFinite) else { return nil }
    return (bad .& isFinite(Tensor(exact))).storage.firstTrue
  }

  /// Of an operator that mixes elements: what is bad elsewhere in its inputs does not excuse an element.
  private func mixing(_ results: [Storage], _ position: Int, _ trace: CallTrace?) -> Int? {
    let result = results[position]
    guard holds(Finiteness.notFinite) else { return result.first(Finiteness.notFinite) }
    func first(_ predicate: Formula) -> Int? {
      guard let bad = result.marks(predicate) else { return nil }
      let marks = trace?.marks(of: self, results, predicate) ?? marks(of: results, inputMarks(predicate), predicate)
      return (marks[position].map { bad .& .!$0 } ?? bad).storage.firstTrue
    }
    return [first(Finiteness.notFinite), first(Finiteness.nan)].compactMap { $0 }.min()
  }

  func described(at blamed: Blamed) -> [NaNError.Input] {
    let roles = (function as? Formula)?.roles ?? []
    let tensors = inputs.enumerated().map { position, input in
      let part = isPointwise ? input : function?.part(of: input, position, for: blamed.index) ?? input
      return NaNError.Input(
        shape: input.shape, dtype: input.dtype, role: roles.indices.contains(position) ? roles[position] : nil,
        value: isPointwise ? input.number(input.shape.place(of: blamed.index)) : nil, range: part.range)
    }
    let numbers = numbers.map {
      NaNError.Input(shape: [], dtype: .float64, role: nil, value: $0, range: $0.isNaN ? nil : $0...$0)
    }
    return tensors + numbers
  }
}

extension Storage {
  /// The elements at a place along some axes, counted from the end, and all along those of nil.
  func part(_ place: [Int?]) -> Storage? {
    let own = place.suffix(shape.rank)
    guard own.count == shape.rank else { return nil }
    var (lengths, steps, offset) = (Shape(), Strides(), 0)
    for (axis, position) in own.enumerated() {
      if let position {
        // One that is repeated stands at 0.
        offset += strides[axis] * (shape[axis] == 1 ? 0 : position)
      } else {
        lengths.append(shape[axis])
        steps.append(strides[axis])
      }
    }
    return Storage(viewing: self, shape: lengths, strides: steps, offset: offset)
  }
}

extension Storage {
  /// What lies along an axis, counted from the end, through a place.
  func row(along axis: Int, at index: [Int]) -> Storage? {
    var place: [Int?] = index.map { $0 }
    place[place.count + axis] = nil
    return part(place)
  }
}

extension ReducedAxes {
  /// Of bools: whether one of those that an element is reduced from is true.
  func united(_ flags: Tensor) -> Tensor {
    let whole = flags.rank < input.rank ? flags.expanded(to: input) : flags
    return whole.any(axes: axes, keepDims: keepDims)
  }

  /// What of an input a result's element is reduced from.
  func part(of input: Storage, for index: [Int]) -> Storage? {
    var rest = index
    var place: [Int?] = []
    for behind in 0..<Swift.max(input.shape.rank, self.input.rank) {
      if mask & (1 << UInt32(behind)) != 0 {
        place.append(nil)
        if keepDims, !rest.isEmpty { rest.removeLast() }
      } else {
        guard let position = rest.popLast() else { return nil }
        place.append(position)
      }
    }
    return input.part(place.reversed())
  }
}

extension Shape {
  /// Where the element stands that was broadcast to this place of a result.
  func place(of index: [Int]) -> [Int] {
    let own = Array(self)
    return zip(own, index.suffix(own.count)).map { $0 == 1 ? 0 : $1 }
  }
}
