// swift-tools-version: 6.1
import PackageDescription

// Warnings are errors on the compiler version that the gate runs (see the Makefile), not on every user's.
let isStrict = Context.environment["ACT_STRICT"] == "1"

let swift: [SwiftSetting] =
  [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
  ] + (isStrict ? [.unsafeFlags(["-warnings-as-errors"])] : [])

let c: [CSetting] =
  [.unsafeFlags(["-O3"])] + (isStrict ? [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])] : [])

let package = Package(
  name: "actc",
  products: [
    .executable(name: "actc", targets: ["actc"]),
    .executable(name: "actrun", targets: ["actrun"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0")
  ],
  targets: [
    .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),

    // Numbers that the graph and the C kernels share.
    .target(name: "ActLimits", cSettings: c),
    .target(name: "ActIR", dependencies: ["ActLimits"], swiftSettings: swift),
    .target(name: "ActSignals", cSettings: c),
    .target(name: "ActFormats", dependencies: ["ActSignals", "CPCRE2", "CCrypto"], swiftSettings: swift),
    .target(name: "ActKernels", dependencies: ["ActLimits"], cSettings: c),
    .target(name: "ActGraphs", dependencies: ["ActIR", "ActFormats"], path: "graphs", swiftSettings: swift),
    .target(name: "ActStatistics", dependencies: ["COpenBLAS"], swiftSettings: swift),
    .target(
      name: "ActPasses", dependencies: ["ActIR", "ActStatistics"], path: "passes", swiftSettings: swift),
    .target(name: "ActLowering", dependencies: ["ActIR", "ActFormats"], swiftSettings: swift),
    .target(
      name: "ActRuntime", dependencies: ["ActIR", "ActLowering", "ActFormats", "ActKernels"],
      swiftSettings: swift),
    .target(
      name: "ActCompile",
      dependencies: ["ActIR", "ActPasses", "ActGraphs", "ActFormats", "ActLowering", "ActRuntime"],
      swiftSettings: swift),
    .target(
      name: "ActFit",
      dependencies: [
        "ActIR", "ActStatistics", "ActPasses", "ActFormats", "ActLowering", "ActRuntime", "ActCompile",
      ],
      swiftSettings: swift),
    .target(
      name: "ActTerminal",
      dependencies: [
        "ActSignals", "ActFormats", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: swift),
    .target(name: "ActEval", dependencies: ["ActRuntime", "ActFormats"], swiftSettings: swift),

    .executableTarget(
      name: "actc",
      dependencies: [
        "ActIR", "ActPasses", "ActGraphs", "ActFormats", "ActLowering", "ActRuntime", "ActCompile", "ActFit",
        "ActTerminal", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: swift),
    .executableTarget(
      name: "actrun",
      dependencies: [
        "ActIR", "ActFormats", "ActRuntime", "ActEval", "ActTerminal",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: swift),

    // Times kernels beside the limits of the CPU.
    .target(name: "LimitsOfCPU", path: "Benchmarks/limits", cSettings: c),
    .executableTarget(
      name: "kernel-bench",
      dependencies: [
        "ActKernels", "ActRuntime", "LimitsOfCPU",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Benchmarks/kernels", swiftSettings: swift),

    // Temporary directories for tests.
    .target(name: "Workbench", path: "Tests/Workbench", swiftSettings: swift),
    .testTarget(
      name: "FormatTests", dependencies: ["ActFormats", "Workbench"], resources: [.copy("Fixtures")],
      swiftSettings: swift),
    .testTarget(
      name: "StatisticsTests", dependencies: ["ActStatistics", "ActFormats"], exclude: ["Fixtures"],
      swiftSettings: swift),
    .target(name: "FileCheck", path: "Tests/FileCheck", swiftSettings: swift),
    // Graphs evaluated in double precision, apart from the kernels.
    .target(
      name: "GraphReference", dependencies: ["ActIR", "ActFormats"], path: "Tests/GraphReference",
      swiftSettings: swift),
    .testTarget(
      name: "TextTests",
      dependencies: ["ActIR", "ActFormats", "ActPasses", "FileCheck", "GraphReference", "Workbench"],
      exclude: ["Cases"], swiftSettings: swift),
    .testTarget(
      name: "DocTests", dependencies: ["ActIR", "ActFormats", "ActPasses", "ActTerminal"],
      swiftSettings: swift),
    // What tests of small and of real checkpoints share.
    .target(
      name: "ModelChecks",
      dependencies: [
        "ActIR", "ActFormats", "ActLowering", "ActRuntime", "ActPasses", "ActCompile", "ActFit",
        "Workbench",
      ],
      path: "Tests/ModelChecks", swiftSettings: swift),
    .target(name: "AllocationCounter", path: "Tests/AllocationCounter", cSettings: c),
    .testTarget(
      name: "CheckpointTests",
      dependencies: [
        "ActIR", "ActStatistics", "ActFormats", "ActLowering", "ActRuntime", "ActPasses", "ActGraphs",
        "ActCompile", "ActFit",
        "ActEval", "ModelChecks", "AllocationCounter", "GraphReference", "Workbench",
      ],
      swiftSettings: swift),
    .testTarget(
      name: "RealModelTests",
      dependencies: [
        "ActIR", "ActFormats", "ActLowering", "ActRuntime", "ActPasses", "ActCompile", "ActFit",
        "ModelChecks", "Workbench",
      ],
      swiftSettings: swift),
    .testTarget(
      name: "PlanTests",
      dependencies: [
        "ActIR", "ActFormats", "ActLowering", "ActPasses", "ActCompile", "ModelChecks", "Workbench",
      ],
      swiftSettings: swift),
    // Runs the built actc and actrun as processes.
    .testTarget(
      name: "CommandLineTests",
      dependencies: ["ActEval", "ActFormats", "ActLowering", "ActTerminal", "Workbench"],
      exclude: ["Snapshots"], swiftSettings: swift
    ),
    .testTarget(
      name: "KernelTests", dependencies: ["ActIR", "ActFormats", "ActKernels", "ActRuntime"],
      swiftSettings: swift),
  ],
  cLanguageStandard: .c17
)
