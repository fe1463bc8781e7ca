import Autograd
import Foundation

/// The file of results: an object for each engine, which holds an object for each workload.
///
/// Everything in it that this program does not write (other engines, other fields) stays as it is.
struct ResultsFile {
  static let engine = "adjoint"

  private var root: [String: Any]

  init() { root = ["results": [String: Any]()] }

  init(reading path: String) throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    guard let root = try JSONSerialization.jsonObject(with: data) as? [String: Any],
      root["results"] is [String: Any]
    else { throw Runner.Failure("\(path) holds no results") }
    self.root = root
  }

  func write(to path: String) throws {
    let data = try JSONSerialization.data(withJSONObject: root, options: [.prettyPrinted, .sortedKeys])
    try data.write(to: URL(fileURLWithPath: path), options: .atomic)
  }

  /// Says what was measured: the date, the machine, the versions.
  mutating func describe(threads: Int) {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.dateFormat = "yyyy-MM-dd HH:mm:ss"
    root["threads"] = threads
    root["date"] = formatter.string(from: Date())
    #if arch(x86_64)
      if root["cpu"] == nil { root["cpu"] = "x86_64" }
    #elseif arch(arm64)
      if root["cpu"] == nil { root["cpu"] = "arm64" }
    #endif
    var versions = root["versions"] as? [String: Any] ?? [:]
    versions[Self.engine] = BLAS.description
    root["versions"] = versions
  }

  /// Puts a workload's figures in the place of those that are there, all variants of them.
  mutating func set(_ workload: String, _ measurements: [String: Measurement]) throws {
    var results = self.results
    var own = results[Self.engine] ?? [:]
    own = own.filter { $0.key.split(separator: ".")[0] != workload }
    for (name, measurement) in measurements {
      own[name] = try JSONSerialization.jsonObject(with: JSONEncoder().encode(measurement))
    }
    results[Self.engine] = own
    root["results"] = results
  }

  private var results: [String: [String: Any]] { root["results"] as? [String: [String: Any]] ?? [:] }

  /// Whether a workload was run and nothing disturbed it.
  func isClean(_ workload: String) -> Bool {
    let own = (results[Self.engine] ?? [:]).filter { $0.key.split(separator: ".")[0] == workload }
    return !own.isEmpty && own.keys.allSatisfy { (figure(Self.engine, $0, "ext_cpu") ?? 9) < 0.15 }
  }

  /// The peers' order first, then any other engine.
  var engines: [String] {
    let order = [
      Self.engine, "torch", "torch_malloc", "torch_compile", "jax", "mlx", "mlx_openblas", "autograd",
      "tinygrad",
    ]
    return order.filter { results[$0] != nil } + results.keys.filter { !order.contains($0) }.sorted()
  }

  func names(_ engine: String) -> [String] { results[engine].map { Array($0.keys) } ?? [] }

  private func entry(_ engine: String, _ name: String) -> [String: Any]? {
    results[engine]?[name] as? [String: Any]
  }

  func failed(_ engine: String, _ name: String) -> Bool { entry(engine, name)?["error"] != nil }

  func figure(_ engine: String, _ name: String, _ field: String = "median_us") -> Double? {
    (entry(engine, name)?[field] as? NSNumber)?.doubleValue
  }

  func check(_ engine: String, _ name: String) -> [String: Double] {
    let values = entry(engine, name)?["check"] as? [String: Any] ?? [:]
    return values.compactMapValues { ($0 as? NSNumber)?.doubleValue }
  }
}
