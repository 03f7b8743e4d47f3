import ActFormats
import Glibc
import Testing
import Workbench

/// What most tests start from, made once by the tools themselves: a model with a tokenizer, data, a map and plans.
final class Workshop: Sendable {
  static let shared = Result { try Workshop() }

  static func get() throws -> Workshop { try shared.get() }

  let directory: TemporaryDirectory
  /// The plain tiny Llama (320 tokens, context 512, 4 layers, 32 channels) with a tokenizer of bytes.
  let model: String
  /// Another model, with a tokenizer too.
  let other: String
  /// A map at every norm and output of `model`, bounded by the source's range, and plans without and with it, in f32.
  let map, plan, steered: String
  let source, target: String

  func file(_ name: String) -> String { directory.file(name) }

  private init() throws {
    directory = try TemporaryDirectory()
    model = try Self.copyModel("tiny-plain", to: directory.makeDirectory("plain"))
    other = try Self.copyModel("tiny-tied", to: directory.makeDirectory("tied"))
    source = try directory.write("a cat\nthe dog ran home\nhello there\nit rains\n", to: "source.txt")
    target = try directory.write("THE BALL\nA GOAL!\nFOOT AND BALL\nKICK\n", to: "target.txt")
    map = directory.file("m.maps.safetensors")
    plan = directory.file("bare.plan")
    steered = directory.file("steered.plan")
    for arguments in [
      [
        "fit", model, "--source", source, "--target", target, "--sites", "*norm", "*.o_proj",
        "--simultaneous",
        "--support", "q0-100", "-o", map,
      ],
      ["compile", model, "--weights", "f32", "-o", plan],
      ["compile", model, "--maps", "m=\(map)", "--weights", "f32", "-o", steered],
    ] {
      let outcome = try Tool.actc.run(arguments)
      try #require(outcome.code == 0, "\(outcome.error)")
    }
    // The directory lives as long as the process, which ends without deinitializing what is shared.
    sharedPath = directory.path
    atexit { TemporaryDirectory.remove(sharedPath) }
  }

  /// A copy of a committed checkpoint, which tests may alter.
  static func copyModel(_ name: String, to directory: String) throws -> String {
    let fixtures = fixture(name)
    for file in ["config.json", "model.safetensors"] {
      try write(readBytes("\(fixtures)/\(file)"), to: "\(directory)/\(file)")
    }
    try write(Array(byteTokenizer.utf8), to: "\(directory)/tokenizer.json")
    return directory
  }

  /// The path of a file of `Tests/Fixtures`.
  static func fixture(_ name: String) -> String {
    let here = #filePath
    return here[..<here.lastIndex(of: "/")!].dropLast("/CommandLineTests".count) + "/Fixtures/\(name)"
  }

  private static func write(_ bytes: [UInt8], to path: String) throws {
    let stream = try #require(fopen(path, "w"))
    defer { fclose(stream) }
    try #require(fwrite(bytes, 1, bytes.count, stream) == bytes.count)
  }

  /// Token `b` is byte `b`; 256 is a pair of bytes that no text has.
  private static var byteTokenizer: String {
    let printable = Array(0x21...0x7E) + Array(0xA1...0xAC) + Array(0xAE...0xFF)
    let others = (0..<256).filter { !printable.contains($0) }
    let scalars = printable.map { ($0, $0) } + others.enumerated().map { ($1, 256 + $0) }
    let vocabulary =
      scalars.sorted { $0.0 < $1.0 }.map { byte, scalar in
        JSON.Member(String(UnicodeScalar(UInt32(scalar))!), .int(byte))
      } + [JSON.Member("\u{FF}\u{FF}", .int(256))]
    let byteLevel: JSON = .object([
      "type": .string("ByteLevel"), "add_prefix_space": .bool(false), "use_regex": .bool(true),
    ])
    return JSON.object([
      "version": .string("1.0"), "added_tokens": .array([]), "normalizer": .null, "pre_tokenizer": byteLevel,
      "post_processor": .null, "decoder": byteLevel,
      "model": .object([
        "type": .string("BPE"), "vocab": .object(vocabulary), "merges": .array([.string("\u{FF} \u{FF}")]),
      ]),
    ]).description
  }
}

nonisolated(unsafe) private var sharedPath = ""
