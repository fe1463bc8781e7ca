import Autograd
import Testing

/// What `withTensorErrors` throws for a misuse, as text; nil where there was none.
func misuse(_ body: () throws -> Void) -> String? {
  do {
    try withTensorErrors(body)
    return nil
  } catch {
    return "\(error)"
  }
}

/// The elements as float64, in row-major order.
func doubles(_ x: Tensor) -> [Double] { x.detached().asType(.float64).scalars(as: Double.self) }

/// What `withNaNCheck` throws; nil where it throws nothing.
func nanError(_ body: () throws -> Void) -> NaNError? {
  do {
    try withNaNCheck(body)
    return nil
  } catch {
    return error as? NaNError
  }
}

/// Whether numbers agree to a relative tolerance (absolute below 1).
func near(_ a: [Double], _ b: [Double], _ tolerance: Double = 1e-10) -> Bool {
  a.count == b.count && zip(a, b).allSatisfy { Swift.abs($0 - $1) <= tolerance * Swift.max(1, Swift.abs($1)) }
}

func near(_ a: Tensor, _ b: [Double], _ tolerance: Double = 1e-10) -> Bool { near(doubles(a), b, tolerance) }

/// Numbers written in a test, as float64.
func f64(_ numbers: Double...) -> Tensor { Tensor(numbers) }
func scalar(_ number: Double) -> Tensor { Tensor(number) }
