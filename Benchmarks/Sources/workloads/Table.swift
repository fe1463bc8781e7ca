import Foundation

/// The file's medians side by side, with this engine's ratio to the fastest peer.
struct Table {
  let file: ResultsFile

  init(_ file: ResultsFile) { self.file = file }

  private let own = ResultsFile.engine
  private var peers: [String] { file.engines.filter { $0 != own } }

  func print() {
    let rows = names
    let hasPeers = !peers.isEmpty
    Swift.print("\nMedian microseconds an iteration" + (hasPeers ? "; ratio = adjoint / fastest peer" : ""))
    let head = ["workload"] + file.engines + (hasPeers ? ["fastest peer", "ratio"] : [])
    Swift.print("| " + head.joined(separator: " | ") + " |\n|" + String(repeating: "---|", count: head.count))
    for name in rows {
      var cells = [name] + file.engines.map { cell($0, name) }
      if hasPeers {
        let fastest = fastestPeer(name)
        cells.append(fastest?.engine ?? "")
        cells.append(ratio(median(name), fastest?.time).map { String(format: "%.3f", $0) } ?? "")
      }
      Swift.print("| " + cells.joined(separator: " | ") + " |")
    }
    printTargets()
    printHandover()
    printChecks()
  }

  /// The names in the order of the workloads, variants after their headline.
  private var names: [String] {
    let all = Set(file.engines.flatMap { file.names($0) })
    return Workload.allCases.flatMap { workload in
      all.filter { $0.split(separator: ".")[0] == workload.rawValue }.sorted()
    }
  }

  private func median(_ name: String) -> Double? { file.figure(own, name) }

  private func cell(_ engine: String, _ name: String) -> String {
    guard let time = file.figure(engine, name) else { return file.failed(engine, name) ? "ERR" : "-" }
    return time < 1000 ? String(format: "%.4g", time) : String(format: "%.0f", time)
  }

  /// A compiler that sees the whole of op_overhead folds its 2000 operators into one multiplication; what
  /// recording costs there is in the engine's variants, and its headline is no peer of ours.
  private func isFolded(_ engine: String, _ name: String) -> Bool {
    engine == "jax" && (name == "op_overhead" || name == "op_overhead_fwd")
  }

  private func fastestPeer(_ name: String) -> (engine: String, time: Double)? {
    peers.compactMap { engine in
      isFolded(engine, name) ? nil : file.figure(engine, name).map { (engine, $0) }
    }.min { $0.1 < $1.1 }
  }

  private func ratio(_ a: Double?, _ b: Double?) -> Double? {
    guard let a, let b, b > 0 else { return nil }
    return a / b
  }

  // MARK: Targets

  private func printTargets() {
    let targets = targets.compactMap { what, figure, limit in figure.map { (what, $0, limit) } }
    if targets.isEmpty { return }
    Swift.print("\n| target | figure | at most | |\n|---|---|---|---|")
    for (what, figure, limit) in targets {
      let verdict = figure <= limit ? "met" : "missed"
      Swift.print(
        "| \(what) | \(String(format: "%.3g", figure)) | \(String(format: "%g", limit)) | \(verdict) |")
    }
  }

  private var targets: [(what: String, figure: Double?, limit: Double)] {
    func operators(_ variant: String) -> Double? { file.figure(own, "op_overhead." + variant, "ns_per_op") }
    func against(_ peer: String, _ name: String) -> Double? { ratio(median(name), file.figure(peer, name)) }
    func againstFastest(_ name: String, peers: [String]) -> Double? {
      ratio(median(name), peers.compactMap { fastestPeer($0)?.time }.min())
    }
    var list: [(String, Double?, Double)] = [
      ("recording, ns an operator", operators("record"), 100),
      ("backward, ns an operator", operators("backward"), 100),
      ("freeing the graph, ns an operator", operators("free"), 60),
      ("no-grad, ns an operator", operators("nograd"), 60),
      ("mlp_tiny / JAX jit", against("jax", "mlp_tiny"), 0.35),
      ("mlp_digits / JAX jit", against("jax", "mlp_digits"), 0.7),
      ("elementwise_1m / torch.compile", against("torch_compile", "elementwise_1m"), 0.8),
      ("pinn_burgers / fastest peer", againstFastest("pinn_burgers", peers: ["pinn_burgers"]), 0.5),
      ("force_matching / fastest peer", againstFastest("force_matching", peers: ["force_matching"]), 0.6),
      (
        "hvp_mlp: value + gradient + product / fastest peer's product",
        againstFastest("hvp_mlp.value_grad_hvp", peers: ["hvp_mlp.hvp_for", "hvp_mlp.hvp_ror"]), 0.85
      ),
      (
        "hvp_mlp: value + gradient + product / gradient",
        ratio(median("hvp_mlp.value_grad_hvp"), median("hvp_mlp.grad")), 2.6
      ),
      (
        "hvp_mlp: a further product / gradient", ratio(median("hvp_mlp.product"), median("hvp_mlp.grad")), 1.4
      ),
      ("hessian_small / fastest peer", againstFastest("hessian_small", peers: ["hessian_small"]), 0.7),
      (
        "rosenbrock_1000.hess / fastest peer",
        againstFastest("rosenbrock_1000.hess", peers: ["rosenbrock_1000.hess"]), 0.8
      ),
      (
        "rosenbrock_1000.sparse / fastest peer's dense one",
        againstFastest("rosenbrock_1000.sparse", peers: ["rosenbrock_1000.hess"]), 0.08
      ),
      (
        "the same, its pattern not checked",
        againstFastest("rosenbrock_1000.sparse_unchecked", peers: ["rosenbrock_1000.hess"]), 0.08
      ),
    ]
    for size in [64, 128, 1024] {
      list.append(
        (
          "matmul_\(size): product / bare cblas",
          ratio(median("matmul_\(size).product"), median("matmul_\(size).cblas_product")), 1.05
        ))
    }
    for name in [
      "mlp_mnist", "lenet", "transformer_block", "lstm", "lstm.lstm_fused", "softmax_layernorm", "logsumexp_reduce",
    ] {
      list.append(("\(name) / fastest peer", ratio(median(name), fastestPeer(name)?.time), 1.5))
    }
    list.append(("import_time, ms", median("import_time").map { $0 / 1000 }, 25))
    list.append(("deep_chain / PyTorch", against("torch", "deep_chain"), 0.05))
    return list
  }

  /// Where the cores share no cache, work on both takes longer, whoever does it.
  private func printHandover() {
    let times = file.names(own).compactMap { file.figure(own, $0, "handover_ns") }
    guard let least = times.min(), let most = times.max() else { return }
    Swift.print(String(format: "\nFrom core to core and back: %.0f to %.0f ns", least, most))
  }

  // MARK: Checks

  /// Every check value against the median of all engines', at 2e-3.
  private func printChecks() {
    var found: [String: [(value: Double, engine: String, name: String)]] = [:]
    for engine in file.engines {
      for name in file.names(engine) {
        for (key, value) in file.check(engine, name) {
          found[name.split(separator: ".")[0] + " " + key, default: []].append((value, engine, name))
        }
      }
    }
    var mismatches: [String] = []
    for key in found.keys.sorted() {
      let values = found[key]!
      let middle = values.map(\.value).sorted()[values.count / 2]
      for (value, engine, name) in values where !(abs(value - middle) <= 2e-3 * max(abs(middle), 1e-12)) {
        mismatches.append("\(name) \(engine): \(key.split(separator: " ")[1]) = \(value), others \(middle)")
      }
    }
    Swift.print(
      "\nCheck values that differ: " + (mismatches.isEmpty ? "none" : mismatches.joined(separator: "; ")))
  }
}
