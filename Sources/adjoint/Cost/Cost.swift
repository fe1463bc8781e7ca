import ArgumentParser
import Autograd
import Foundation
import NN
import Plot

/// `adjoint cost`
struct Cost: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure what derivatives cost: values, gradients, Hessians and their products.",
    discussion: """
      Time and memory of a function's value, gradient, Hessian-vector products, Hessian diagonal, dense and \
      sparse Hessian, and finite differences of the gradient, as the number of variables N grows; what they \
      are in values, and the power of N that each grows with beside an overhead that does not grow (that of finite \
      differences is one for each variable; they grow as N times their gradients, as far as they take as many \
      gradients for each variable at all sizes). In float64. Memory is that of tensors, at their most during a call; the \
      bookkeeping of graphs, the same for each operator whatever N is, is not counted.

      Functions:
      \(CostFunction.allCases.map { "  \($0.rawValue): \($0.summary)" }.joined(separator: "\n"))

      \(CostOutput.help)
      """)

  @Argument(help: ArgumentHelp("The functions; rosenbrock and mlp unless told.", valueName: "function"))
  var functions: [CostFunction] = []

  // What begins with a minus is a number, if a wrong one: hence `unconditional` here and below.
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Numbers of variables, such as 10,100,1000; what the function offers nearest to them is taken.",
      valueName: "N[,N...]"))
  var sizes: String?

  @Option(
    parsing: .unconditional, help: ArgumentHelp("How many HVPs at one point are measured together.", valueName: "count")
  )
  var products = 10

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The most memory that a call and its inputs may take: a quarter of the machine's unless told.",
      valueName: "megabytes"))
  var memory: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "What is expected to take longer for one call is left out: 30 s, with --quick 0.5 s.", valueName: "seconds"))
  var timeLimit: Double?

  @Option(
    help: """
      The time that is shown: by the clock, or of all threads on processors. Where other programs run, only the \
      latter is comparable.
      """)
  var time = CostTime.clock

  @Flag(help: "Fewer sizes and repetitions: ends within ten seconds.")
  var quick = false

  @Flag(help: "Print the figures as JSON.")
  var json = false

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Draw time and memory over N into this picture.", valueName: "file.svg")
  )
  var svg: String?

  private var chosenSizes: [Int]? {
    let numbers = (sizes ?? "").split(separator: ",", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
    return numbers.allSatisfy { (1...10_000_000).contains($0) } ? Array(Set(numbers)).sorted() : nil
  }

  func validate() throws {
    guard sizes == nil || chosenSizes != nil else {
      throw ValidationError(
        "--sizes is \"\(sizes!)\"; write whole numbers from 1 to 10,000,000, such as 10,100,1000")
    }
    guard (1...1000).contains(products) else {
      throw ValidationError("--products is \(products); it must be from 1 to 1,000")
    }
    if let memory, !(memory > 0 && memory.isFinite) {
      throw ValidationError("--memory is \(memory); it must be above 0")
    }
    if let timeLimit, !(timeLimit > 0 && timeLimit.isFinite) {
      throw ValidationError("--time-limit is \(timeLimit); it must be above 0")
    }
    if svg == "" { throw ValidationError("--svg is empty; write a file's name") }
    if svg == "-" {
      throw ValidationError("--svg is \"-\"; a picture is not written to standard output: write a file's name")
    }
  }

  func run() throws {
    if let svg { try OutputFiles.check(svg) }
    let command = self
    let interruption = CostInterruption { reports in
      do {
        try command.show(reports, interrupted: true)
      } catch {
        FileHandle.standardError.write(Data("Error: \(error)\n".utf8))
      }
    }
    let reports: [CostReport]
    do {
      reports = try measured { interruption.update($0) }
    } catch let error as ValidationError {
      throw refused(error)
    }
    interruption.end()
    try show(reports, interrupted: false)
  }

  /// Says what is wrong with the arguments as the parser does; it would show how the program is used, not this command.
  private func refused(_ error: ValidationError) -> ExitCode {
    let usage = Adjoint.usageString(for: Cost.self)
    FileHandle.standardError.write(
      Data("Error: \(error.message)\nUsage: \(usage)\n  See 'adjoint cost --help' for more information.\n".utf8))
    return .validationFailure
  }

  private func show(_ reports: [CostReport], interrupted: Bool) throws {
    if let svg { try write(CostPicture(reports).svg, to: svg) }
    if json {
      return try Format.printJSON(
        CostOutput(
          budgetBytes: budget.bytes, timeLimit: limit, functions: reports, picture: svg, interrupted: interrupted))
    }
    let terminal = Terminal.size(STDOUT_FILENO)?.columns
    let columns = min(terminal ?? 80, 100)
    for report in reports {
      print(CostTable(report: report, columns: terminal).text)
      for paragraph in CostWords(report: report).paragraphs {
        print(CostWords.wrapped(paragraph, columns: columns) + "\n")
      }
    }
    if isDisturbed(reports) {
      print("Other programs took much of the processors; --time processor leaves their part out.")
    }
    print("on \(machine)")
    if let svg { print("wrote \(svg)") }
    if interrupted { print("interrupted: what is missing was not measured") }
  }

  private var budget: MemoryBudget { memory.map(MemoryBudget.megabytes) ?? .bytes(TensorMemory.machineBytes / 4) }
  private var limit: Double { timeLimit ?? (quick ? 0.5 : 30) }

  private var machine: String {
    let blas = BLAS.info
    let core = blas.processorCore.isEmpty ? "" : "\(blas.processorCore), "
    let threads = "\(BLAS.threads) thread\(BLAS.threads == 1 ? "" : "s")"
    return "\(core)\(threads), own kernels \(TensorKernels.instructionSet), \(BLAS.description)"
  }

  /// Whether long calls waited for processors: what the clock says is then too much for them, and not for short ones.
  private func isDisturbed(_ reports: [CostReport]) -> Bool {
    guard time == .clock else { return false }
    let long = reports.flatMap(\.measurements).filter { $0.seconds ?? 0 > 0.02 }
    return long.contains { ($0.processorSeconds ?? .infinity) < 0.6 * ($0.seconds ?? 0) }
  }

  private func measured(_ each: ([CostReport]) -> Void) throws -> [CostReport] {
    var seen: Set<CostFunction> = []
    let functions = (self.functions.isEmpty ? [.rosenbrock, .mlp] : self.functions).filter {
      seen.insert($0).inserted
    }
    let limits = CostMeter.Limits(budget: budget, seconds: limit, repeated: quick ? 0.02 : 0.3)
    var run = CostRun(functions, sizes: sizes == nil ? nil : chosenSizes, quick: quick) { function in
      CostMeter(function, products: products, time: time, limits: limits)
    }
    return try run.reports(each)
  }

  private func write(_ text: String, to path: String) throws {
    do throws(FileError) {
      try StagedFile(Data(text.utf8), for: URL(fileURLWithPath: path)).commit()
    } catch {
      throw Failure("cannot write \(path): \(error.reason)")
    }
  }
}
