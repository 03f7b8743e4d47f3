import ActFormats
import Glibc
import Testing
import Workbench

/// Data sets and inputs that cannot be used.
@Suite struct DataTests {
  let workshop: Workshop
  let directory: TemporaryDirectory

  init() throws {
    workshop = try Workshop.get()
    directory = try TemporaryDirectory()
  }

  static let bad: [(name: String, bytes: [UInt8], words: String)] = [
    ("empty.txt", [], "empty.txt: holds no samples"),
    ("blank.txt", Array("\n\n  \n".utf8), "blank.txt: holds no samples"),
    ("latin.txt", Array("good\ncaf".utf8) + [0xE9, 0x0A], "latin.txt: line 2: is not UTF-8"),
    (
      "long.txt", Array((String(repeating: "a", count: 600) + "\n").utf8),
      "long.txt: line 1: expected at most 512 tokens"
    ),
    (
      "record.jsonl", Array("{\"text\":\"a\"}\n{\"txet\":\"a\"}\n".utf8),
      "record.jsonl: line 2: expected `text`, or `prompt` and `response`"
    ),
    ("broken.jsonl", Array("{\"text\":\"a\"\n".utf8), "broken.jsonl: line 1: byte"),
  ]

  @Test(arguments: bad.map(\.name))
  func badSets(name: String) throws {
    let (_, bytes, words) = try #require(Self.bad.first { $0.name == name })
    let path = try directory.write(bytes, to: name)
    let good = workshop.source
    // A fit cuts what is too long.
    for (source, target) in [(path, good), (good, path)] where name != "long.txt" {
      try expectRefusal(
        .actc, ["fit", workshop.model, "--source", source, "--target", target, "-o", directory.file("x")], 3,
        words)
    }
    try expectRefusal(.actrun, ["score", workshop.plan, path], 3, words)
    let words2 = name == "long.txt" ? "long.txt: line 1: expected at most 472 tokens" : words
    try expectRefusal(
      .actrun, ["eval", workshop.steered, "--prompts", path, "--concept", good, "--steer", "m=0"], 3, words2)
    try expectRefusal(
      .actrun,
      ["eval", workshop.steered, "--prompts", good, "--concept", good, "--held-out", path, "--steer", "m=0"],
      3, words)
    #expect(directory.contents == [name])
  }

  @Test func whatIsNoFile() throws {
    for (path, words) in [
      (directory.file("absent"), "absent: cannot open"), (directory.path, directory.path),
    ] {
      try expectRefusal(
        .actc,
        ["fit", workshop.model, "--source", path, "--target", workshop.target, "-o", directory.file("x")], 3,
        words)
      try expectRefusal(.actrun, ["score", workshop.plan, path], 3, words)
      try expectRefusal(
        .actrun, ["run", workshop.plan, "--input", path, "-o", directory.file("x")], 3, words)
    }
    #expect(directory.contents.isEmpty)
  }

  @Test func conceptWithoutWords() throws {
    let path = try directory.write("?!\n---\n", to: "words.txt")
    try expectRefusal(
      .actrun, ["eval", workshop.steered, "--prompts", workshop.source, "--concept", path, "--steer", "m=0"],
      3,
      "words.txt: expected words")
  }

  @Test func promptsFromStandardInput() throws {
    let text = try directory.write("once", to: "good.txt")
    let outcome = try Tool.actrun.run(
      ["generate", workshop.plan, "-p", "-", "-n", "3", "--json"], input: text)
    #expect(outcome.code == 0, "\(outcome.error)")
    #expect(try JSON(parsing: outcome.output)["prompt"]?.string == "once")
    let bad = try directory.write([0x61, 0xFF], to: "bad.txt")
    try expectRefusal(
      .actrun, ["generate", workshop.plan, "-p", "-"], 3, "standard input: expected UTF-8 text", input: bad)
    try expectRefusal(.actrun, ["generate", workshop.plan, "-p", "-"], 3, "standard input: is empty")
    try expectRefusal(
      .actrun, ["generate", workshop.plan, "-p", "-"], 3, "standard input: cannot read", input: directory.path
    )
  }

  @Test func promptsThatDoNotFit() throws {
    try expectRefusal(.actrun, ["generate", workshop.plan, "-p", ""], 2, "an empty prompt")
    let long = String(repeating: "a", count: 512)
    try expectRefusal(.actrun, ["generate", workshop.plan, "-p", long], 2, "the plan's context is 512")
    try expectRefusal(
      .actrun, ["bench", workshop.plan, "-p", "513", "-n", "13"], 2, "the plan's context is 512")
  }

  @Test func plansWithoutATokenizer() throws {
    let model = try Workshop.copyModel("tiny-plain", to: directory.makeDirectory("model"))
    try #require(try Tool.actc.run("show", model).code == 0)
    try #require(unlink("\(model)/tokenizer.json") == 0)
    let plan = directory.file("x.plan")
    #expect(try Tool.actc.run("compile", model, "-o", plan).code == 0)
    for arguments in [
      ["generate", plan, "-p", "x"], ["score", plan, workshop.source],
      ["eval", plan, "--prompts", workshop.source, "--concept", workshop.source],
    ] {
      try expectRefusal(.actrun, arguments, 3, "tokenizer: the plan has none")
    }
    try expectRefusal(
      .actc,
      ["fit", model, "--source", workshop.source, "--target", workshop.target, "-o", directory.file("y")], 3,
      "tokenizer.json")
  }

  // MARK: Tensors of `actrun run`

  private func expectBadInput(_ entry: SafetensorsWriter.Entry, _ bytes: [UInt8], _ words: String) throws {
    let path = directory.file("in.safetensors")
    let writer = try SafetensorsWriter(path, [entry])
    try bytes.withUnsafeBytes { try writer.append($0, to: entry.name) }
    try writer.finish()
    try expectRefusal(
      .actrun, ["run", workshop.plan, "--input", path, "-o", directory.file("out")], 3, words)
    #expect(directory.contents == ["in.safetensors"])
  }

  @Test func tokensThatAreNone() throws {
    func bytes(_ tokens: Int32...) -> [UInt8] {
      tokens.flatMap { withUnsafeBytes(of: $0.littleEndian, Array.init) }
    }
    try expectBadInput(.init("tokens", .i32, [2]), bytes(0, 320), "tokens: expected 0 to 319, found 320")
    try expectBadInput(.init("tokens", .i32, [2]), bytes(0, -1), "tokens: expected 0 to 319, found -1")
    try expectBadInput(.init("tokens", .i64, [1]), bytes(0, .max), "tokens: expected 0 to 319, found")
    try expectBadInput(.init("tokens", .f32, [2]), bytes(0, 1), "tokens: expected I32 [T], found F32 [2]")
    try expectBadInput(
      .init("tokens", .i32, [1, 2]), bytes(0, 1), "tokens: expected I32 [T], found I32 [1, 2]")
    try expectBadInput(.init("tokens", .i32, [0]), [], "tokens: expected I32 [T], found I32 [0]")
    try expectBadInput(.init("token", .i32, [2]), bytes(0, 1), "tokens: no such tensor")
    try expectBadInput(
      .init("tokens", .i32, [513]), [UInt8](repeating: 0, count: 513 * 4), "tokens: expected at most 512")
  }

  @Test func comparesWithExpectedResults() throws {
    let tokens = try writeTokens([5, 6, 7, 8], to: directory)
    let out = directory.file("out")
    let made = try Tool.actrun.run("run", workshop.plan, "--input", tokens, "-o", out)
    #expect(made.code == 0 && made.output.isEmpty && made.error.isEmpty, "\(made.error)")
    let same = try Tool.actrun.run("run", workshop.plan, "--input", tokens, "--expected", out)
    #expect(same.code == 0)
    #expect(same.text.hasPrefix("logits: NMSE 0.0, worst at row 0, column 0: found"))

    let logits = try readFloats("logits", of: out)
    for (index, value) in [(3, logits[3] + 1), (0, Float.nan), (logits.count - 1, -.infinity)] {
      var altered = logits
      altered[index] = value
      let path = directory.file("altered")
      let writer = try SafetensorsWriter(path, [.init("logits", .f32, [4, 320])])
      try altered.withUnsafeBytes { try writer.append($0, to: "logits") }
      try writer.finish()
      let outcome = try Tool.actrun.run("run", workshop.plan, "--input", tokens, "--expected", path)
      #expect(outcome.code == 1, "\(index)")
      #expect(outcome.errorLines.count == 1)
      let place =
        "worst at row \(index / 320), column \(index % 320): found \(logits[index]), expected \(value)"
      #expect(
        outcome.error.contains("NMSE above 1e-06, logits") && outcome.error.contains(place),
        "\(outcome.error)")
      let report = try Tool.actrun.run(
        "run", workshop.plan, "--input", tokens, "--expected", path, "--json", "--nmse", "0.5")
      #expect(report.code == (index == 3 ? 0 : 1))
      let entry = try #require(JSON(parsing: report.output).array?.first)
      #expect(entry["row"]?.int == index / 320 && entry["column"]?.int == index % 320)
      #expect(entry["nmse"]?.double.map { $0 > 1e-6 && $0 < 0.5 } == (index == 3 ? true : nil))
    }
    // In bf16 a correct plan may be further away: the error says what to do.
    let narrow = directory.file("bf16.plan")
    try #require(try Tool.actc.run("compile", workshop.model, "-o", narrow).code == 0)
    let outcome = try Tool.actrun.run(
      "run", narrow, "--input", tokens, "--expected", out, "--nmse", "1e-12")
    #expect(outcome.code == 1 && outcome.error.contains("--weights f32 --kv f32"), "\(outcome.error)")
    try expectRefusal(
      .actrun, ["run", workshop.plan, "--input", tokens, "--expected", tokens], 3,
      "none of the plan's results")
  }
}
