import ActFormats
import Testing
import Workbench

@Suite struct CheckpointTests {
  /// Writes tensors of `[size]` u8, filled with the last byte of their names.
  func write(_ path: String, _ tensors: [(String, Int)]) throws {
    let writer = try SafetensorsWriter(path, tensors.map { .init($0.0, .u8, [$0.1]) })
    for (name, size) in tensors {
      try [UInt8](repeating: name.utf8.last!, count: size).withUnsafeBytes { try writer.append($0, to: name) }
    }
    try writer.finish()
  }

  func sharded(_ index: String, as name: String = "model") throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    try write(directory.file("one.safetensors"), [("b", 5000), ("é", 3)])
    try write(directory.file("two.safetensors"), [("a", 100)])
    try directory.write(index, to: "\(name).safetensors.index.json")
    return directory
  }

  static let index =
    #"{"metadata":{},"weight_map":{"a":"two.safetensors","b":"one.safetensors","é":"one.safetensors"}}"#

  /// Directories of transformers, and of diffusers.
  @Test(arguments: ["model", "diffusion_pytorch_model"]) func shardsEqualOneFile(name: String) throws {
    let shards = try sharded(Self.index, as: name)
    let single = try TemporaryDirectory()
    try write(single.file("\(name).safetensors"), [("é", 3), ("a", 100), ("b", 5000)])

    let one = try Checkpoint(shards.path)
    let two = try Checkpoint(single.path)
    let three = try Checkpoint(single.file("\(name).safetensors"))
    #expect(one.names == ["a", "b", "é"])
    #expect(one.names == two.names)
    for name in one.names {
      let tensor = try #require(one.tensor(named: name))
      let (info, bytes) = (tensor.info, tensor.bytes)
      #expect(info.name == name)
      #expect(bytes.allSatisfy { $0 == name.utf8.last! })
      #expect(Array(bytes) == Array(try #require(two.tensor(named: name)).bytes))
    }
    #expect(one.tensor(named: "c") == nil)
    #expect(one.fingerprint.count == 64)
    #expect(one.fingerprint == two.fingerprint && two.fingerprint == three.fingerprint)
  }

  /// Variants count where nothing else is there, fp16 before bf16, and one file before shards.
  @Test(arguments: ["model", "diffusion_pytorch_model"]) func variants(name: String) throws {
    let directory = try sharded("", as: "other")
    func names() throws -> [String] { try Checkpoint(directory.path).names }
    try directory.write(#"{"weight_map":{"a":"two.safetensors"}}"#, to: "\(name).safetensors.index.bf16.json")
    #expect(try names() == ["a"])
    try directory.write(Self.index, to: "\(name).safetensors.index.fp16.json")
    #expect(try names() == ["a", "b", "é"])
    try write(directory.file("\(name).bf16.safetensors"), [("c", 2)])
    #expect(try names() == ["c"])
    try write(directory.file("\(name).fp16.safetensors"), [("d", 2)])
    #expect(try names() == ["d"])
    try write(directory.file("\(name).safetensors"), [("e", 2)])
    #expect(try names() == ["e"])
  }

  @Test func fingerprintIsWhatItsDocumentationSays() throws {
    let directory = try TemporaryDirectory()
    let data = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) }
    let path = directory.file("x.safetensors")
    let writer = try SafetensorsWriter(path, [.init("w", .i8, [100, 100])])
    try data.withUnsafeBytes { try writer.append($0, to: "w") }
    try writer.finish()
    var hashed = Array("w\0I8\0100,100\0".utf8)
    for block in 0..<64 {
      let start = Int((Double(block) * 9936 / 63).rounded(.down))
      hashed += data[start..<start + 64]
    }
    #expect(try Checkpoint(path).fingerprint == SHA256.hex(of: hashed))
  }

  @Test(arguments: [
    (#"{}"#, "weight_map"),
    (#"{"weight_map":{}}"#, "weight_map"),
    (#"{"weight_map":{"a":"../two.safetensors"}}"#, "the name of a file beside it"),
    (#"{"weight_map":{"a":"x/\u0308../../two.safetensors"}}"#, "the name of a file beside it"),
    (#"{"weight_map":{"a":"x/\u0308two.safetensors"}}"#, "the name of a file beside it"),
    (#"{"weight_map":{"a":"two.safetensors\u0000"}}"#, "the name of a file beside it"),
    (#"{"weight_map":{"a":".."}}"#, "the name of a file beside it"),
    (#"{"weight_map":{"a":3}}"#, "the name of a file beside it"),
    (#"{"weight_map":{"a":"three.safetensors"}}"#, "No such file"),
    (#"{"weight_map":{"a":"one.safetensors","b":"one.safetensors","é":"one.safetensors"}}"#, "is not in"),
    (#"{"weight_map":{"a":"two.safetensors","b":"one.safetensors"}}"#, "not in the index"),
  ])
  func rejects(index: String, problem: String) throws {
    let directory = try sharded(index)
    let error = #expect(throws: FileError.self) { try Checkpoint(directory.path) }
    #expect(error?.description.contains(problem) == true, "\(String(describing: error))")
  }

  @Test func rejectsTensorsTwice() throws {
    let directory = try sharded(
      #"{"weight_map":{"a":"two.safetensors","b":"one.safetensors","é":"one.safetensors","c":"three.safetensors"}}"#
    )
    try write(directory.file("three.safetensors"), [("c", 1), ("b", 5000)])
    #expect(throws: FileError.self) { try Checkpoint(directory.path) }
  }

  @Test func rejectsAnEmptyDirectory() throws {
    let directory = try TemporaryDirectory()
    #expect(throws: FileError.self) { try Checkpoint(directory.path) }
    #expect(throws: FileError.self) { try Checkpoint(directory.file("absent")) }
  }
}
