import ActFormats
import Glibc
import Testing
import Workbench

/// `actrun embed` and `actrun classify`: texts in, a line of JSON for each.
@Suite struct EncodingTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  /// The plan of a small checkpoint with a tokenizer of the words w0, w1, …, and its path.
  private func plan(_ checkpoint: String, words: Int = 60) throws -> String {
    let model = try Workshop.copyModel(checkpoint, to: directory.makeDirectory(checkpoint))
    let vocabulary = (0..<words).map { "\"w\($0)\":\($0)" }.joined(separator: ",")
    _ = try directory.write(
      #"{"model":{"type":"WordLevel","vocab":{\#(vocabulary)},"unk_token":"w0"},"pre_tokenizer":{"type":"WhitespaceSplit"}}"#,
      to: "\(checkpoint)/tokenizer.json")
    let plan = directory.file("\(checkpoint).plan")
    let compiled = try Tool.actc.run(["compile", model, "--weights", "f32", "-o", plan])
    try #require(compiled.code == 0, "\(compiled.error)")
    return plan
  }

  private func lines(_ arguments: [String]) throws -> [JSON] {
    let outcome = try Tool.actrun.run(arguments)
    try #require(outcome.code == 0, "\(outcome.error)")
    return try outcome.text.split(separator: "\n").map { try JSON(parsing: Array($0.utf8)) }
  }

  /// What `actrun run` gives for the tokens.
  private func results(_ plan: String, _ tokens: [Int32], _ name: String) throws -> [Float] {
    let input = try writeTokens(tokens, to: directory)
    let output = directory.file("out.safetensors")
    let outcome = try Tool.actrun.run(["run", plan, "--input", input, "-o", output])
    try #require(outcome.code == 0, "\(outcome.error)")
    return try readFloats(name, of: output)
  }

  private func doubles(_ json: JSON?) throws -> [Double] { try #require(json?.array).compactMap(\.double) }

  @Test(arguments: ["tiny-bert", "tiny-t5-gated"]) func embeds(checkpoint: String) throws {
    let plan = try plan(checkpoint, words: 57)
    let texts = try directory.write("w3 w7 w50\nw9\n", to: "texts.txt")
    let states = try results(plan, [3, 7, 50], "last_hidden_state")
    let width = states.count / 3
    let rows = (0..<3).map { row in states[row * width..<(row + 1) * width].map { Double($0) } }
    let means = (0..<width).map { channel in rows.reduce(0) { $0 + $1[channel] } / 3 }
    let length = means.reduce(0) { $0 + $1 * $1 }.squareRoot()
    for (flags, expected) in [
      ([], means.map { $0 / length }), (["--no-normalize"], means),
      (["--pooling", "cls", "--no-normalize"], rows[0]), (["--pooling", "last", "--no-normalize"], rows[2]),
    ] {
      let found = try lines(["embed", plan, texts] + flags)
      #expect(found.compactMap { $0["text"]?.string } == ["w3 w7 w50", "w9"])
      let embedding = try doubles(found[0]["embedding"])
      #expect(zip(embedding, expected).allSatisfy { ($0 - $1).magnitude <= 1e-5 }, "\(flags)")
      #expect(embedding.count == width)
    }
    let one = try lines(["embed", plan, "-p", "w9"])
    #expect(try one == [lines(["embed", plan, texts])[1]])
  }

  /// The plan of both towers embeds texts by one of them.
  @Test func embedsByATextTower() throws {
    let plan = try plan("tiny-clip", words: 61)
    let expected = try results(plan, [3, 7, 60], "text_embeds")
    let found = try lines(["embed", plan, "-p", "w3 w7 w60"])
    let embedding = try doubles(found[0]["embedding"])
    #expect(embedding.count == expected.count)
    #expect(zip(embedding, expected).allSatisfy { ($0 - Double($1)).magnitude <= 1e-6 })
  }

  /// Labels that exclude each other, and labels that do not.
  @Test(arguments: [
    ("tiny-bert-classifier", ["calm", "angry", "glad"], false),
    ("tiny-xlm-roberta-classifier", ["toxic", "obscene", "threat", "insult"], true),
    ("tiny-distilbert-classifier", ["LABEL_0", "LABEL_1"], false),
  ])
  func classifies(checkpoint: String, labels: [String], areIndependent: Bool) throws {
    let plan = try plan(checkpoint, words: 50)
    let logits = try results(plan, [4, 11, 30, 2], "logits").map { Double($0) }
    let found = try #require(lines(["classify", plan, "--prompt", "w4 w11 w30 w2"]).first)
    let scores = try #require(found["scores"]?.members)
    #expect(scores.map(\.key) == labels)
    let weights = logits.map { exp($0) }
    for (index, score) in scores.enumerated() {
      let expected =
        areIndependent ? 1 / (1 + exp(-logits[index])) : weights[index] / weights.reduce(0, +)
      #expect((try #require(score.value.double) - expected).magnitude <= 1e-6)
    }
    let best = try #require(scores.max { $0.value.double! < $1.value.double! })
    #expect(found["label"]?.string == best.key && found["score"] == best.value)
  }

  @Test func refusals() throws {
    let plan = try plan("tiny-bert")
    let texts = try directory.write("w3\n", to: "texts.txt")
    try expectRefusal(.actrun, ["classify", plan, texts], 3, "expected a classifier's plan")
    try expectRefusal(.actrun, ["embed", plan], 2, "expected a data file or --prompt")
    try expectRefusal(.actrun, ["embed", plan, texts, "-p", "x"], 2, "expected a data file or --prompt")
    try expectRefusal(
      .actrun, ["embed", plan, "-p", "x", "--limit", "2"], 2, "--limit: expected a data file")
    let language = try Workshop.get().plan
    try expectRefusal(.actrun, ["embed", language, texts], 3, "expected a plan of whole entries")
    let bare = directory.file("bare.plan")
    _ = try Tool.actc.run(["compile", Workshop.fixture("tiny-bert"), "-o", bare])
    try expectRefusal(.actrun, ["embed", bare, texts], 3, "tokenizer: the plan has none")
  }
}
