import Autograd

/// The arguments of one call, as a line of the table reads them.
///
/// Readers take a position, a PyTorch keyword, or both, and a default where PyTorch has one. What a line does
/// not read may not be given: a call with an option that nobody looked at is unsupported, not silently wrong.
public final class Arguments {
  /// The operator's name.
  let op: String
  private let positional: [Argument]
  private let keyword: [String: Argument]
  private let inputs: [Tensor]
  private let results: [[Tensor]]
  private var readPositions: Set<Int> = []
  private var readKeywords: Set<String> = ["requires_grad"]

  init(_ step: Step, _ inputs: [Tensor], _ results: [[Tensor]]) {
    op = step.op
    positional = step.args
    keyword = step.kwargs
    self.inputs = inputs
    self.results = results
  }

  /// The number of positional arguments.
  var count: Int { positional.count }

  /// Whether an argument was given, not as None.
  func has(_ position: Int?, _ name: String? = nil) -> Bool { argument(position, name) != nil }

  /// Refuses what no reader asked for.
  func requireAllRead() throws {
    let unread =
      positional.indices.filter { !readPositions.contains($0) && !isAbsent(positional[$0]) }
      .map { "argument \($0)" }
      + keyword.keys.filter { !readKeywords.contains($0) && !isAbsent(keyword[$0]!) }.sorted()
    if !unread.isEmpty { throw Unsupported("the option \(unread.joined(separator: ", "))") }
  }

  /// Reads arguments that say nothing here.
  func ignore(_ positions: Int..., names: String...) {
    readPositions.formUnion(positions)
    readKeywords.formUnion(names)
  }

  private func isAbsent(_ argument: Argument) -> Bool {
    if case Argument.none = argument { true } else { false }
  }

  private func argument(_ position: Int?, _ name: String?) -> Argument? {
    if let position { readPositions.insert(position) }
    if let name { readKeywords.insert(name) }
    let found: Argument? =
      if let position, positional.indices.contains(position) { positional[position] } else {
        name.flatMap { keyword[$0] }
      }
    return found.flatMap { isAbsent($0) ? nil : $0 }
  }

  private func wrong(_ position: Int?, _ name: String?, _ wanted: String) -> Unsupported {
    let place = [position.map { "argument \($0)" }, name].compactMap { $0 }.joined(separator: " ")
    return Unsupported("\(place) that is not \(wanted)")
  }

  private func read<Value>(
    _ position: Int?, _ name: String?, _ wanted: String, _ convert: (Argument) -> Value?
  ) throws -> Value? {
    guard let argument = argument(position, name) else { return nil }
    guard let value = convert(argument) else { throw wrong(position, name, wanted) }
    return value
  }

  private func required<Value>(_ value: Value?, _ position: Int?, _ name: String?, _ wanted: String) throws
    -> Value
  {
    guard let value else { throw wrong(position, name, wanted) }
    return value
  }

  private func tensor(_ argument: Argument) -> Tensor? {
    switch argument {
    case .tensor(let index): inputs[index]
    case .step(let index): results[index].first
    default: nil
    }
  }

  private func int(_ argument: Argument) -> Int? {
    switch argument {
    case .int(let value): value
    case .float(let value): Int(exactly: value)
    case .bool(let value): value ? 1 : 0
    default: tensor(argument).flatMap { $0.count == 1 ? Int($0.detached().item()) : nil }
    }
  }

  private func double(_ argument: Argument) -> Double? {
    switch argument {
    case .int(let value): Double(value)
    case .float(let value): value
    case .bool(let value): value ? 1 : 0
    default: tensor(argument).flatMap { $0.count == 1 ? $0.detached().item() : nil }
    }
  }

  private func elements(_ argument: Argument) -> [Argument]? {
    switch argument {
    case .list(let elements), .tuple(let elements): elements
    default: nil
    }
  }

  private func ints(_ argument: Argument) -> [Int]? {
    if let elements = elements(argument) {
      let values = elements.compactMap(int)
      return values.count == elements.count ? values : nil
    }
    if let tensor = tensor(argument), tensor.rank == 1 {
      return tensor.asType(.int64).scalars(as: Int.self)
    }
    return int(argument).map { [$0] }
  }
}

// MARK: - Tensors

extension Arguments {
  func tensor(_ position: Int?, _ name: String? = nil) throws -> Tensor {
    try required(optionalTensor(position, name), position, name, "a tensor")
  }

  func optionalTensor(_ position: Int?, _ name: String? = nil) throws -> Tensor? {
    try read(position, name, "a tensor", tensor)
  }

  func optionalTensor(_ name: String) throws -> Tensor? { try optionalTensor(nil, name) }

  /// Whether an argument is a tensor.
  func isTensor(_ position: Int?, _ name: String? = nil) -> Bool {
    argument(position, name).flatMap(tensor) != nil
  }

  /// A tensor, or a number as a tensor of rank 0, of the dtype of another.
  func tensor(_ position: Int?, _ name: String? = nil, like other: Tensor) throws -> Tensor {
    if isTensor(position, name) { return try tensor(position, name).asType(other.dtype) }
    return Tensor.full([], try double(position, name), dtype: other.dtype)
  }

  /// A list of tensors, or all arguments where they are not in a list.
  func tensors(_ position: Int = 0, _ name: String? = nil) throws -> [Tensor] {
    guard let first = argument(position, name) else { throw wrong(position, name, "a list of tensors") }
    let list = elements(first) ?? Array(positional[position...])
    if elements(first) == nil { readPositions.formUnion(positional.indices) }
    let tensors = list.compactMap(tensor)
    guard tensors.count == list.count else { throw wrong(position, name, "a list of tensors") }
    return tensors
  }

  /// Whether an argument is a list.
  func isList(_ position: Int) -> Bool { argument(position, nil).flatMap(elements) != nil }

  /// The results of an operator on both tensors, or on a tensor and a number as PyTorch mixes them.
  func binary(_ tensors: (Tensor, Tensor) -> Tensor, _ number: (Tensor, Double) -> Tensor) throws -> Tensor {
    let scale = try double(nil, "alpha", default: 1)
    if isTensor(0, "input") && !isTensor(1, "other") {
      return try number(tensor(0, "input"), double(1, "other") * scale)
    }
    let (a, b) = try pair()
    return tensors(a, scale == 1 ? b : b * scale)
  }

  /// The two tensors of a binary operator, in a common dtype; a number becomes a tensor of rank 0.
  func pair(_ first: Int = 0, _ second: Int = 1) throws -> (Tensor, Tensor) {
    if !isTensor(first, "input") {
      let other = try tensor(second, "other")
      return (try tensor(first, "input", like: other), other)
    }
    let a = try tensor(first, "input")
    if !isTensor(second, "other") { return (a, try tensor(second, "other", like: a)) }
    let b = try tensor(second, "other")
    let dtype = Arguments.common(a.dtype, b.dtype)
    return (a.asType(dtype), b.asType(dtype))
  }

  /// The dtype PyTorch computes in.
  private static func common(_ a: DType, _ b: DType) -> DType {
    let order: [DType] = [.bool, .uint8, .int32, .int64, .float32, .float64]
    return order.last { $0 == a || $0 == b } ?? a
  }

  /// A result converted to the dtype that was asked for, if any.
  func cast(_ x: Tensor, _ position: Int? = nil, _ name: String = "dtype") throws -> Tensor {
    try dtype(position, name).map(x.asType) ?? x
  }
}

// MARK: - Numbers and words

extension Arguments {
  func int(_ position: Int?, _ name: String? = nil, default value: Int? = nil) throws -> Int {
    try required(read(position, name, "an integer", int) ?? value, position, name, "an integer")
  }

  func double(_ position: Int?, _ name: String? = nil, default value: Double? = nil) throws -> Double {
    try required(optionalDouble(position, name) ?? value, position, name, "a number")
  }

  func optionalDouble(_ position: Int?, _ name: String? = nil) throws -> Double? {
    try read(position, name, "a number", double)
  }

  func bool(_ position: Int?, _ name: String? = nil, default value: Bool? = nil) throws -> Bool {
    let found = try read(position, name, "true or false") {
      if case .bool(let value) = $0 { value } else { nil }
    }
    return try required(found ?? value, position, name, "true or false")
  }

  func string(_ position: Int?, _ name: String? = nil, default value: String? = nil) throws -> String {
    let found = try read(position, name, "a word") { if case .string(let value) = $0 { value } else { nil } }
    return try required(found ?? value, position, name, "a word")
  }

  /// Integers, or one of them.
  func ints(_ position: Int?, _ name: String? = nil, default value: [Int]? = nil) throws -> [Int] {
    try required(optionalInts(position, name) ?? value, position, name, "integers")
  }

  func optionalInts(_ position: Int?, _ name: String? = nil) throws -> [Int]? {
    try read(position, name, "integers", ints)
  }

  /// Integers or None for each of some axes; one counts for all.
  func sizes(_ position: Int?, _ name: String?, count: Int) throws -> [Int?] {
    let found = try read(position, name, "sizes") { argument -> [Int?]? in
      (elements(argument) ?? [argument]).map { isAbsent($0) ? nil : int($0) }
    }
    let sizes = try required(found, position, name, "sizes")
    return sizes.count == 1 ? Array(repeating: sizes[0], count: count) : sizes
  }

  /// Whether an argument is a single integer.
  func isInt(_ position: Int?, _ name: String? = nil) -> Bool {
    if case .int = argument(position, name) { true } else { isTensor(position, name) }
  }

  /// Whether an argument is true or false.
  func isBool(_ position: Int) -> Bool {
    if case .bool = argument(position, nil) { true } else { false }
  }

  /// Whether an argument is a word.
  func isWord(_ position: Int, _ name: String? = nil) -> Bool {
    if case .string = argument(position, name) { true } else { false }
  }

  /// Lists of integers; nil where the argument is not a list.
  func intLists(_ position: Int, _ name: String? = nil) throws -> [[Int]]? {
    guard let parts = argument(position, name).flatMap(elements) else { return nil }
    return try read(position, name, "lists of integers") { _ in parts.map { ints($0) ?? [] } }
  }

  /// Whether a positional argument is a whole number, not a tensor.
  func isWhole(_ position: Int) -> Bool {
    if case .int = argument(position, nil) { true } else { false }
  }

  /// Integers in a list, or as all arguments from a position on.
  func sizes(from position: Int, _ name: String? = nil) throws -> [Int] {
    if count <= position + 1 { return try ints(position, name, default: []) }
    return try (position..<count).map { try int($0) }
  }

  /// A dtype where one is given; PyTorch's others are unsupported.
  func dtype(_ position: Int?, _ name: String? = nil) throws -> DType? {
    try read(position, name, "a dtype that tensors have") { argument in
      if case .dtype(let name) = argument { DType.allCases.first { $0.description == name } } else { nil }
    }
  }
}

// MARK: - Axes

extension Arguments {
  /// The axes to reduce: nil for all. PyTorch gives tensors of rank 0 an axis 0, which is none here.
  func axes(_ position: Int?, _ name: String?, of x: Tensor) throws -> [Int]? {
    guard let axes = try optionalInts(position, name), !axes.isEmpty else { return nil }
    return x.rank == 0 ? nil : axes
  }

  /// An axis, and a function along it, for tensors of any rank: rank 0 is rank 1 with one element.
  func along(
    _ x: Tensor, _ position: Int?, _ name: String? = "dim", default value: Int? = nil,
    _ body: (Tensor, Int) throws -> Tensor
  ) throws -> Tensor {
    let axis = try int(position, name, default: value)
    return x.rank == 0 ? try body(x.reshaped([1]), axis).reshaped([]) : try body(x, axis)
  }

  /// The entries of `x[...]`, from a tuple or as one.
  func entries(_ position: Int) throws -> [TensorIndexEntry] {
    guard let index = argument(position, nil) else { throw wrong(position, nil, "an index") }
    if case .tuple(let parts) = index { return try parts.map(entry) }
    return [try entry(index)]
  }

  private func entry(_ argument: Argument) throws -> TensorIndexEntry {
    switch argument {
    case .int(let position): return .position(position)
    case .none: return .newAxis
    case .ellipsis: return .ellipsis
    case .slice(let bounds):
      let numbers = bounds.map(int)
      return .range(from: numbers[0], to: numbers[1], step: numbers[2] ?? 1)
    case .list:
      guard let positions = ints(argument) else { throw Unsupported("an index of nested lists") }
      return .tensor(Tensor(positions))
    default:
      guard let tensor = tensor(argument) else { throw Unsupported("such an index") }
      return .tensor(tensor)
    }
  }
}
