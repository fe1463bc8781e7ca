import ArgumentParser
import Autograd
import Foundation

/// The workloads, by the names that they have in every engine's table.
enum Workload: String, CaseIterable {
  case opOverhead = "op_overhead"
  case opOverheadForward = "op_overhead_fwd"
  case mlpTiny = "mlp_tiny"
  case mlpDigits = "mlp_digits"
  case mlpMNIST = "mlp_mnist"
  case lenet
  case transformerBlock = "transformer_block"
  case lstm
  case hvpMLP = "hvp_mlp"
  case hessianSmall = "hessian_small"
  case rosenbrock10 = "rosenbrock_10"
  case rosenbrock100 = "rosenbrock_100"
  case rosenbrock1000 = "rosenbrock_1000"
  case perExample = "per_example"
  case burgers = "pinn_burgers"
  case forceMatching = "force_matching"
  case sinSeed = "sin_seed"
  case elementwise1M = "elementwise_1m"
  case elementwise16M = "elementwise_16m"
  case softmaxLayerNorm = "softmax_layernorm"
  case logSumExpReduce = "logsumexp_reduce"
  case matmul64 = "matmul_64"
  case matmul128 = "matmul_128"
  case matmul1024 = "matmul_1024"
  case deepChain = "deep_chain"
  case importTime = "import_time"

  /// Runs in the worker process and reports each variant.
  func run(_ stopwatch: Stopwatch) {
    switch self {
    case .opOverhead: stopwatch.overhead()
    case .opOverheadForward: stopwatch.forwardOverhead()
    case .mlpTiny: stopwatch.tinyNet()
    case .mlpDigits: stopwatch.classifier([64, 128, 10], batch: 64)
    case .mlpMNIST: stopwatch.classifier([784, 512, 256, 10], batch: 128)
    case .lenet: stopwatch.lenet()
    case .transformerBlock: stopwatch.transformerBlock()
    case .lstm: stopwatch.longShortTermMemory()
    case .hvpMLP: stopwatch.hessianVectorProducts()
    case .hessianSmall: stopwatch.smallHessian()
    case .rosenbrock10: stopwatch.rosenbrock(10)
    case .rosenbrock100: stopwatch.rosenbrock(100)
    case .rosenbrock1000: stopwatch.rosenbrock(1000)
    case .perExample: stopwatch.gradientsPerExample()
    case .burgers: stopwatch.burgers()
    case .forceMatching: stopwatch.forceMatching()
    case .sinSeed: stopwatch.sineSeeds()
    case .elementwise1M: stopwatch.elementwise(1 << 20)
    case .elementwise16M: stopwatch.elementwise(1 << 24)
    case .softmaxLayerNorm: stopwatch.softmaxOfLayerNorm()
    case .logSumExpReduce: stopwatch.reductions()
    case .matmul64: stopwatch.matrixProduct(64)
    case .matmul128: stopwatch.matrixProduct(128)
    case .matmul1024: stopwatch.matrixProduct(1024)
    case .deepChain: stopwatch.deepChain()
    case .importTime: break  // times processes, and so belongs to the runner
    }
  }
}

/// What happens in the process of one workload.
enum Worker {
  static let peakName = "#peak"

  static func run(_ workload: Workload, variant: String?) {
    let stopwatch = Stopwatch(workload: workload.rawValue, selected: variant)
    workload.run(stopwatch)
    stopwatch.report(peakName, Measurement(peakMegabytes: Host.peakMegabytes().rounded()))
  }
}

@main
struct Workloads: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Times Adjoint on the workloads that its peers are timed on.",
    discussion: """
      Results go into a JSON file in the form of the peers' runner: results -> engine -> workload. With \
      --merge, what the file holds already (of the peers, and of other workloads) is kept.
      """)

  @Option(help: ArgumentHelp("Write results to this file.", valueName: "file"))
  var json: String?

  @Option(help: ArgumentHelp("Run these workloads only, separated by commas.", valueName: "names"))
  var only: String?

  @Option(help: "Threads that one operator may use.")
  var threads = 2

  @Flag(help: "Keep what the file holds already.")
  var merge = false

  @Flag(help: "With --merge: run only what is missing or was disturbed by other programs.")
  var onlyNoisy = false

  @Option(
    help: ArgumentHelp("Wait up to this long for an idle machine before each run.", valueName: "seconds"))
  var quiet = 60.0

  @Option(help: "Repeat a disturbed run up to this often.")
  var retries = 1

  @Option(help: ArgumentHelp("End a workload that takes longer.", valueName: "seconds"))
  var limit = 240.0

  @Option(
    name: .customLong("table"),
    help: ArgumentHelp("Print the table of a file, and run nothing.", valueName: "file"))
  var tableFile: String?

  @Flag(help: "Do not print the table at the end.")
  var noTable = false

  @Flag(help: "List the workloads, and run nothing.")
  var list = false

  @Option(help: ArgumentHelp("Run one workload in this process, for profilers.", valueName: "name"))
  var worker: String?

  @Option(
    help: ArgumentHelp("With --worker: time this variant only; empty for the headline.", valueName: "name"))
  var variant: String?

  func validate() throws {
    if threads < 1 { throw ValidationError("--threads takes a number of at least 1, not \(threads)") }
    if retries < 0 { throw ValidationError("--retries takes a number of at least 0, not \(retries)") }
    if merge && json == nil { throw ValidationError("--merge adds to a file: say which with --json") }
    if onlyNoisy && !merge { throw ValidationError("--only-noisy goes with --merge") }
    if let worker { _ = try Self.workloads(worker) }
    _ = try Self.workloads(only)
  }

  private static func workloads(_ names: String?) throws -> [Workload] {
    guard let names, names != "all" else { return Workload.allCases }
    return try names.split(separator: ",").map {
      guard let workload = Workload(rawValue: String($0)) else {
        throw ValidationError(
          "there is no workload \($0), only " + Workload.allCases.map(\.rawValue).joined(separator: ", "))
      }
      return workload
    }
  }

  func run() throws {
    if let worker { return Worker.run(try Self.workloads(worker)[0], variant: variant) }
    if list { return print(Workload.allCases.map(\.rawValue).joined(separator: "\n")) }
    if let tableFile { return Table(try ResultsFile(reading: tableFile)).print() }
    var file = ResultsFile()
    if merge, let json, FileManager.default.fileExists(atPath: json) { file = try ResultsFile(reading: json) }
    let runner = Runner(threads: threads, quietSeconds: quiet, retries: retries, limitSeconds: limit)
    BLAS.threads = threads
    print(BLAS.description)
    for workload in try Self.workloads(only) {
      if onlyNoisy && file.isClean(workload.rawValue) { continue }
      try file.set(workload.rawValue, runner.run(workload))
      file.describe(threads: threads)
      if let json { try file.write(to: json) }
    }
    if !noTable { Table(file).print() }
  }
}
