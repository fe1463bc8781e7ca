import CKernels

/// A formula as the block interpreter runs it: instructions over slots, each slot reused when its value
/// is no longer needed.
final class Program: @unchecked Sendable {
  let inputCount: Int
  let parameterCount: Int
  let outputCount: Int
  let instructionCount: Int
  /// Floating-point operations for each element.
  let flops: Int
  /// What an element takes, in additions of numbers in the nearest cache; a number read or written as much as one.
  let weight: Int
  /// The output that is written last: the one for the memory of an input that nobody needs afterwards.
  let overwriting: Int
  /// Whether every step has an exact integer kernel.
  let isIntegral: Bool
  let raw: UnsafePointer<adj_program>
  /// Parameters (filled in at run time) followed by constants.
  let floatScalars: [adj_scalar]
  let integerScalars: [adj_scalar]

  init(_ graph: FormulaGraph, outputs: [Int], inputCount: Int, parameterCount: Int) {
    var assembler = Assembler(graph, outputs, inputCount, parameterCount)
    assembler.assemble()
    self.inputCount = inputCount
    self.parameterCount = parameterCount
    outputCount = outputs.count
    instructionCount = assembler.code.count
    flops = assembler.code.reduce(0) { $0 + (Primitive(rawValue: $1.op)?.flops ?? 0) }
    weight = assembler.code.reduce(inputCount + outputs.count) { $0 + (Primitive(rawValue: $1.op)?.cost ?? 0) }
    isIntegral = assembler.isIntegral
    let firstOutput = inputCount + parameterCount + assembler.constants.count + assembler.temporaryCount
    overwriting = (assembler.code.last { Int($0.dst) >= firstOutput }).map { Int($0.dst) - firstOutput } ?? 0
    let parameters = Array(repeating: 0.0, count: parameterCount)
    let scalars = parameters + assembler.constants
    floatScalars = scalars.map { adj_scalar(f: $0) }
    integerScalars = scalars.map { adj_scalar(i: Int64(exactly: $0.rounded(.towardZero)) ?? 0) }
    let code = UnsafeMutablePointer<adj_instruction>.allocate(capacity: assembler.code.count)
    code.initialize(from: assembler.code, count: assembler.code.count)
    let program = UnsafeMutablePointer<adj_program>.allocate(capacity: 1)
    program.initialize(
      to: adj_program(
        code: code, count: Int32(assembler.code.count), inputs: Int32(inputCount),
        scalars: Int32(scalars.count), temporaries: Int32(assembler.temporaryCount),
        outputs: Int32(outputs.count)))
    raw = UnsafePointer(program)
  }

  deinit {
    raw.pointee.code.deallocate()
    raw.deallocate()
  }
}

/// Chooses instructions and slots.
private struct Assembler {
  let graph: FormulaGraph
  let outputs: [Int]
  let inputCount: Int
  let parameterCount: Int
  var code: [adj_instruction] = []
  var constants: [Double] = []
  var temporaryCount = 0
  var isIntegral = true

  /// Where a value stands; temporaries are numbered from 0 here and moved behind the scalars at the end.
  private enum Slot: Hashable {
    case input(Int), scalar(Int), temporary(Int), output(Int)
  }
  private struct Step {
    var primitive: Primitive
    var value: Int
    var operands: [Int]
  }
  private var slots: [Int: Slot] = [:]

  init(_ graph: FormulaGraph, _ outputs: [Int], _ inputCount: Int, _ parameterCount: Int) {
    self.graph = graph
    self.outputs = outputs
    self.inputCount = inputCount
    self.parameterCount = parameterCount
  }

  mutating func assemble() {
    let steps = fusedSteps()
    let outputs = outputs.map(resolved)
    var lastUse: [Int: Int] = [:]
    for (position, step) in steps.enumerated() {
      for operand in step.operands { lastUse[operand] = position }
    }
    var free: [Int] = []
    var written: Set<Int> = []
    var placed: [(primitive: Primitive, target: Slot, operands: [Slot])] = []
    for (position, step) in steps.enumerated() {
      let operands = step.operands.map { slots[$0]! }
      for operand in Set(step.operands) where lastUse[operand] == position {
        if case .temporary(let index) = slots[operand]! { free.append(index) }
      }
      let target: Slot
      if let output = outputs.firstIndex(of: step.value), !written.contains(output) {
        target = .output(output)
        written.insert(output)
      } else if let index = free.popLast() {
        target = .temporary(index)
      } else {
        target = .temporary(temporaryCount)
        temporaryCount += 1
      }
      slots[step.value] = target
      placed.append((step.primitive, target, operands))
      if !step.primitive.hasIntegerKernel { isIntegral = false }
    }
    // Results that are an input, a constant, or one value asked for twice.
    for (output, value) in outputs.enumerated() where !written.contains(output) {
      placed.append((.copy, .output(output), [slots[value]!]))
    }
    code = placed.map { step in
      let operands = step.operands.map(number)
      return adj_instruction(
        op: step.primitive.rawValue, dst: number(step.target), a: operands[0],
        b: operands.count > 1 ? operands[1] : 0, c: operands.count > 2 ? operands[2] : 0)
    }
  }

  private func number(_ slot: Slot) -> UInt16 {
    let scalarCount = parameterCount + constants.count
    return switch slot {
    case .input(let index): UInt16(index)
    case .scalar(let index): UInt16(inputCount + index)
    case .temporary(let index): UInt16(inputCount + scalarCount + index)
    case .output(let index): UInt16(inputCount + scalarCount + temporaryCount + index)
    }
  }

  /// The value that a chain of distinct names stands for.
  private func resolved(_ id: Int) -> Int {
    var id = id
    while case .operation(.copy, let inner, _, _) = graph.values[id] { id = inner }
    return id
  }

  /// The needed operations in order, with a product that only a sum reads folded into it.
  private mutating func fusedSteps() -> [Step] {
    var steps: [Step] = []
    for id in graph.needed(for: outputs) {
      switch graph.values[id] {
      case .input(let index): slots[id] = .input(index)
      case .parameter(let index): slots[id] = .scalar(index)
      case .constant(let bits):
        slots[id] = .scalar(parameterCount + constants.count)
        constants.append(Double(bitPattern: bits))
        if Int64(exactly: Double(bitPattern: bits)) == nil { isIntegral = false }
      case .operation(.copy, _, _, _): break
      case .operation(let primitive, let a, let b, let c):
        let operands = [a, b, c].prefix(primitive.operandCount).map(resolved)
        steps.append(Step(primitive: primitive, value: id, operands: operands))
      }
    }
    return fuseProducts(steps)
  }

  private func fuseProducts(_ steps: [Step]) -> [Step] {
    var uses: [Int: Int] = [:]
    for step in steps { for operand in step.operands { uses[operand, default: 0] += 1 } }
    let kept = Set(outputs.map(resolved))
    var products: [Int: [Int]] = [:]
    for step in steps where step.primitive == .multiply && uses[step.value] == 1 && !kept.contains(step.value) {
      products[step.value] = step.operands
    }
    var folded: Set<Int> = []
    var result: [Step] = []
    for step in steps {
      var step = step
      if step.primitive == .add,
        let position = step.operands.firstIndex(where: { products[$0] != nil && !folded.contains($0) })
      {
        let product = step.operands[position]
        folded.insert(product)
        step.operands = products[product]! + [step.operands[1 - position]]
        step.primitive = .multiplyAdd
      }
      result.append(step)
    }
    return result.filter { !folded.contains($0.value) }
  }
}
