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
      are in values, and the exponents of N, fitted to the larger sizes. In float64.

      Functions:
      \(CostFunction.allCases.map { "  \($0.rawValue): \($0.summary)" }.joined(separator: "\n"))
      """)

  @Argument(help: ArgumentHelp("The functions; rosenbrock and mlp unless told.", valueName: "function"))
  var functions: [CostFunction] = []

  @Option(
    help: ArgumentHelp(
      "Numbers of variables, such as 10,100,1000; what the function offers nearest to them is taken.",
      valueName: "N[,N...]"))
  var sizes: String?

  @Option(help: ArgumentHelp("How many HVPs at one point are measured together.", valueName: "count"))
  var products = 10

  @Option(help: ArgumentHelp("The most memory that a dense Hessian may take.", valueName: "megabytes"))
  var memory = 500.0

  @Option(
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

  @Option(help: ArgumentHelp("Draw time and memory over N into this picture.", valueName: "file.svg"))
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
    guard memory > 0, memory.isFinite else {
      throw ValidationError("--memory is \(memory); it must be above 0")
    }
    if let timeLimit, !(timeLimit > 0 && timeLimit.isFinite) {
      throw ValidationError("--time-limit is \(timeLimit); it must be above 0")
    }
  }

  func run() throws {
    if let svg { try OutputFiles.check(svg) }
    let reports = measured()
    if let svg { try write(CostPicture(reports).svg, to: svg) }
    if json {
      return try Format.printJSON(
        CostOutput(
          budgetBytes: budget.bytes, timeLimit: limit, functions: reports, picture: svg))
    }
    let columns = min(Terminal.size(STDOUT_FILENO)?.columns ?? 80, 100)
    for report in reports {
      print(CostTable(report: report).text)
      for paragraph in CostWords(report: report).paragraphs {
        print(CostWords.wrapped(paragraph, columns: columns) + "\n")
      }
    }
    if isDisturbed(reports) {
      print("Other programs took much of the processors; --time processor leaves their part out.")
    }
    print("on \(machine)")
    if let svg { print("wrote \(svg)") }
  }

  private var budget: MemoryBudget { .megabytes(memory) }
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

  private func measured() -> [CostReport] {
    var seen: Set<CostFunction> = []
    let functions = (self.functions.isEmpty ? [.rosenbrock, .mlp] : self.functions).filter {
      seen.insert($0).inserted
    }
    let plan = functions.map { ($0, (sizes == nil ? nil : chosenSizes) ?? $0.sizes(quick: quick)) }
    let steps = plan.reduce(0) { $0 + $1.1.count * CostOperation.allCases.count }
    var bar = ProgressBar(quiet: false)
    var done = 0
    let start = ContinuousClock.now
    defer { bar.clear() }
    return plan.enumerated().map { position, entry in
      let (function, sizes) = entry
      // With --quick each function has its share of eight seconds, so that all of them get some.
      let share = start + .seconds(8) * Double(position + 1) / Double(plan.count)
      var meter = CostMeter(
        function, products: products, time: time, budget: budget, timeLimit: limit, minimumTime: quick ? 0.02 : 0.3,
        deadline: quick ? share : nil)
      var counts: [Int] = []
      for size in sizes {
        let instance = function.instance(size)
        // Several sizes may be nearest to the same.
        guard !counts.contains(instance.count) else {
          done += CostOperation.allCases.count
          continue
        }
        counts.append(instance.count)
        meter.measure(instance) { operation in
          bar.show(
            Double(done) / Double(steps),
            "\(function.rawValue), N = \(Format.thousands(instance.count)): \(operation.label(products))")
          done += 1
        }
      }
      return CostReport(meter, sizes: counts)
    }
  }

  private func write(_ text: String, to path: String) throws {
    do throws(FileError) {
      try StagedFile(Data(text.utf8), for: URL(fileURLWithPath: path)).commit()
    } catch {
      throw Failure("cannot write \(path): \(error.reason)")
    }
  }
}
