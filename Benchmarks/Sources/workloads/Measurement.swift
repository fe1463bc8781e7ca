import Autograd
import Foundation

/// Figures of one workload (or of one variant of it), as they stand in the file.
struct Measurement: Codable {
  var medianMicroseconds: Double?
  var minMicroseconds: Double?
  var p90Microseconds: Double?
  var cpuMicroseconds: Double?
  var iterations: Int?
  var firstCallSeconds: Double?
  var backwardMicroseconds: Double?
  var nanosecondsPerOperator: Double?
  var check: [String: Double]?
  var peakMegabytes: Double?
  var graphMegabytes: Double?
  var foreignCPU: Double?
  var steal: Double?
  var canaryMicroseconds: Double?
  var handoverNanoseconds: Double?
  var error: String?

  enum CodingKeys: String, CodingKey {
    case medianMicroseconds = "median_us"
    case minMicroseconds = "min_us"
    case p90Microseconds = "p90_us"
    case cpuMicroseconds = "cpu_us"
    case iterations = "iters"
    case firstCallSeconds = "first_call_s"
    case backwardMicroseconds = "bwd_us"
    case nanosecondsPerOperator = "ns_per_op"
    case check
    case peakMegabytes = "peak_rss_mb"
    case graphMegabytes = "graph_mb"
    case foreignCPU = "ext_cpu"
    case steal
    case canaryMicroseconds = "canary_us"
    case handoverNanoseconds = "handover_ns"
    case error
  }
}

extension Double {
  /// Rounded to so many digits after the point.
  func rounded(digits: Int) -> Double {
    let scale = pow(10, Double(digits))
    return (self * scale).rounded() / scale
  }

  /// Rounded to so many significant digits.
  func rounded(significant digits: Int) -> Double { Double(String(format: "%.\(digits)g", self)) ?? self }
}

/// The time by a clock that never goes back, in microseconds.
@inline(__always)
func now() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) * 1e-3
}

/// The processor time of all threads of this process, in microseconds.
func processorTime() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) * 1e-3
}

/// Times the variants of one workload and prints each as a line for the runner.
///
/// The protocol is the peers': one call, the check, 0.3 s of warming up, then at least 0.6 s and five
/// iterations (at most 8 s); the median is reported. What an iteration returns is released in the next.
struct Stopwatch {
  let workload: String
  var selected: String?

  func name(_ variant: String) -> String { variant.isEmpty ? workload : workload + "." + variant }

  /// - Parameters:
  ///   - variant: Empty for the workload's headline.
  ///   - operators: How many recorded operators an iteration has, where the time of one is of interest.
  ///   - body: An iteration.
  ///   - check: Numbers that must be the same in every engine, from what the first iteration gives.
  ///   - prepare: Runs before each iteration, untimed.
  func measure<Output>(
    _ variant: String = "", operators: Int? = nil, _ body: () -> Output,
    check: (Output) -> [String: Double] = { _ in [:] }, prepare: () -> Void = {}
  ) {
    if let selected, selected != variant { return }
    prepare()
    let start = now()
    var kept = body()
    var result = Measurement(firstCallSeconds: (now() - start) * 1e-6)
    result.check = check(kept).mapValues { $0.rounded(significant: 6) }
    time(variant, operators, &result) {
      prepare()
      let start = now()
      kept = body()
      return now() - start
    }
  }

  /// An iteration is one step of training, which gives its loss; the check is the loss of steps 1 and 10.
  /// `reset` goes back to the first step, untimed, every 100 steps.
  func measureSteps(_ variant: String = "", _ step: () -> Tensor, reset: () -> Void) {
    if let selected, selected != variant { return }
    reset()
    let start = now()
    var kept = step()
    var result = Measurement(firstCallSeconds: (now() - start) * 1e-6)
    var losses = [kept.item()]
    while losses.count < 10 {
      kept = step()
      losses.append(kept.item())
    }
    result.check = ["loss1": losses[0], "loss10": losses[9]].mapValues { $0.rounded(significant: 6) }
    reset()
    var count = 0
    time(variant, nil, &result) {
      if count % 100 == 0 { reset() }
      count += 1
      let start = now()
      kept = step()
      return now() - start
    }
  }

  /// `iteration` gives its own time.
  private func time(
    _ variant: String, _ operators: Int?, _ result: inout Measurement, _ iteration: () -> Double
  ) {
    var count = 0
    let start = now()
    while (now() - start < 0.3e6 && count < 500) || count < 2 {
      _ = iteration()
      count += 1
      if now() - start > 2e6 { break }
    }
    var times: [Double] = []
    var total = 0.0
    let processor = processorTime()
    while (total < 0.6e6 || times.count < 5) && total < 8e6 {
      let time = iteration()
      times.append(time)
      total += time
    }
    let spent = (processorTime() - processor) / Double(times.count)
    times.sort()
    let median = percentile(times, 0.5)
    result.medianMicroseconds = median.rounded(digits: 3)
    result.minMicroseconds = times[0].rounded(digits: 3)
    result.p90Microseconds = percentile(times, 0.9).rounded(digits: 3)
    result.cpuMicroseconds = spent.rounded(digits: 3)
    result.iterations = times.count
    result.firstCallSeconds = result.firstCallSeconds?.rounded(digits: 6)
    result.nanosecondsPerOperator = operators.map { (median * 1e3 / Double($0)).rounded(digits: 1) }
    report(name(variant), result)
  }

  /// Hands figures to the runner.
  func report(_ name: String, _ measurement: Measurement) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    guard let line = try? encoder.encode([name: measurement]) else { return }
    print("@@" + String(decoding: line, as: UTF8.self))
  }
}

/// The value below which a fraction of the sorted numbers lies, interpolated.
func percentile(_ sorted: [Double], _ fraction: Double) -> Double {
  let position = fraction * Double(sorted.count - 1)
  let lower = Int(position)
  let upper = min(lower + 1, sorted.count - 1)
  return sorted[lower] + (sorted[upper] - sorted[lower]) * (position - Double(lower))
}
