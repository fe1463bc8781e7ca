import Testing

@testable import Tensor

/// Frames as debug and optimized programs showed them, of the package itself and of one that uses it.
struct CallSiteTests {
  private static let ours: [(path: String?, symbol: String)] = [
    // Inlined in optimized code: relative to the directory that the compiler was started in.
    ("Sources/Tensor/Tensor.swift", "$s6Tensor11withoutGradyxxyq_YKXEq_YKs5ErrorR_r0_lFAA8NaNErrorV_s5NeverOTg5"),
    ("Sources/Tensor/Formula/Apply.swift", "$s6Tensor7FormulaC5applyyA2AVAE_s5SIMD2VySdGtF"),
    ("Sources/Autograd/Recording.swift", "$s8Autograd9RecordingV"),
    ("Sources/NN/Optimizers/SGD.swift", "$s2NN3SGDC"),
    // The same in a package that has this one checked out.
    (
      ".build/checkouts/adjoint/Sources/Autograd/BackwardWalk.swift",
      "$s8Autograd12BackwardWalkC3runyyxAA0C7TargetsRzlF"
    ),
    ("/home/me/app/.build/checkouts/adjoint/Sources/Tensor/Tensor.swift", "$s6Tensor0A0V"),
    ("/home/me/adjoint/Sources/Tensor/Operators/Pointwise/Binary.swift", "$s6Tensor3powyA2AVAC_SdtF"),
    // A thunk that is nobody's by its name.
    ("/home/me/adjoint/Sources/Tensor/Watch/NaNCheck.swift", "$sxIgr_xs5NeverOIegrzr_lTR6Tensor8NaNErrorV_TG5"),
    // Without a file.
    (nil, "$s6Tensor3expyA2AVACFTm"), ("", "$s8Autograd4gradyyF"), ("//<compiler-generated>", "$s2NN6LinearC"),
  ]

  private static let others: [(path: String?, symbol: String)] = [
    ("Sources/App/Loss.swift", "$s3App4lossy6Tensor0B0VADF"), ("/home/me/app/Sources/App/main.swift", "main"),
    ("Examples/FirstSteps/main.swift", "$s10FirstSteps6rootedy6Tensor0D0VADF"),
    ("/home/me/adjoint/Tests/AutogradTests/NaNCheckTests.swift", "$s13AutogradTests08NaNCheckB0V"),
    // An extension of the package's type in another module, and a specialization there.
    ("Sources/App/Tensor.swift", "$s6Tensor0A0V3AppE4lossACyF"), ("MySources/Tensor.swift", "$s3App1fyyF"),
    (nil, "$s5ProbeyyXEfU_Tm"), ("//<compiler-generated>", "$s3App4lossyyF"), (nil, "main"),
  ]

  @Test func ownFramesAreKnownByFileOrName() {
    for (path, symbol) in Self.ours {
      #expect(CallSite.isOurs(path: path, symbol: symbol), "\(path ?? "nil") \(symbol)")
    }
  }

  @Test func othersAreNot() {
    for (path, symbol) in Self.others {
      #expect(!CallSite.isOurs(path: path, symbol: symbol), "\(path ?? "nil") \(symbol)")
    }
  }
}
