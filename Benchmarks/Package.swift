// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "adjoint-benchmarks",
  platforms: [.macOS(.v26)],
  dependencies: [
    .package(name: "adjoint", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
  ],
  targets: [
    // What the machine's cores are to one another.
    .target(name: "CHost"),
    // What a program would call without the library: the yardstick of the matrix products.
    .target(
      name: "CBareBLAS",
      linkerSettings: [
        .linkedLibrary("openblas", .when(platforms: [.linux])),
        .linkedFramework("Accelerate", .when(platforms: [.macOS])),
      ]),
    .executableTarget(
      name: "workloads",
      dependencies: [
        "CBareBLAS", "CHost",
        "first-gradient",  // so that `swift run workloads` builds it too
        .product(name: "Autograd", package: "adjoint"),
        .product(name: "NN", package: "adjoint"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    // Imports nothing but Autograd: what a program pays before its first gradient.
    .executableTarget(
      name: "first-gradient",
      dependencies: [.product(name: "Autograd", package: "adjoint")]),
  ]
)
