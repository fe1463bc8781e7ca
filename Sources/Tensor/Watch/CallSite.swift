import Synchronization

#if canImport(Runtime)
  import Runtime
#endif

/// Where an operator was called: the return addresses, from which the user's line is found only if it is asked for,
/// since reading a program's debug information can take a second.
struct CallSite: Sendable {
  /// The first function outside of the package's own modules, and the first line there that the program's debug
  /// information tells: the call's, or, where an optimizer lost that, an outer one's.
  struct Place: Sendable {
    /// As debug information tells it: relative where it lies below the directory that the package was built in, in
    /// optimized code.
    var file: String?
    var line: Int?
    var function: String?

    /// " at Loss.swift:31", or what is known of that.
    var words: String {
      if let file, let line { return " at \(file.split(separator: "/").last ?? ""):\(line)" }
      return function.map { " in \($0)" } ?? ""
    }
  }

  #if canImport(Runtime)
    /// Capturing is cheap where the loaded libraries are known already; what was loaded since is found later.
    private static let images = ImageMap.capture()
    private static let known = Mutex<[String: Place]>([:])

    private let backtrace: Backtrace?

    init() { backtrace = try? Backtrace.capture(limit: 64, images: CallSite.images) }

    var place: Place {
      guard let backtrace else { return Place() }
      let addresses = backtrace.frames.map { "\($0)" }.joined(separator: " ")
      if let place = CallSite.known.withLock({ $0[addresses] }) { return place }
      let place = CallSite.resolved(backtrace)
      CallSite.known.withLock { $0[addresses] = place }
      return place
    }

    private static func resolved(_ backtrace: Backtrace) -> Place {
      var first = Place()
      for frame in backtrace.symbolicated(with: ImageMap.capture())?.frames ?? [] {
        guard let symbol = frame.symbol, !frame.isSwiftThunk, !isOurs(symbol) else { continue }
        // Where the compiler merged functions of equal code, neither name nor line is the caller's.
        if symbol.rawName.hasSuffix("Tm") { continue }
        first.function = first.function ?? symbol.name
        // What the compiler or a macro wrote is in no file, and optimized code may have lost its line.
        guard let location = symbol.sourceLocation, location.line > 0, !location.path.contains("@__swiftmacro") else {
          continue
        }
        return Place(file: location.path, line: location.line, function: first.function)
      }
      return first
    }

    private static func isOurs(_ symbol: SymbolicatedBacktrace.Symbol) -> Bool {
      symbol.isSystemFunction || isOurs(path: symbol.sourceLocation?.path, symbol: symbol.rawName)
    }
  #else
    var place: Place { Place() }
  #endif

  /// Whether a frame is the package's own, by its file as debug information tells it and its mangled name.
  ///
  /// The file decides where it is known, since optimized code puts functions of one module into those of another. Its
  /// path is relative where it lies below the directory that the compiler was started in, which is that of whatever
  /// package is built.
  static func isOurs(path: String?, symbol: String) -> Bool {
    guard let path, !path.isEmpty, !path.contains("<compiler-generated>") else {
      return modules.contains { symbol.hasPrefix("$s\($0.utf8.count)\($0)") }
    }
    return modules.contains { module in
      path.hasPrefix("Sources/\(module)/") || path.contains("/Sources/\(module)/")
    }
  }

  private static let modules = ["Tensor", "Autograd", "NN"]
}
