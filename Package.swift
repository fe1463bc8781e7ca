// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "adjoint",
  platforms: [.macOS(.v26)],
  products: [
    .library(name: "Autograd", targets: ["Autograd"])
  ],
  targets: [
    .target(
      name: "CBLAS",
      linkerSettings: [
        .linkedLibrary("openblas", .when(platforms: [.linux])),
        .linkedLibrary("lapacke", .when(platforms: [.linux])),
        .linkedFramework("Accelerate", .when(platforms: [.macOS])),
      ]),
    .target(name: "CKernels", linkerSettings: [.linkedLibrary("m", .when(platforms: [.linux]))]),
    .target(name: "Tensor", dependencies: ["CBLAS", "CKernels"]),
    .target(name: "Autograd", dependencies: ["Tensor"]),
  ]
)
