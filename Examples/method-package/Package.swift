// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "affine-edit",
  dependencies: [
    // Elsewhere: .package(url: "URL of this repository", from: "0.1.0"), whose last part the products then name.
    .package(name: "actc", path: "../..")
  ],
  targets: [
    .target(
      name: "AffineEditMethod",
      dependencies: [.product(name: "ActIR", package: "actc"), .product(name: "ActPasses", package: "actc")]),
    .executableTarget(
      name: "actc-affine-edit",
      dependencies: ["AffineEditMethod", .product(name: "ActCommands", package: "actc")]),
    .testTarget(
      name: "AffineEditMethodTests",
      dependencies: [
        "AffineEditMethod", .product(name: "ActIR", package: "actc"),
        .product(name: "ActPasses", package: "actc"),
        .product(name: "ActMethodChecks", package: "actc"),
      ]),
  ]
)
