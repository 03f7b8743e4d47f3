import ActFormats
import Testing
import Workbench

@Suite struct GGUFTests {
  /// `Scripts/make-gguf-fixtures.py` decoded the same blocks with the `gguf` package.
  @Test(arguments: GGMLType.allCases)
  func decodesLikeTheReference(type: GGMLType) throws {
    let file = try GGUFFile(fixture("blocks.gguf"))
    let reference = try SafetensorsFile(fixture("blocks.safetensors"))
    let tensor = try #require(file.tensors.first { $0.type == type })
    let expected = try #require(reference[tensor.name])
    #expect(tensor.name.lowercased() == "\(type)".lowercased())
    #expect(tensor.shape == expected.shape)
    var values = [Float](repeating: .nan, count: expected.elementCount)
    values.withUnsafeMutableBufferPointer { type.dequantize(file.bytes(of: tensor), into: $0) }
    #expect(values == Array(reference.bytes(of: expected).bindMemory(to: Float.self)))
  }

  @Test func readsMetadata() throws {
    let file = try GGUFFile(fixture("blocks.gguf"))
    #expect(file.metadata["general.architecture"] == .string("llama"))
    #expect(file.metadata["test.number"] == .integer(4_000_000_000))
    #expect(file.metadata["test.fraction"]?.number == .number("1e-05"))
    #expect(file.metadata["test.words"] == .array([.string("a"), .string("猫")]))
  }

  @Test func readsVersion2() throws {
    var builder = Self.good
    builder.version = 2
    let directory = try TemporaryDirectory()
    let file = try GGUFFile(try directory.write(builder.file, to: "x.gguf"))
    let tensor = try #require(file["w"])
    #expect(
      tensor.shape == [2, 3] && tensor.rowElements == 3 && tensor.rowCount == 2 && tensor.rowBytes == 12)
    #expect(file.bytes(of: tensor).loadUnaligned(fromByteOffset: 20, as: Float.self) == 6)
  }

  static var good: GGUFBuilder {
    var builder = GGUFBuilder()
    builder.add("k", UInt32(1))
    builder.add("w", [2, 3], [1, 2, 3, 4, 5, 6])
    builder.add("v", [1], [7])
    return builder
  }

  static let wrong: [(String, @Sendable (inout GGUFBuilder) -> Void)] = [
    ("the letters `GGUF`", { $0.magic = 1 }),
    ("unknown version 1", { $0.version = 1 }),
    ("unknown version 4", { $0.version = 4 }),
    ("big-endian", { $0.version = UInt32(3).byteSwapped }),
    ("tensors declared", { $0.tensorCount = .max }),
    ("tensors declared", { $0.tensorCount = 1 << 40 }),
    ("values declared", { $0.valueCount = 1 << 62 }),
    ("bytes of text declared", { $0.add("s", type: 8, bytes(UInt64.max)) }),
    ("array elements declared", { $0.add("s", type: 9, bytes(UInt32(4)) + bytes(UInt64(1) << 60)) }),
    ("array elements declared", { $0.add("s", type: 9, bytes(UInt32(99)) + bytes(UInt64(1000))) }),
    ("unknown value type 99", { $0.add("s", type: 99, []) }),
    (
      "unknown value type 99",
      { $0.add("s", type: 9, bytes(UInt32(99)) + bytes(UInt64(1)) + bytes(UInt64(1))) }
    ),
    (
      "nested too deeply",
      {
        let level = bytes(UInt32(9)) + bytes(UInt64(1))
        $0.add("s", type: 9, [[UInt8]](repeating: level, count: 50).flatMap { $0 })
      }
    ),
    ("is too large", { $0.add("s", type: 10, bytes(UInt64.max)) }),
    ("not UTF-8", { $0.add("s", type: 8, bytes(UInt64(1)) + [0xFF]) }),
    ("k: is given twice", { $0.add("k", UInt32(2)) }),
    ("power of two", { $0.add("general.alignment", UInt32(24)) }),
    ("power of two", { $0.add("general.alignment", UInt32(0)) }),
    ("power of two", { $0.add("general.alignment", "32") }),
    ("5 dimensions", { $0.tensors[0].dimensions = [1, 1, 1, 1, 1] }),
    ("impossible shape", { $0.tensors[0].dimensions = [1 << 32, 1 << 32] }),
    ("impossible shape", { $0.tensors[0].dimensions = [.max] }),
    ("impossible shape", { $0.tensors[0].type = 2 }),
    ("element type 16 is not supported", { $0.tensors[0].type = 16 }),
    ("not a multiple of 32", { $0.tensors[1].offset = 33 }),
    ("lie outside", { $0.tensors[0].dimensions = [100] }),
    ("lie outside", { $0.tensors[1].offset = 64 }),
    ("lie outside", { $0.tensors[1].offset = UInt64.max - 31 }),
    ("overlap", { $0.tensors[1].offset = 0 }),
    ("overlap", { $0.tensors[0].dimensions = [9] }),
    ("w: is given twice", { $0.tensors[1].name = "w" }),
  ]

  @Test(arguments: wrong.indices)
  func rejects(index: Int) throws {
    let (problem, change) = Self.wrong[index]
    let directory = try TemporaryDirectory()
    var builder = Self.good
    change(&builder)
    let path = try directory.write(builder.file, to: "x.gguf")
    let error = #expect(throws: FileError.self) { try GGUFFile(path) }
    #expect(error?.description.contains(problem) == true, "\(problem): \(String(describing: error))")
  }

  @Test func rejectsEveryTruncation() throws {
    let directory = try TemporaryDirectory()
    let whole = Self.good.file
    for count in 1..<whole.count {
      let path = try directory.write(Array(whole[..<count]), to: "x.gguf")
      #expect(throws: FileError.self) { try GGUFFile(path) }
    }
  }

  @Test func survivesDamage() throws {
    let original = try readBytes(fixture("blocks.gguf"))
    try openDamaged(original, headerLength: 1000, name: "x.gguf") { path in
      let file = try GGUFFile(path)
      for tensor in file.tensors {
        let bytes = file.bytes(of: tensor)
        #expect(bytes.count == tensor.rowBytes * tensor.rowCount)
        var values = [Float](
          repeating: 0, count: bytes.count / tensor.type.blockBytes * tensor.type.blockElements)
        values.withUnsafeMutableBufferPointer { tensor.type.dequantize(bytes, into: $0) }
      }
    }
  }
}
