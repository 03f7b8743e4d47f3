import ActFormats
import Testing
import Workbench

/// Fits on files of tensors: images, and the texts of encoders as tokens.
@Suite struct EntryFitTests {
  private let directory: TemporaryDirectory
  private let model = Workshop.fixture("tiny-taesd")

  init() throws { directory = try TemporaryDirectory() }

  /// Writes one side of the recorded data of the encoder as its input, `count` of the images.
  private func images(_ side: String, first: Int = 0, count: Int? = nil, name: String = "x") throws -> String
  {
    let record = try SafetensorsFile(Workshop.fixture("tiny-taesd/encoder-fit.safetensors"))
    let tensor = try #require(record[side])
    let size = tensor.shape.dropFirst().reduce(4, *)
    let shape = [count ?? tensor.shape[0] - first] + tensor.shape.dropFirst()
    let path = directory.file("\(side)\(first).safetensors")
    let writer = try SafetensorsWriter(path, [.init(name, .f32, Array(shape))])
    let bytes = record.bytes(of: tensor)[first * size..<(first + shape[0]) * size]
    try writer.append(UnsafeRawBufferPointer(rebasing: bytes), to: name)
    try writer.finish()
    return path
  }

  private var part: [String] { [model, "--module", "encoder", "--size", "16x16"] }
  private var sites: [String] { ["--sites", "encoder.layers.3.conv.2", "encoder.layers.5"] }

  private func actc(_ arguments: [String]) throws -> Outcome {
    let outcome = try Tool.actc.run(arguments)
    try #require(outcome.code == 0, "\(outcome.error)")
    return outcome
  }

  /// Fitted, compiled and run: what NumPy computes from the activations of `diffusers`.
  @Test(arguments: [("linear-act", []), ("linear-act-pointwise", ["--option", "images=pixels"])])
  func fitsCompilesAndRuns(run: String, flags: [String]) throws {
    let map = directory.file("m.maps.safetensors")
    let source = [try images("source", count: 5), try images("source", first: 5)]
    let fitted = try actc(
      ["fit"] + part + ["--source"] + source + ["--target", try images("target")] + sites + flags
        + ["-o", map])
    #expect(fitted.error.contains("encoder.layers.5"), "\(fitted.error)")
    let plan = directory.file("x.plan")
    _ = try actc(["compile"] + part + ["--maps", "m=\(map)", "--weights", "f32", "-o", plan])
    let record = Workshop.fixture("tiny-taesd/encoder-\(run)-0.5.safetensors")
    let compared = try Tool.actrun.run(
      "run", plan, "--input", record, "--expected", record, "--steer", "m=0.5", "--nmse", "1e-8")
    #expect(compared.code == 0, "\(compared.text)\(compared.error)")
    let bare = try Tool.actrun.run("run", plan, "--input", record, "--expected", record, "--nmse", "1e-8")
    #expect(bare.code == 1, "\(bare.text)")
  }

  @Test(arguments: [[], ["--simultaneous"], ["--simultaneous", "--pooling", "max"]])
  func shardsEqualOneProcess(flags: [String]) throws {
    let data = part + ["--source", try images("source"), "--target", try images("target")] + sites + flags
    _ = try actc(["fit"] + data + ["-o", directory.file("expected")])
    let rounds = try #require(Int(try actc(["collect"] + data + ["--rounds"]).text.dropLast()))
    #expect(rounds == (flags.isEmpty ? 2 : 1))
    for round in 1...rounds {
      let behind = round == 1 ? [] : ["--after", directory.file("found\(round - 1)")]
      let shards = try (1...3).map { shard in
        let path = directory.file("\(shard).samples")
        _ = try actc(["collect"] + data + behind + ["--shard", "\(shard)/3", "-o", path])
        return path
      }
      _ = try actc(["solve"] + shards + behind + ["-o", directory.file("found\(round)")])
    }
    #expect(try directory.read("found\(rounds)") == directory.read("expected"))
  }

  @Test func limitAndSeed() throws {
    let data = part + ["--source", try images("source"), "--target", try images("target")] + sites
    func counts(_ flags: [String]) throws -> [String: Int] {
      _ = try actc(["fit"] + data + flags + ["-o", directory.file("m")])
      return try MapFile(reading: directory.file("m")).counts
    }
    #expect(try counts(["--limit", "4"]) == ["source": 4, "target": 4])
    #expect(try counts(["--limit", "100", "--seed", "3"]) == ["source": 9, "target": 7])
  }

  @Test func badData() throws {
    let (source, target) = (try images("source"), try images("target"))
    let text = try directory.write("a cat\n", to: "a.txt")
    let tail = sites + ["-o", directory.file("x")]
    func refuse(
      _ part: [String], _ source: String, flags: [String] = [], _ code: Int32, _ word: String,
      sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
      try expectRefusal(
        .actc, ["fit"] + part + ["--source", source, "--target", target] + flags + tail, code, word,
        sourceLocation: sourceLocation)
    }
    try refuse(part, text, 2, "expected texts or files of tensors, found both: \(text)")
    try refuse(part, source, flags: ["--field", "x"], 2, "--field: expected texts, found files of tensors")
    try refuse(part, source, flags: ["--skip-first", "1"], 2, "images have no tokens to leave out")
    try refuse(
      [model, "--module", "encoder", "--size", "8x16"], source, 3, "\(source): x: expected [9, 3, 16, 8]")
    try refuse([model], source, 2, "give --size WIDTHxHEIGHT, or one by --module")
    try refuse(part, directory.file("absent.safetensors"), 3, "absent.safetensors")
    let other = try images("source", first: 1, name: "y")
    try refuse(part, other, 3, "\(other)")
    try expectRefusal(
      .actc, ["fit"] + part + ["--source", text, "--target", text] + tail, 2,
      "the model takes x f32[B,16,16,3], not texts; give files that end in .safetensors")
    #expect(!directory.contents.contains("x"))
  }

  /// The tokens of encoders, and of language models, whose fit equals that on texts.
  @Test func tokens() throws {
    func write(_ name: String, _ texts: [[Int32]]) throws -> String {
      let path = directory.file(name)
      let count = texts.joined().count
      let writer = try SafetensorsWriter(
        path, [.init("tokens", .i32, [count]), .init("sequences", .i32, [count])])
      try Array(texts.joined()).withUnsafeBytes { try writer.append($0, to: "tokens") }
      let entries = texts.enumerated().flatMap { [Int32](repeating: Int32($0), count: $1.count) }
      try entries.withUnsafeBytes { try writer.append($0, to: "sequences") }
      try writer.finish()
      return path
    }
    let source = try write("a.safetensors", [[3, 5, 7, 9], [11, 4], [8, 8, 1]])
    let target = try write("b.safetensors", [[30, 50, 17], [2, 40, 6, 1, 9]])
    for (model, site) in [("tiny-bert", "*LayerNorm"), ("tiny-gqa", "*layernorm")] {
      let map = directory.file("\(model).maps.safetensors")
      _ = try actc([
        "fit", Workshop.fixture(model), "--source", source, "--target", target, "--sites", site, "-o", map,
      ])
      let file = try MapFile(reading: map)
      #expect(file.counts == ["source": 3, "target": 2])
      #expect(!file.sites.isEmpty)
    }
    let bad = try write("c.safetensors", [[3, 5000]])
    try expectRefusal(
      .actc,
      [
        "fit", Workshop.fixture("tiny-bert"), "--source", bad, "--target", target, "--sites", "*LayerNorm",
        "-o",
        directory.file("x"),
      ], 3, "tokens: expected 0 to 119, found 5000 at row 1")
  }
}
