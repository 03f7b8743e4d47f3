import ActFormats
import Testing
import Workbench

/// `actrun chat`, its messages and commands from a file.
@Suite struct ChatTests {
  private static let template =
    "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}"
  private let workshop: Workshop
  private let directory: TemporaryDirectory

  init() throws {
    workshop = try Workshop.get()
    directory = try TemporaryDirectory()
  }

  /// A steered plan of a model with a layout for chats and other files.
  private func plan(_ files: [String: String] = [:]) throws -> String {
    let model = try Workshop.copyModel("tiny-plain", to: directory.makeDirectory("model\(files.count)"))
    let configuration = JSON.object(["chat_template": .string(Self.template)]).description
    for (name, text) in files.merging(["tokenizer_config.json": configuration], uniquingKeysWith: { $1 }) {
      try directory.write(text, to: "model\(files.count)/\(name)")
    }
    let plan = directory.file("\(files.count).plan")
    let compiled = try Tool.actc.run([
      "compile", model, "--maps", "m=\(workshop.map)", "--weights", "f32", "-o", plan,
    ])
    try #require(compiled.code == 0, "\(compiled.error)")
    return plan
  }

  private func chat(_ plan: String, _ lines: [String], _ flags: [String] = []) throws -> Outcome {
    let input = try directory.write(lines.map { $0 + "\n" }.joined(), to: "lines.txt")
    let outcome = try Tool.actrun.run(["chat", plan, "--temp", "0", "-n", "12"] + flags, input: input)
    try #require(outcome.code == 0, "\(outcome.error)")
    return outcome
  }

  /// What `actrun generate` continues a text with.
  private func continuation(_ plan: String, _ text: String, _ flags: [String] = []) throws -> JSON {
    let outcome = try Tool.actrun.run(
      ["generate", plan, "-p", text, "--temp", "0", "-n", "12", "--json"] + flags)
    try #require(outcome.code == 0, "\(outcome.error)")
    return try JSON(parsing: outcome.output)
  }

  @Test func answersAsTheTemplateLaysOut() throws {
    let plan = try plan()
    let first = try #require(continuation(plan, "<user>ab<assistant>")["text"]?.string)
    #expect(try chat(plan, ["ab"]).text == first + "\n")
    // The answer is a message of the second turn; after a reset there is none.
    let second = try #require(
      continuation(plan, "<user>ab<assistant>\(first)<user>c<assistant>")["text"]?.string)
    let alone = try #require(continuation(plan, "<user>c<assistant>")["text"]?.string)
    #expect(try chat(plan, ["ab", "", "c"]).text == "\(first)\n\(second)\n")
    #expect(try chat(plan, ["ab", "/reset", "c"]).text == "\(first)\n\(alone)\n")
    #expect(try chat(plan, ["ab", "/exit", "c"]).text == first + "\n")
    let told = try #require(continuation(plan, "<system>s<user>ab<assistant>")["text"]?.string)
    #expect(try chat(plan, ["ab"], ["--system", "s"]).text == told + "\n")
  }

  @Test func steers() throws {
    let plan = try plan()
    let text = "<user>ab<assistant>"
    let steered = try #require(continuation(plan, text, ["--steer", "m=1"])["text"]?.string)
    let bare = try #require(continuation(plan, text)["text"]?.string)
    let outcome = try chat(plan, ["/steer", "/steer m=1", "ab", "/reset", "/steer m=0", "ab"])
    #expect(outcome.text == "\(steered)\n\(bare)\n")
    #expect(outcome.errorLines == ["m=0", "m=1", "began anew", "m=0"])
    #expect(try chat(plan, ["ab"], ["--steer", "m=1"]).text == steered + "\n")
    let wrong = try chat(plan, ["/steer x=1", "/steer m", "/steer m=0:1:0.5", "/what"])
    #expect(wrong.output.isEmpty && wrong.errorLines.count == 4)
    for (line, words) in zip(
      wrong.errorLines,
      ["no dial `x`", "expected NAME=STRENGTH", "expected one strength", "unknown command /what"])
    { #expect(line.contains(words), "\(line)") }
  }

  /// A list of tokens, each of which ends an answer.
  @Test func endTokens() throws {
    let tokens = try #require(continuation(try plan(), "<user>ab<assistant>")["tokens"]?.array).compactMap(
      \.int)
    let second = try #require(tokens.dropFirst().first { $0 != tokens[0] })
    let ended = try plan(["generation_config.json": #"{"eos_token_id": [300, \#(second)]}"#])
    let found = try continuation(ended, "<user>ab<assistant>")
    #expect(found["finish"]?.string == "end")
    #expect(found["tokens"]?.array?.compactMap(\.int) == Array(tokens.prefix { $0 != second }))
    let bad = try directory.makeDirectory("bad")
    _ = try Workshop.copyModel("tiny-plain", to: bad)
    try directory.write(#"{"eos_token_id": ["x"]}"#, to: "bad/generation_config.json")
    try expectRefusal(
      .actc, ["compile", bad, "-o", directory.file("x.plan")], 3,
      "eos_token_id: expected token ids, found [\"x\"]")
  }

  @Test func longChatsForget() throws {
    let plan = try plan()
    let outcome = try chat(plan, (0..<8).map { _ in String(repeating: "x", count: 150) })
    #expect(outcome.error.contains("oldest messages, for which there is no room"))
    let tooLong = try chat(plan, [String(repeating: "x", count: 600), "ab"])
    #expect(tooLong.errorLines[0].contains("a message of") && tooLong.text.split(separator: "\n").count >= 1)
  }

  @Test func withoutALayout() throws {
    try expectRefusal(.actrun, ["chat", workshop.plan], 3, "tokenizer_config: the plan has none")
  }
}
