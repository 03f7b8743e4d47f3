import ActFormats
import ActIR
import Testing
import Workbench

/// Encoders from the command line: compiled, run on whole texts, and refused where a language model is needed.
@Suite struct EncoderTests {
  static let checkpoints = ["tiny-bert", "tiny-bert-2", "tiny-bert-old"]
  static let inputs = ["input1", "input2", "input3", "input4"]

  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func compile(_ checkpoint: String, _ options: String...) throws -> String {
    let plan = directory.file("x.plan")
    let compiled = try Tool.actc.run(
      ["compile", Workshop.fixture(checkpoint), "--weights", "f32", "--kv", "f32", "-o", plan] + options)
    try #require(compiled.code == 0, "\(compiled.error)")
    return plan
  }

  /// A file of tensors of whole numbers.
  private func write(_ tensors: [(String, StorageType, [Int])], to name: String = "in") throws -> String {
    let path = directory.file(name)
    let writer = try SafetensorsWriter(path, tensors.map { .init($0.0, $0.1, [$0.2.count]) })
    for (name, type, values) in tensors {
      switch type {
      case .i64: try values.map { Int64($0) }.withUnsafeBytes { try writer.append($0, to: name) }
      case .u8: try values.map { UInt8($0) }.withUnsafeBytes { try writer.append($0, to: name) }
      default: try values.map { Int32($0) }.withUnsafeBytes { try writer.append($0, to: name) }
      }
    }
    try writer.finish()
    return path
  }

  /// What is recorded is both input and expected result, its sites too.
  @Test(arguments: checkpoints)
  func equalsTransformers(checkpoint: String) throws {
    let results =
      checkpoint == "tiny-bert-2" ? ["last_hidden_state"] : ["last_hidden_state", "pooler_output"]
    for (options, dump) in [([String](), [String]()), (["--no-fuse"], ["*LayerNorm", "*output.dense"])] {
      let plan = directory.file("x.plan")
      let compiled = try Tool.actc.run(
        ["compile", Workshop.fixture(checkpoint), "--weights", "f32", "--kv", "f32", "-o", plan] + options)
      try #require(compiled.code == 0, "\(compiled.error)")
      for input in Self.inputs {
        let record = Workshop.fixture("\(checkpoint)/\(input).safetensors")
        let compared = try Tool.actrun.run(
          ["run", plan, "--input", record, "--expected", record, "--nmse", "1e-8", "--json"]
            + (dump.isEmpty ? [] : ["--dump"] + dump))
        #expect(compared.code == 0, "\(input): \(compared.text)\(compared.error)")
        let names = try #require(JSON(parsing: compared.text).array).compactMap { $0["name"]?.string }
        let sites = try SafetensorsFile(record).tensors.map(\.name).filter {
          $0.hasSuffix("LayerNorm") || $0.hasSuffix("output.dense")
        }
        #expect(Set(names) == Set(results + (dump.isEmpty ? [] : sites)), "\(input)")
      }
    }
  }

  @Test func wholeNumbersMayBeWide() throws {
    let plan = try compile("tiny-bert")
    for (type, out) in [(StorageType.i32, "a"), (.i64, "b")] {
      let input = try write([
        ("tokens", type, [5, 6, 7]), ("sequences", type, [0, 0, 1]), ("token_types", type, [0, 1, 0]),
      ])
      let outcome = try Tool.actrun.run("run", plan, "--input", input, "-o", directory.file(out))
      #expect(outcome.code == 0, "\(outcome.error)")
    }
    #expect(try directory.read("a") == directory.read("b"))
    #expect(try SafetensorsFile(directory.file("a"))["pooler_output"]?.shape == [2, 48])
  }

  /// A language model's sequences too are each as if alone.
  @Test func severalSequencesOfALanguageModel() throws {
    let plan = try compile("tiny-plain")
    let tokens = [7, 8, 9, 1, 2, 300]
    func logits(_ tokens: [Int], _ sequences: [Int]) throws -> [Float] {
      let input = try write([("tokens", .i64, tokens), ("sequences", .i32, sequences)])
      let out = directory.file("out")
      let outcome = try Tool.actrun.run("run", plan, "--input", input, "-o", out)
      #expect(outcome.code == 0, "\(outcome.error)")
      return try readFloats("logits", of: out)
    }
    let alone = try logits(Array(tokens[..<3]), [0, 0, 0]) + logits([1], [0]) + logits([2, 300], [0, 0])
    #expect(try logits(tokens, [0, 0, 0, 1, 2, 2]) == alone)
    #expect(try logits(tokens, [0, 0, 0, 0, 0, 0]) != alone)
    let input = try write([("tokens", .i32, tokens), ("sequences", .i32, [0, 0, 0, 1, 1, 0])])
    try expectRefusal(
      .actrun, ["run", plan, "--input", input, "-o", directory.file("out")], 3,
      "sequences: expected 0, 1, 2, …")
  }

  @Test func inputsThatDoNotFit() throws {
    let plan = try compile("tiny-bert")
    func refuse(_ tensors: [(String, StorageType, [Int])], _ words: String) throws {
      let input = try write(tensors)
      try expectRefusal(
        .actrun, ["run", plan, "--input", input, "-o", directory.file("out")], 3, input, words)
    }
    let tokens = ("tokens", StorageType.i32, [1, 2])
    try refuse(
      [tokens, ("attention_mask", .i64, [1, 1])],
      "attention_mask: no input takes such whole numbers; whole numbers go to tokens, token_types, chosen_rows, sequences"
    )
    try refuse([tokens, ("token_type", .i32, [0, 1])], "token_type: no input takes such whole numbers")
    try refuse([tokens, ("sequences", .i32, [0, 2])], "sequences: expected 0, 1, 2, …")
    try refuse([tokens, ("token_types", .u8, [0, 1])], "token_types: expected I32 or I64, found U8")
    try refuse([("token_types", .i32, [0, 1])], "tokens: no such tensor; give tokens i32[T]")
    try refuse([("tokens", .i32, [120])], "tokens: expected 0 to 119, found 120 at row 0")
  }

  /// What continues texts or scores them says so in one line, and so does a search.
  @Test func commandsForLanguageModels() throws {
    let plan = try compile("tiny-bert")
    let texts = try directory.write("a cat\n", to: "texts.txt")
    for arguments in [
      ["generate", plan, "-p", "x"], ["score", plan, texts], ["bench", plan],
      ["eval", plan, "--prompts", texts, "--concept", texts, "--steer", "m=0"],
    ] {
      try expectRefusal(
        .actrun, arguments, 3, plan,
        "expected a language model's plan, found one of an encoder; use `actrun run`")
    }
    let model = Workshop.fixture("tiny-bert")
    try expectRefusal(
      .actc, ["search", model, "--source", texts, "--target", texts, "--held-out", texts], 4, model,
      "a search measures perplexity, which only a language model has")
    #expect(directory.contents == ["texts.txt", "x.plan"])
  }

  @Test func showsItsSitesAndPrograms() throws {
    let sites = try Tool.actc.run("sites", Workshop.fixture("tiny-bert"), "--sites", "*LayerNorm")
    #expect(sites.text.hasPrefix("embeddings.LayerNorm : f32[T,48]\n"))
    #expect(sites.text.split(separator: "\n").count == 5)
    let graph = try Tool.actc.run("show", Workshop.fixture("tiny-bert"))
    #expect(graph.text.contains("kv_pack") && graph.text.contains("visible = all"), "\(graph.text)")
    let plan = try Tool.actc.run("show", try compile("tiny-bert"))
    #expect(plan.code == 0 && plan.text.contains("kv_pack"), "\(plan.error)")
  }

  /// An encoder takes tokens, so that a tokenizer that is not supported costs it texts and nothing else; a language
  /// model is of no use without.
  @Test func tokenizersThatAreNotSupported() throws {
    let characters =
      #"{"version": "1.0", "added_tokens": [], "normalizer": null, "pre_tokenizer": null, "post_processor": null, "#
      + #""decoder": null, "model": {"type": "Characters", "vocab": {"[UNK]": 0}, "unk_token": "[UNK]"}}"#
    for (checkpoint, code) in [("tiny-bert", Int32(0)), ("tiny-plain", 4)] {
      let model = try Workshop.copyModel(checkpoint, to: directory.makeDirectory(checkpoint))
      _ = try directory.write(characters, to: "\(checkpoint)/tokenizer.json")
      let outcome = try Tool.actc.run("compile", model, "-o", directory.file("x.plan"))
      #expect(outcome.code == code, "\(outcome.error)")
      #expect(outcome.error.contains("not supported: the model `Characters`, only BPE, "), "\(outcome.error)")
      #expect(outcome.error.contains("the plan takes tokens, and no text") == (code == 0), "\(outcome.error)")
    }
  }

  /// A shift of the last norm is one of the result, channel by channel.
  @Test func steers() throws {
    let model = Workshop.fixture("tiny-bert")
    let shown = try Tool.actc.run("show", model, "--json")
    let fingerprint = try #require(JSON(parsing: shown.text)["fingerprint"]?.string)
    let shift = (0..<48).map { Float($0) / 16 - 1 }
    let map = MapFile(
      FitDescription(.init("shift", version: "1")),
      transport: """
        graph @shift(%x: f32[T,D], %shift: f32[D], %strength: f32[]) {
          %part = mul %shift, %strength : f32[D]
          %y = add %x, %part : f32[T,D]
          return %y
        }
        """, parameterNames: ["shift"], modelFingerprint: fingerprint,
      sites: [
        .init(name: "encoder.layer.1.output.LayerNorm", width: 48, parameters: ["shift": MapParameter(shift)])
      ])
    try map.write(to: directory.file("m.maps.safetensors"))
    let plan = try compile("tiny-bert", "--maps", "m=\(directory.file("m.maps.safetensors"))")
    let record = Workshop.fixture("tiny-bert/input2.safetensors")
    let out = directory.file("out")
    for strength in [0, 0.5] as [Float] {
      let outcome = try Tool.actrun.run(
        "run", plan, "--input", record, "-o", out, "--steer", "m=\(strength)")
      #expect(outcome.code == 0, "\(outcome.error)")
      let bare = try readFloats("last_hidden_state", of: record)
      let steered = try readFloats("last_hidden_state", of: out)
      let worst =
        bare.indices.map { abs(steered[$0] - bare[$0] - strength * shift[$0 % 48]) }.max() ?? .infinity
      #expect(worst <= 1e-4, "λ = \(strength)")
    }
  }
}
