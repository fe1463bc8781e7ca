// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "adjoint",
  platforms: [.macOS(.v26)],
  products: [
    .library(name: "CKernels", targets: ["CKernels"])
  ],
  targets: [
    .target(name: "CKernels", linkerSettings: [.linkedLibrary("m", .when(platforms: [.linux]))]),
  ]
)
