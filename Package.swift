// swift-tools-version: 6.1
import PackageDescription

// Warnings are errors on the compiler version that the gate runs (see the Makefile), not on every user's.
// Nobody can depend on a package with unsafe flags; without the variable this one has none.
let isStrict = Context.environment["ACT_STRICT"] == "1"

let swift: [SwiftSetting] =
  [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
  ] + (isStrict ? [.unsafeFlags(["-warnings-as-errors"])] : [])

let c: [CSetting] = isStrict ? [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])] : []

let package = Package(
  name: "actc",
  products: [
    .executable(name: "actc", targets: ["actc"]),
    .executable(name: "actrun", targets: ["actrun"]),
    // What a package with passes, methods or an `actc` of its own depends on.
    .library(name: "ActIR", targets: ["ActIR"]),
    .library(name: "ActPasses", targets: ["ActPasses"]),
    .library(name: "ActStatistics", targets: ["ActStatistics"]),
    .library(name: "ActCommands", targets: ["ActCommands"]),
    // What the tests of such a method check.
    .library(name: "ActMethodChecks", targets: ["ActMethodChecks"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0")
  ],
  targets: [
    .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),

    // How an error ends a tool.
    .target(name: "ActErrors", swiftSettings: swift),
    // Numbers that the graph and the C kernels share.
    .target(name: "ActLimits", cSettings: c),
    .target(name: "ActIR", dependencies: ["ActErrors", "ActLimits"], swiftSettings: swift),
    .target(name: "ActSignals", cSettings: c),
    .target(name: "ActPNG", dependencies: ["CPNG"], cSettings: c),
    .target(
      name: "ActFormats", dependencies: ["ActErrors", "ActIR", "ActSignals", "ActPNG", "CCrypto"],
      swiftSettings: swift),
    .target(name: "ActDiffusion", dependencies: ["ActErrors", "ActFormats"], swiftSettings: swift),
    .target(name: "ActText", dependencies: ["ActErrors", "ActFormats", "CPCRE2"], swiftSettings: swift),
    .target(name: "ActKernels", dependencies: ["ActLimits"], cSettings: c),
    .target(
      name: "ActGraphs", dependencies: ["ActErrors", "ActIR", "ActFormats"], path: "graphs",
      swiftSettings: swift),
    .target(name: "ActStatistics", dependencies: ["ActErrors", "COpenBLAS"], swiftSettings: swift),
    .target(
      name: "ActPasses", dependencies: ["ActErrors", "ActIR", "ActFormats", "ActStatistics"], path: "passes",
      swiftSettings: swift),
    .target(
      name: "ActPlan", dependencies: ["ActErrors", "ActIR", "ActFormats", "ActText"], swiftSettings: swift),
    .target(name: "ActLowering", dependencies: ["ActErrors", "ActIR", "ActPlan"], swiftSettings: swift),
    .target(
      name: "ActRuntime",
      dependencies: [
        "ActErrors", "ActIR", "ActPlan", "ActFormats", "ActText", "ActDiffusion", "ActKernels",
      ],
      swiftSettings: swift),
    .target(
      name: "ActCompile",
      dependencies: [
        "ActErrors", "ActIR", "ActPasses", "ActGraphs", "ActFormats", "ActText", "ActDiffusion",
        "ActLowering", "ActPlan", "ActRuntime",
      ],
      swiftSettings: swift),
    .target(
      name: "ActFit",
      dependencies: [
        "ActIR", "ActStatistics", "ActPasses", "ActFormats", "ActText", "ActDiffusion", "ActLowering",
        "ActPlan", "ActRuntime", "ActCompile",
      ],
      swiftSettings: swift),
    .target(
      name: "ActConvert",
      dependencies: [
        "ActIR", "ActStatistics", "ActPasses", "ActFormats", "ActLowering", "ActPlan", "ActRuntime",
        "ActCompile",
      ],
      swiftSettings: swift),
    .target(
      name: "ActTerminal",
      dependencies: [
        "ActErrors", "ActSignals", "ActFormats",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: swift),
    .target(name: "ActEval", dependencies: ["ActRuntime", "ActFormats", "ActText"], swiftSettings: swift),

    .target(
      name: "ActCommands",
      dependencies: [
        "ActIR", "ActPasses", "ActGraphs", "ActFormats", "ActText", "ActDiffusion", "ActLowering", "ActPlan",
        "ActRuntime", "ActCompile", "ActFit", "ActConvert", "ActTerminal",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: swift),
    .executableTarget(name: "actc", dependencies: ["ActCommands"], swiftSettings: swift),
    .executableTarget(
      name: "actrun",
      dependencies: [
        "ActIR", "ActPlan", "ActFormats", "ActText", "ActDiffusion", "ActRuntime", "ActEval", "ActTerminal",
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
      name: "FormatTests", dependencies: ["ActIR", "ActFormats", "CPNG", "Workbench"],
      resources: [.copy("Fixtures")], swiftSettings: swift),
    .testTarget(
      name: "DiffusionTests", dependencies: ["ActErrors", "ActFormats", "ActDiffusion", "Workbench"],
      resources: [.copy("Fixtures")], swiftSettings: swift),
    .testTarget(
      name: "TokenizerTests", dependencies: ["ActFormats", "ActText", "Workbench"],
      resources: [.copy("Fixtures")], swiftSettings: swift),
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
      name: "DocTests",
      dependencies: [
        "ActErrors", "ActIR", "ActFormats", "ActGraphs", "ActDiffusion", "ActPasses", "ActTerminal",
        "ActText", "ActCompile",
      ],
      swiftSettings: swift),
    // What tests of small and of real checkpoints share.
    .target(
      name: "ModelChecks",
      dependencies: [
        "ActIR", "ActFormats", "ActGraphs", "ActLowering", "ActPlan", "ActRuntime", "ActPasses", "ActCompile",
        "ActFit", "Workbench",
      ],
      path: "Tests/ModelChecks", swiftSettings: swift),
    // What every steering method must do, as checks for the tests of any package.
    .target(
      name: "ActMethodChecks",
      dependencies: [
        "ActErrors", "ActIR", "ActFormats", "ActPasses", "ActPlan", "ActRuntime", "ActCompile", "ModelChecks",
        "Workbench",
      ],
      swiftSettings: swift),
    .target(name: "AllocationCounter", path: "Tests/AllocationCounter", cSettings: c),
    .testTarget(
      name: "CheckpointTests",
      dependencies: [
        "ActIR", "ActStatistics", "ActFormats", "ActText", "ActLowering", "ActPlan", "ActRuntime",
        "ActPasses",
        "ActGraphs", "ActCompile", "ActFit", "ActConvert", "ActEval", "ActMethodChecks", "ModelChecks",
        "AllocationCounter",
        "GraphReference",
        "Workbench",
      ],
      swiftSettings: swift),
    .testTarget(
      name: "RealModelTests",
      dependencies: [
        "ActIR", "ActFormats", "ActText", "ActPlan", "ActRuntime", "ActPasses", "ActCompile", "ActFit",
        "ModelChecks", "Workbench",
      ],
      swiftSettings: swift),
    .testTarget(
      name: "PlanTests",
      dependencies: [
        "ActIR", "ActFormats", "ActLowering", "ActPlan", "ActPasses", "ActCompile", "ModelChecks",
        "Workbench",
      ],
      swiftSettings: swift),
    // Runs the built actc and actrun as processes.
    .testTarget(
      name: "CommandLineTests",
      dependencies: [
        "ActCommands", "ActIR", "ActEval", "ActFormats", "ActPasses", "ActPlan", "ActTerminal", "Workbench",
      ],
      exclude: ["Snapshots"], swiftSettings: swift
    ),
    .testTarget(
      name: "KernelTests", dependencies: ["ActIR", "ActFormats", "ActKernels", "ActRuntime"],
      swiftSettings: swift),
  ],
  cLanguageStandard: .c17
)
