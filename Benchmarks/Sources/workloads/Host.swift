import CHost
import Foundation

/// What the machine does besides the measurement.
enum Host {
  /// Processor seconds that all programs used so far, and those that a hypervisor took away; nil where the
  /// system does not tell.
  static func processorSeconds() -> (busy: Double, steal: Double)? {
    guard let text = try? String(contentsOfFile: "/proc/stat", encoding: .utf8),
      let line = text.split(separator: "\n").first
    else { return nil }
    let ticks = line.split(separator: " ").dropFirst().prefix(8).compactMap { Double($0) }
    guard ticks.count == 8 else { return nil }
    return ((ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6]) / 100, ticks[7] / 100)
  }

  /// Processor seconds of this process and of those it started and waited for.
  static func ownSeconds() -> Double {
    func seconds(_ who: Int32) -> Double {
      var usage = rusage()
      getrusage(who, &usage)
      return [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) * 1e-6 }
    }
    return seconds(0) + seconds(-1)  // RUSAGE_SELF, RUSAGE_CHILDREN
  }

  /// The most memory that this process ever had in use, in MB.
  static func peakMegabytes() -> Double {
    #if os(Linux)
      // Unlike getrusage's, this figure does not begin with that of the parent process.
      let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
      let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
      return line.flatMap { Double($0.filter(\.isNumber)) }.map { $0 / 1024 } ?? .nan
    #else
      var usage = rusage()
      getrusage(0, &usage)
      return Double(usage.ru_maxrss) / (1024 * 1024)
    #endif
  }

  /// Waits until other programs use less than 0.15 processors over a second, at most `limit` seconds.
  static func waitUntilQuiet(_ limit: Double) {
    let start = now()
    while let before = processorSeconds() {
      Thread.sleep(forTimeInterval: 1)
      guard let after = processorSeconds(), after.busy - before.busy >= 0.15, now() - start < limit * 1e6
      else { return }
    }
  }

  /// The time of a fixed loop of integer arithmetic, in microseconds: shows a slower clock or a busy sibling
  /// core, which no counter does. Scaled so as to read 1000 where the peers' loop in Python does.
  static func canary() -> Double {
    func once() -> Double {
      let start = now()
      var a: UInt64 = 1
      var b: UInt64 = 2
      var c: UInt64 = 3
      var d: UInt64 = 4
      for i in 0..<canaryRounds {
        a = (a ^ (a >> 29)) &* 0xbf58_476d_1ce4_e5b9 &+ i
        b = (b ^ (b >> 27)) &* 0x94d0_49bb_1331_11eb &+ i
        c = (c ^ (c >> 31)) &* 0xd6e8_feb8_6659_fd93 &+ i
        d = (d ^ (d >> 30)) &* 0x9e37_79b9_7f4a_7c15 &+ i
      }
      let time = now() - start
      return a ^ b ^ c ^ d == 0 ? .nan : time  // so that the loop is not dead code
    }
    return (0..<8).map { _ in once() }.min()!
  }

  private static let canaryRounds: UInt64 = 316_000

  /// The time in which a number goes from one core to another and back, in nanoseconds; nil on one core. About 60 where the two share a cache, 400 where a virtual machine's lie apart: small work that two
  /// threads share then takes up to twice as long.
  static func handover() -> Double? {
    let time = handover_nanoseconds()
    return time > 0 ? time : nil
  }
}
