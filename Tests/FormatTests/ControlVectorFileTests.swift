import ActFormats
import Testing
import Workbench

@Suite struct ControlVectorFileTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private static var good: GGUFBuilder {
    var builder = GGUFBuilder()
    builder.add("general.architecture", "controlvector")
    builder.add("controlvector.model_hint", "llama")
    builder.add("direction.1", [3], [1, 2, 3])
    builder.add("direction.12", [3], [-1, 0, 1])
    return builder
  }

  @Test func reads() throws {
    let file = try ControlVectorFile(reading: directory.write(Self.good.file, to: "x.gguf"))
    #expect(file == ControlVectorFile([1: [1, 2, 3], 12: [-1, 0, 1]], width: 3, modelHint: "llama"))
  }

  /// What is written is read, here and by the reader of all GGUF files.
  @Test(arguments: [1, 3, 8, 33]) func writes(width: Int) throws {
    let values = (0..<width).map { Float($0) / 7 }
    let vector = ControlVectorFile([3: values, 1: values.map { -$0 }], width: width, modelHint: "gemma2")
    let path = directory.file("x.gguf")
    try vector.write(to: path)
    #expect(try ControlVectorFile(reading: path) == vector)
    let file = try GGUFFile(path)
    #expect(file.tensors.map(\.name) == ["direction.1", "direction.3"])
    #expect(file.tensors.allSatisfy { $0.range.lowerBound.isMultiple(of: 32) && $0.type == .f32 })
    #expect(file.metadata["general.architecture"] == .string("controlvector"))
    #expect(file.metadata["controlvector.layer_count"] == .integer(2))
    try ControlVectorFile([1: values], width: width).write(to: path)
    #expect(try ControlVectorFile(reading: path).modelHint == nil)
  }

  static let damages: [(words: String, damage: @Sendable (inout GGUFBuilder) -> Void)] = [
    (
      "general.architecture: expected `controlvector`, found `llama`",
      { $0.replace("general.architecture", "llama") }
    ),
    (
      "general.architecture: expected `controlvector`, found `nothing`", { $0.remove("general.architecture") }
    ),
    ("direction.2: expected 3 numbers, as direction.1 has, found 2", { $0.add("direction.2", [2], [1, 2]) }),
    ("direction.2: expected F32 [width]", { $0.add("direction.2", [1, 3], [1, 2, 3]) }),
    ("direction.x: expected a tensor `direction.N`", { $0.add("direction.x", [3], [1, 2, 3]) }),
    ("direction.+2: expected a tensor", { $0.add("direction.+2", [3], [1, 2, 3]) }),
    ("direction.: expected a tensor", { $0.add("direction.", [3], [1, 2, 3]) }),
    ("direction.99999999999: expected a tensor", { $0.add("direction.99999999999", [3], [1, 2, 3]) }),
    ("direction.01: its number is given twice", { $0.add("direction.01", [3], [1, 2, 3]) }),
    ("output.weight: expected a tensor", { $0.add("output.weight", [3], [1, 2, 3]) }),
    ("direction.2: expected finite numbers", { $0.add("direction.2", [3], [1, .nan, 3]) }),
    ("direction.1: expected F32 [width]", { $0.tensors[0].type = 1 }),
    ("expected tensors `direction.N`, found none", { $0.tensors = [] }),
    ("outside", { $0.tensors[1].offset = 1 << 20 }),
  ]

  @Test(arguments: damages.indices) func refuses(index: Int) throws {
    let (words, damage) = Self.damages[index]
    var builder = Self.good
    damage(&builder)
    let path = try directory.write(builder.file, to: "x.gguf")
    let error = #expect(throws: FileError.self) { try ControlVectorFile(reading: path) }
    #expect(error.map { "\($0)" }?.contains(words) == true, "\(String(describing: error))")
  }
}
