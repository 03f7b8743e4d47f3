import ActFormats
import Glibc
import Testing
import Workbench

@Suite struct SafetensorsTests {
  /// What `Scripts/make-safetensors-fixture.py` wrote with the reference implementation.
  @Test func readsTheReferenceImplementation() throws {
    let file = try SafetensorsFile(fixture("reference.safetensors"))
    #expect(file.metadata("format") == "np")
    #expect(file.metadata("ünï") == "\"quoted\"\n")
    let expected: [(String, StorageType, [Int], [UInt8])] = [
      ("weight", .f32, [2, 3], [0, 1, 2, 3, 4, 5].flatMap { bytes(Float($0).bitPattern) }),
      ("half", .f16, [5], [0, 0x3C00, 0x4000, 0x4200, 0x4400].flatMap { bytes(UInt16($0)) }),
      ("ids", .i64, [1, 4], [0, 1, 2, 3].flatMap { bytes(Int64($0)) }),
      ("mask", .bool, [3], [0, 1, 0]),
      ("scalar", .i32, [], [0, 0, 0, 0]),
      ("none", .f64, [0, 7], []),
    ]
    #expect(Set(file.tensors.map(\.name)) == Set(expected.map(\.0)))
    for (name, dtype, shape, data) in expected {
      let tensor = try #require(file[name])
      #expect(tensor.dtype == dtype)
      #expect(tensor.shape == shape)
      #expect(Array(file.bytes(of: tensor)) == data, "\(name)")
    }
    #expect(file["absent"] == nil)
  }

  @Test func roundTripsAligned() throws {
    let directory = try TemporaryDirectory()
    let entries: [SafetensorsWriter.Entry] = [
      .init("b", .u8, [3]), .init("empty", .f32, [0]), .init("a", .f32, [5, 7]), .init("scalar", .i64, []),
      .init("full", .bf16, [32]), .init("last", .i8, [1]),
    ]
    let metadata = [("z", "1"), ("a", "\u{1}\"")]
    let path = directory.file("x.safetensors")
    let writer = try SafetensorsWriter(path, entries, metadata: metadata)
    #expect(directory.contents.allSatisfy { $0 != "x.safetensors" })
    for (index, entry) in entries.enumerated() {
      let size = entry.shape.reduce(entry.dtype.width, *)
      let data = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ index) }
      try data.withUnsafeBytes { data in
        try writer.append(.init(rebasing: data[..<(size / 3)]), to: entry.name)
        try writer.append(.init(rebasing: data[(size / 3)...]), to: entry.name)
      }
    }
    try writer.finish()
    #expect(directory.contents == ["x.safetensors"])

    let file = try SafetensorsFile(path)
    #expect(file.metadata.map(\.key) == ["z", "a"])
    #expect(file.metadata("a") == "\u{1}\"")
    #expect(file.tensors.map(\.name) == entries.map(\.name))
    for (index, tensor) in file.tensors.enumerated() {
      #expect(tensor.dtype == entries[index].dtype && tensor.shape == entries[index].shape)
      #expect(tensor.range.lowerBound.isMultiple(of: 64) || tensor.range.isEmpty, "\(tensor)")
      let expected = (0..<tensor.range.count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ index) }
      #expect(Array(file.bytes(of: tensor)) == expected)
    }
  }

  @Test func leavesNothingWhenAbandoned() throws {
    let directory = try TemporaryDirectory()
    try directory.write("before", to: "x.safetensors")
    do {
      let writer = try SafetensorsWriter(directory.file("x.safetensors"), [.init("a", .u8, [2])])
      try [UInt8](repeating: 1, count: 1).withUnsafeBytes { try writer.append($0, to: "a") }
    }
    #expect(directory.contents == ["x.safetensors"])
    #expect(try readBytes(directory.file("x.safetensors")) == Array("before".utf8))
  }

  @Test func copiesMisalignedTensors() throws {
    let directory = try TemporaryDirectory()
    let header = #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#
    let data = [Float(1.5), -2].flatMap { bytes($0.bitPattern) }
    let unaligned = header + String(repeating: " ", count: (9 - header.utf8.count % 4) % 4)
    let path = try directory.write(safetensors(unaligned, data), to: "x.safetensors")
    let file = try SafetensorsFile(path)
    let tensor = try #require(file["a"])
    #expect(!tensor.range.lowerBound.isMultiple(of: 4))
    #expect(Int(bitPattern: file.bytes(of: tensor).baseAddress).isMultiple(of: 4))
    #expect(Array(file.bytes(of: tensor).bindMemory(to: Float.self)) == [1.5, -2])
  }

  static let good = #"{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#

  @Test(arguments: [
    (#"[]"#, "expected an object"),
    (#"{"a":1"#, "header"),
    (#"{"a":GOOD,"a":GOOD}"#, "duplicate key"),
    (#"{"__metadata__":{"k":1}}"#, "expected a string"),
    (#"{"__metadata__":[]}"#, "expected an object"),
    (#"{"a":{"shape":[2],"data_offsets":[0,8]}}"#, "unknown dtype"),
    (#"{"a":{"dtype":"F7","shape":[2],"data_offsets":[0,8]}}"#, "unknown dtype \"F7\""),
    (#"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, "impossible shape"),
    (#"{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,8]}}"#, "impossible shape"),
    (#"{"a":{"dtype":"F32","shape":2,"data_offsets":[0,8]}}"#, "impossible shape"),
    (#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#, "impossible shape"),
    (#"{"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,8]}}"#, "impossible shape"),
    (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, "takes 12 bytes"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}"#, "takes 4 bytes"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, "lie outside"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}"#, "lie outside"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}"#, "lie outside"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[12,20]}}"#, "lie outside"),
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[9223372036854775800,9223372036854775807]}}"#,
      "lie outside"
    ),
    (#"{"a":GOOD,"b":{"dtype":"U8","shape":[4],"data_offsets":[7,11]}}"#, "overlap"),
    (#"{"a":GOOD,"__pad.1":{"dtype":"U8","shape":[4],"data_offsets":[7,11]}}"#, "overlap"),
  ])
  func rejects(header: String, problem: String) throws {
    let directory = try TemporaryDirectory()
    let text = header.split(separator: "GOOD", omittingEmptySubsequences: false).joined(separator: Self.good)
    let path = try directory.write(safetensors(text, [UInt8](repeating: 0, count: 16)), to: "x.safetensors")
    let error = #expect(throws: FileError.self) { try SafetensorsFile(path) }
    #expect(error?.description.contains(problem) == true, "\(String(describing: error))")
    #expect(error?.description.contains("\n") == false)
  }

  @Test func rejectsBadLengths() throws {
    let directory = try TemporaryDirectory()
    for length: UInt64 in [3, 100_000_001, .max, UInt64(Int.max)] {
      let path = try directory.write(bytes(length) + [0x7B, 0x7D], to: "x.safetensors")
      #expect(throws: FileError.self) { try SafetensorsFile(path) }
    }
    #expect(throws: FileError.self) { try SafetensorsFile(try directory.write([1, 2], to: "y")) }
    #expect(throws: FileError.self) { try SafetensorsFile(try directory.write([], to: "z")) }
    #expect(throws: FileError.self) { try SafetensorsFile(directory.path) }
    #expect(throws: FileError.self) { try SafetensorsFile(directory.file("absent")) }
    #expect(throws: FileError.self) { try SafetensorsFile("/dev/zero") }
    #expect(mkfifo(directory.file("pipe"), 0o600) == 0)
    #expect(throws: FileError.self) { try SafetensorsFile(directory.file("pipe")) }
  }

  @Test func survivesDamage() throws {
    let original = try readBytes(fixture("reference.safetensors"))
    let header = Int(original[0]) + Int(original[1]) << 8 + 8
    try openDamaged(original, headerLength: header, name: "x.safetensors") { path in
      let file = try SafetensorsFile(path)
      for tensor in file.tensors {
        #expect(file.bytes(of: tensor).reduce(0) { $0 &+ Int($1) } >= 0)
        #expect(file.bytes(of: tensor).count == tensor.elementCount * tensor.dtype.width)
      }
    }
  }

  @Test func writerRejectsBadNames() throws {
    let directory = try TemporaryDirectory()
    let bad: [[SafetensorsWriter.Entry]] = [
      [.init("a", .u8, [1]), .init("a", .u8, [1])], [.init("__metadata__", .u8, [1])],
      [.init("a", .f32, [Int.max, 2])], [.init("a", .f32, [-1])],
    ]
    for entries in bad {
      #expect(throws: FileError.self) { try SafetensorsWriter(directory.file("x"), entries) }
    }
    #expect(throws: FileError.self) { try SafetensorsWriter("/dev/null", []) }
    #expect(throws: FileError.self) { try SafetensorsWriter(directory.file("absent/x"), []) }
    #expect(directory.contents.isEmpty)
  }
}

func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
  withUnsafeBytes(of: value.littleEndian, Array.init)
}

/// A file with this header and data, nothing checked.
func safetensors(_ header: String, _ data: [UInt8]) -> [UInt8] {
  bytes(UInt64(header.utf8.count)) + Array(header.utf8) + data
}
