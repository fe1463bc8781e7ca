import Tensor

// What the algorithms ask of their numbers. Each reports what is wrong.

func isTolerance(_ tolerance: Double, _ operation: String) -> Bool {
  check(tolerance >= 0 && tolerance.isFinite, operation, "the tolerance is \(tolerance); it must be 0 or more")
}

func isDamping(_ damping: Double, _ operation: String) -> Bool {
  check(damping.isFinite, operation, "the damping is \(damping); it must be a finite number")
}

func isIterations(_ count: Int, _ operation: String, least: Int = 1) -> Bool {
  check(count >= least, operation, "needs at least \(least) iteration\(least == 1 ? "" : "s"), got \(count)")
}

func isSamples(_ count: Int, _ operation: String) -> Bool {
  check(count > 0, operation, "needs at least one sample, got \(count)")
}

private func check(_ isRight: Bool, _ operation: String, _ message: @autoclosure () -> String) -> Bool {
  if !isRight { Misuse.report(operation, message()) }
  return isRight
}
