import Testing
import Workbench

/// GGUF files that lie: one line, exit code 3, no directory.
@Suite struct HostileGGUFTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian, Array.init)
  }

  private static func text(_ text: String) -> [UInt8] { bytes(UInt64(text.utf8.count)) + Array(text.utf8) }

  /// A header; `entries` and `tensors` follow as they are.
  private static func file(
    version: UInt32 = 3, tensorCount: UInt64, valueCount: UInt64, _ entries: [UInt8], _ tensors: [UInt8],
    data: Int = 0
  ) -> [UInt8] {
    var out = Array("GGUF".utf8) + bytes(version) + bytes(tensorCount) + bytes(valueCount) + entries + tensors
    out += [UInt8](repeating: 0, count: (32 - out.count % 32) % 32 + data)
    return out
  }

  private static let architecture = text("general.architecture") + bytes(UInt32(8)) + text("llama")

  private static func tensor(_ name: String, _ dimensions: [UInt64], type: UInt32 = 0, offset: UInt64)
    -> [UInt8]
  {
    text(name) + bytes(UInt32(dimensions.count)) + dimensions.flatMap { bytes($0) } + bytes(type)
      + bytes(offset)
  }

  static let cases: [(name: String, file: [UInt8])] = {
    let value = architecture
    return [
      ("no magic", Array("FUGG".utf8) + [UInt8](repeating: 0, count: 100)),
      ("magic alone", Array("GGUF".utf8)),
      ("unknown version", file(version: 99, tensorCount: 0, valueCount: 0, [], [])),
      ("huge value count", file(tensorCount: 0, valueCount: .max, value, [])),
      ("huge tensor count", file(tensorCount: 1 << 62, valueCount: 1, value, [])),
      ("huge string", file(tensorCount: 0, valueCount: 1, bytes(UInt64.max) + Array("x".utf8), [])),
      (
        "huge array",
        file(
          tensorCount: 0, valueCount: 1, text("a") + bytes(UInt32(9)) + bytes(UInt32(4)) + bytes(UInt64.max),
          [])
      ),
      (
        "nested arrays",
        file(
          tensorCount: 0, valueCount: 1,
          text("a") + (0..<10_000).flatMap { _ in bytes(UInt32(9)) + bytes(UInt32(9)) + bytes(UInt64(1)) }, []
        )
      ),
      ("unknown value type", file(tensorCount: 0, valueCount: 1, text("a") + bytes(UInt32(77)), [])),
      ("key given twice", file(tensorCount: 0, valueCount: 2, value + value, [])),
      (
        "tensor outside",
        file(tensorCount: 1, valueCount: 1, value, tensor("t", [32], offset: 1 << 40), data: 128)
      ),
      (
        "offset at the end of numbers",
        file(tensorCount: 1, valueCount: 1, value, tensor("t", [32], offset: .max - 31), data: 128)
      ),
      (
        "tensors that overlap",
        file(
          tensorCount: 2, valueCount: 1, value, tensor("t", [32], offset: 0) + tensor("u", [32], offset: 64),
          data: 256)
      ),
      (
        "tensor given twice",
        file(
          tensorCount: 2, valueCount: 1, value, tensor("t", [32], offset: 0) + tensor("t", [32], offset: 128),
          data: 256)
      ),
      (
        "dimensions that overflow",
        file(tensorCount: 1, valueCount: 1, value, tensor("t", [1 << 62, 1 << 62], offset: 0), data: 128)
      ),
      (
        "unknown tensor type",
        file(tensorCount: 1, valueCount: 1, value, tensor("t", [32], type: 999, offset: 0), data: 128)
      ),
      (
        "too many dimensions",
        file(
          tensorCount: 1, valueCount: 1, value, tensor("t", [UInt64](repeating: 1, count: 99), offset: 0),
          data: 128)
      ),
      ("no model", file(tensorCount: 1, valueCount: 1, value, tensor("t", [32], offset: 0), data: 128)),
    ]
  }()

  @Test(arguments: cases.map(\.name))
  func lyingHeaders(name: String) throws {
    let file = try #require(Self.cases.first { $0.name == name }?.file)
    let path = try directory.write(file, to: "x.gguf")
    // A type that we do not know may be a good one.
    let code: Int32 = name == "unknown tensor type" ? 4 : 3
    try expectRefusal(.actc, ["import", path, "-o", directory.file("out")], code, "x.gguf: ")
    try expectRefusal(.actc, ["compile", path, "-o", directory.file("out")], code, "x.gguf: ")
    #expect(directory.contents == ["x.gguf"])
  }

  /// What mutations damage is good before.
  @Test(arguments: SmallGGUF.Vocabulary.allCases)
  func wholeFilesAreGood(vocabulary: SmallGGUF.Vocabulary) throws {
    let path = try directory.write(SmallGGUF.make(inner: 64, vocabulary: vocabulary), to: "x.gguf")
    let (model, plan) = (directory.file("out"), directory.file("x.plan"))
    for (tool, arguments) in [
      (Tool.actc, ["import", path, "-o", model]), (.actc, ["compile", model, "-o", plan]),
      (.actrun, ["generate", plan, "-p", "ab", "-n", "2", "--threads", "1"]),
    ] {
      let outcome = try tool.run(arguments)
      #expect(outcome.code == 0, "\(outcome.error)")
    }
  }

  @Test func truncatedAnywhere() throws {
    let whole = Self.cases[Self.cases.count - 1].file
    for count in 0..<whole.count where count % 7 == 0 {
      let path = try directory.write(Array(whole.prefix(count)), to: "x.gguf")
      try expectRefusal(.actc, ["import", path, "-o", directory.file("out")], 3, "x.gguf: ")
      try expectRefusal(.actc, ["sites", path], 3, "x.gguf: ")
    }
    #expect(directory.contents == ["x.gguf"])
  }

  @Test func whatIsNoFile() throws {
    try expectRefusal(
      .actc, ["import", directory.file("absent"), "-o", directory.file("out")], 3, "absent: cannot open")
    try expectRefusal(.actc, ["import", directory.path, "-o", directory.file("out")], 3, directory.path)
    try expectRefusal(.actc, ["compile", "/dev/zero", "-o", directory.file("out")], 3, "/dev/zero")
    try expectRefusal(.actc, ["import", "/dev/zero", "-o", directory.file("out")], 3, "/dev/zero")
    #expect(directory.contents.isEmpty)
  }
}
