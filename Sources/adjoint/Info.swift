import ArgumentParser
import NN

/// `adjoint info`
struct Info: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what runs: the matrix library and its kernels, our own kernels, threads, memory.")

  @Flag(help: "Print it as JSON.")
  var json = false

  func run() throws {
    let blas = BLAS.info
    if json {
      return try Format.printJSON(
        InfoReport(
          version: Adjoint.version, blasVendor: blas.vendor, blasVersion: blas.version,
          blasDetectedCore: blas.detectedCore, blasCore: blas.core, processorCore: blas.processorCore,
          blasRepaired: blas.isRepaired, blasForced: blas.isForced,
          instructionSet: TensorKernels.instructionSet, threads: blas.threads,
          cacheLimit: TensorMemory.cacheLimit))
    }
    func known(_ text: String) -> String { text.isEmpty ? "not known" : text }
    var core = known(blas.core)
    if blas.isRepaired {
      core += ", chosen here: for this processor the library's own choice is far too slow"
    }
    if blas.isForced { core += ", chosen by OPENBLAS_CORETYPE" }
    print(
      """
      Adjoint          \(Adjoint.version)
      BLAS             \(BLAS.description)
        vendor         \(blas.vendor)
        version        \(known(blas.version))
        core detected  \(blas.isForced ? "not asked, OPENBLAS_CORETYPE is set" : known(blas.detectedCore))
        core used      \(core)
        processor      \(known(blas.processorCore))
      own kernels      \(TensorKernels.instructionSet)
      threads          \(blas.threads)
      memory cache     up to \(Format.thousands(TensorMemory.cacheLimit >> 20)) MiB
      """)
  }
}

/// What `--json` prints.
private struct InfoReport: Encodable {
  let version: String
  let blasVendor: String
  let blasVersion: String
  let blasDetectedCore: String
  let blasCore: String
  let processorCore: String
  let blasRepaired: Bool
  let blasForced: Bool
  let instructionSet: String
  let threads: Int
  let cacheLimit: Int
}
