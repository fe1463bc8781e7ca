import Autograd

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Prints when the first gradient of a process was there, and the gradient.
@main
enum FirstGradient {
  static func main() {
    let x = Tensor(0.5, requiresGrad: true)
    sin(x).backward()
    let gradient = x.grad!.item()
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    print(Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9, gradient)
  }
}
