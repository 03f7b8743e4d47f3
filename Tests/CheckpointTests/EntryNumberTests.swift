import ActCompile
import ActFormats
import ActGraphs
import ActIR
import ActPasses
import ActPlan
import ActRuntime
import ModelChecks
import Testing
import Workbench

/// Samples with a number an entry, as denoisers take them.
@Suite struct EntryNumberTests {
  private static let sample = (0..<2 * 12).map { Float($0) / 8 }

  private func model() throws -> EntryModel {
    let graph = try Graph(
      parsing: """
        graph @denoiser(%sample: f32[B,2,2,3] {role = sample}, %timestep: f32[B,1] {role = timestep}, %label: f32[B,1]) {
          %sum = add %timestep, %label : f32[B,1]
          %time = reshape %sum : f32[B,1,1,1]
          %y = add %sample, %time : f32[B,2,2,3]
          return %y
        }
        """)
    let model = try Model(
      fixture("tiny-taesd"), part: ModelPart(module: "encoder", size: ImageSize(width: 8, height: 8)))
    return try EntryModel(
      model.compile(graph, MapSet(), CompileOptions()).makeEngine(threads: 1), path: "graph")
  }

  private func run(_ timestep: EntryInputs.Tensor, _ label: [Float] = [0.5, 0.25]) throws -> [Float] {
    try model().evaluate(
      EntryInputs(
        path: "call",
        [
          "sample": .init(Self.sample, shape: [2, 3, 2, 2]), "timestep": timestep,
          "label": .init(label, shape: [2, 1]),
        ]))[0].values
  }

  private func expected(_ timesteps: [Float]) -> [Float] {
    Self.sample.enumerated().map { $1 + (timesteps[$0 / 12] + [0.5, 0.25][$0 / 12]) }
  }

  @Test func anEntryHasItsOwn() throws {
    for shape in [[2], [2, 1]] { #expect(try run(.init([3, -1], shape: shape)) == expected([3, -1])) }
  }

  @Test func oneStandsForAll() throws {
    for shape in [[], [1]] { #expect(try run(.init([7], shape: shape)) == expected([7, 7])) }
  }

  @Test(arguments: [([3], [1, 2, 3]), ([1, 2], [1, 2]), ([2, 1, 1], [1, 2]), ([0], [])])
  func otherShapesAreErrors(shape: [Int], values: [Float]) throws {
    let error = #expect(throws: FileError.self) { try run(.init(values, shape: shape)) }
    #expect(error?.place == "timestep" || error?.place == "label")
  }

  @Test(arguments: [StorageType.i32, .i64]) func wholeNumbers(type: StorageType) throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("call.safetensors")
    func write(_ numbers: [Int]) throws {
      let writer = try SafetensorsWriter(
        path,
        [
          .init("sample", .f32, [2, 3, 2, 2]), .init("timestep", type, [2]), .init("label", .f32, [2, 1]),
        ])
      try Self.sample.withUnsafeBytes { try writer.append($0, to: "sample") }
      if type == .i32 {
        try numbers.map { Int32($0) }.withUnsafeBytes { try writer.append($0, to: "timestep") }
      } else {
        try numbers.withUnsafeBytes { try writer.append($0, to: "timestep") }
      }
      try ([0.5, 0.25] as [Float]).withUnsafeBytes { try writer.append($0, to: "label") }
      try writer.finish()
    }
    let model = try model()
    try write([999, 1])
    let inputs = try EntryInputs(SafetensorsFile(path), for: model.plan.inputs)
    #expect(try model.evaluate(inputs)[0].values == expected([999, 1]))
    try write([999, (1 << 24) + 1])
    let error = #expect(throws: FileError.self) {
      try EntryInputs(SafetensorsFile(path), for: model.plan.inputs)
    }
    #expect(error?.place == "timestep")
  }
}
