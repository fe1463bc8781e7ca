// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "adjoint",
  platforms: [.macOS(.v26)],
  products: [
    .library(name: "Autograd", targets: ["Autograd"]),
    .library(name: "NN", targets: ["NN"]),
    .library(name: "Plot", targets: ["Plot"]),
    .executable(name: "adjoint", targets: ["adjoint"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0")
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
    .target(name: "NN", dependencies: ["Autograd"]),
    .target(name: "Plot"),
    .executableTarget(
      name: "adjoint",
      dependencies: [
        "Autograd", "NN", "Plot",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      resources: [.copy("Resources/digits.csv"), .copy("Resources/ATTRIBUTION.md")]),
    .target(name: "CaseRunner", dependencies: ["Autograd"]),
    .executableTarget(
      name: "check-cases",
      dependencies: ["CaseRunner", .product(name: "ArgumentParser", package: "swift-argument-parser")]),
    .executableTarget(name: "FirstSteps", dependencies: ["Autograd"], path: "Examples/FirstSteps"),
    .testTarget(name: "DocumentationTests", dependencies: ["NN", "CKernels"]),
    .testTarget(name: "TensorTests", dependencies: ["Autograd", "Tensor", "CKernels", "CBLAS"]),
    .testTarget(name: "AutogradTests", dependencies: ["Autograd", "Tensor", "CKernels", "CBLAS"]),
    .testTarget(name: "CatalogTests", dependencies: ["Autograd"]),
    .testTarget(name: "CaseTests", dependencies: ["CaseRunner"], exclude: ["Cases"]),
    .testTarget(name: "NNTests", dependencies: ["NN"]),
    .testTarget(name: "PlotTests", dependencies: ["Plot"]),
    .testTarget(
      name: "CommandTests", dependencies: ["adjoint", "FirstSteps", "NN"], resources: [.copy("Expected")]),
  ]
)
