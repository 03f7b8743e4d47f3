import ActFormats
import ActIR
import Testing
import Workbench

/// The data that `actc fit` takes, and how.
@Suite struct FitDataTests {
  let workshop: Workshop
  let directory: TemporaryDirectory

  init() throws {
    workshop = try Workshop.get()
    directory = try TemporaryDirectory()
  }

  private func arguments(_ data: [String]) -> [String] {
    [
      "fit", workshop.model, "--simultaneous", "--sites", "model.norm", "-o",
      directory.file("x.maps.safetensors"),
    ]
      + data
  }

  private func fit(_ data: [String]) throws -> (map: MapFile, error: String) {
    let outcome = try Tool.actc.run(arguments(data))
    try #require(outcome.code == 0, "\(outcome.error)")
    return (try MapFile(reading: directory.file("x.maps.safetensors")), outcome.error)
  }

  /// The same texts in every format give the same parameters.
  @Test func formatsAgree() throws {
    let source = ["a cat", "the dog ran home", "hello there", "it rains"]
    let target = ["THE BALL", "A GOAL!", "FOOT AND BALL", "KICK"]
    let pairs = Array(zip(source, target))
    let tabs = try directory.write(pairs.map { "\($0)\t\($1)\n" }.joined(), to: "a.txt")
    let rows = try directory.write(
      "\"o,ld\",new\n" + pairs.map { "\"\($0)\",\($1)\r\n" }.joined(), to: "a.csv")
    let records = try directory.write(
      pairs.map { "{\"x\":{\"y\":\"\($0)\"},\"l\":0}\n{\"x\":{\"y\":\"\($1)\"},\"l\":1}\n" }.joined(),
      to: "a.jsonl")
    let parts = try source.enumerated().map { try directory.write($1 + "\n", to: "\($0).txt") }
    let expected = try fit(["--source", workshop.source, "--target", workshop.target]).map
    for data in [
      ["--pairs", tabs], ["--pairs", rows, "--source-field", "o,ld", "--target-field", "new"],
      ["--source", rows, "--target", rows, "--source-field", "1", "--target-field", "2", "--no-header"]
        + ["--filter", "`2`!=new"],
      ["--source", records, "--target", records, "--field", "x.y", "--source-filter", "l==0"]
        + ["--target-filter", "l>0"],
      ["--source"] + parts + ["--target", workshop.target], ["--seed", "4", "--pairs", tabs],
    ] {
      let map = try fit(data).map
      #expect(map.counts == ["source": 4, "target": 4])
      // A shuffled sum rounds otherwise.
      for (name, parameter) in map.sites[0].parameters {
        let expected = expected.sites[0].parameters[name]!.values
        #expect(
          zip(parameter.values, expected).allSatisfy { ($0 - $1).magnitude <= 1e-5 }, "\(data): \(name)")
      }
    }
    #expect(try fit(["--pairs", tabs, "--limit", "3"]).map.counts == ["source": 3, "target": 3])
  }

  @Test func standardInput() throws {
    let outcome = try Tool.actc.run(
      arguments([
        "--format", "jsonl", "--source", "-", "--target", try directory.write(#"{"text":"b"}"#, to: "b"),
      ]),
      input: try directory.write(#"{"text":"a"}"#, to: "in"))
    #expect(outcome.code == 0, "\(outcome.error)")
  }

  @Test func longSamplesAreCut() throws {
    let long = try directory.write(String(repeating: "a", count: 600) + "\nb\n", to: "long.txt")
    let whole = try fit(["--source", long, "--target", workshop.target])
    #expect(whole.error.contains("cut 1 of 2 samples of \(long) to 512 tokens"))
    let cut = try directory.write("aaaaa\nb\n", to: "cut.txt")
    let expected = try fit(["--source", cut, "--target", workshop.target])
    #expect(!expected.error.contains("cut"))
    let short = try fit(["--source", long, "--target", workshop.target, "--max-tokens", "5"])
    #expect(short.map.sites[0].parameters["source_mean"] == expected.map.sites[0].parameters["source_mean"])
    #expect(whole.map.sites != short.map.sites)
  }

  /// A record of a prompt and a response is run whole; the prompt is not pooled.
  @Test func responsesArePooled() throws {
    func mean(
      _ text: String, _ name: String, _ options: String..., target: String = "{\"text\":\"a\"}\n"
    ) throws -> [Float] {
      let path = try directory.write(text, to: name)
      let other = try directory.write(target, to: target.hasPrefix("{") ? "b.jsonl" : "b.csv")
      let map = try fit(["--source", path, "--target", other] + options).map
      return map.sites[0].parameters["source_mean"]!.values
    }
    // Of a response of one token the mean is the last token's activation.
    let response = try mean(#"{"prompt":"abc ","response":"d"}"#, "a.jsonl")
    #expect(try response == mean("abc d\n", "a.txt", "--pooling", "last"))
    #expect(try response != mean("abc d\n", "b.txt"))
    #expect(try response != mean("d\n", "c.txt"))
    #expect(
      try response
        == mean("q,a\nabc ,d\n", "a.csv", "--prompt-field", "q", "--field", "a", target: "q,a\nabc,d\n"))
  }

  static let bad: [(data: [String], code: Int32, words: String)] = [
    (["--source", "S"], 2, "expected --source and --target, or --pairs"),
    (["--pairs", "S", "--source", "S"], 2, "--pairs takes the place of"),
    (["--pairs", "S"], 3, "source.txt: line 1: expected 2 fields, found 1"),
    (["--source", "-", "--target", "-"], 2, "at most once"),
    (["--source", "S", "--target", "T", "--limit", "0"], 2, "--limit: expected 1 or more"),
    (["--source", "S", "--target", "T", "--max-tokens", "0"], 2, "--max-tokens: expected 1 or more"),
    (["--source", "S", "--target", "T", "--max-tokens", "513"], 2, "--max-tokens: expected at most 512"),
    (
      ["--source", "S", "--target", "T", "--filter", "a=1"], 2, "--filter 'a=1': character 2: expected one of"
    ),
    (
      ["--source", "S", "--target", "T", "--target-filter", "x>1"], 3,
      "target.txt: no record has the field `x`"
    ),
    (
      ["--source", "S", "--target", "T", "--field", "body"], 3,
      "source.txt: line 1: no field `body`, found `text`"
    ),
    (
      ["--source", "S", "--target", "T", "--skip-first", "4"], 3,
      "target.txt: line 4: expected more than 4 tokens"
    ),
    (["--source", "S", "--target", "T", "--pooling", "mode"], 2, "'mean', 'last', 'min', 'max' or 'all'"),
    (["--source", "S", "--target", "T", "--format", "xml"], 2, "xml"),
  ]

  @Test(arguments: bad.indices)
  func refusals(index: Int) throws {
    let (data, code, words) = Self.bad[index]
    let paths = ["S": workshop.source, "T": workshop.target]
    try expectRefusal(.actc, arguments(data.map { paths[$0] ?? $0 }), code, words)
    #expect(directory.contents.isEmpty)
  }

  @Test func promptsThatFillTheContext() throws {
    let path = try directory.write(#"{"prompt":"abcdef","response":"gh"}"#, to: "a.jsonl")
    try expectRefusal(
      .actc, arguments(["--source", path, "--target", workshop.target, "--max-tokens", "6"]), 3,
      "a.jsonl: line 1: the prompt fills all of 6 tokens")
  }

  /// A chat is laid out by the model's template; its last answer is pooled.
  @Test func chats() throws {
    let chat = #"{"messages":[{"role":"user","content":"ab"},{"role":"assistant","content":"c"}]}"#
    let path = try directory.write(chat, to: "chat.jsonl")
    try expectRefusal(
      .actc, arguments(["--source", path, "--target", workshop.target]), 3, "tokenizer_config.json")

    let model = try Workshop.copyModel("tiny-plain", to: directory.makeDirectory("model"))
    func fit(_ source: String, template: String) throws -> Outcome {
      let config = JSON.object(["chat_template": .string(template)]).description
      try directory.write(config, to: "model/tokenizer_config.json")
      var arguments = arguments(["--source", source, "--target", workshop.target])
      arguments[1] = model
      return try Tool.actc.run(arguments)
    }
    let turns =
      "{% for m in messages %}{{ m.role[0] + ':' + m.content }}{% endfor %}"
      + "{% if add_generation_prompt %}a:{% endif %}"
    let laidOut = try fit(path, template: turns)
    try #require(laidOut.code == 0, "\(laidOut.error)")
    let map = try MapFile(reading: directory.file("x.maps.safetensors"))
    // Of an answer of one token the mean is the last token's activation.
    let last = try directory.write("u:aba:c\n", to: "last.txt")
    let expected = try self.fit(["--source", last, "--target", workshop.target, "--pooling", "last"]).map
    #expect(map.sites[0].parameters["source_mean"] == expected.sites[0].parameters["source_mean"])

    let unknown = try fit(path, template: "{{ messages | groupby('role') }}")
    #expect(unknown.code == 4)
    #expect(unknown.error.contains("chat_template: not supported: the filter `groupby`"), "\(unknown.error)")
    let refused = try fit(path, template: "{{ raise_exception('never') }}")
    #expect(refused.code == 3)
    #expect(refused.error.contains("chat.jsonl: line 1: the template refuses the chat: never"))
    for bad in [#"{"messages":[]}"#, #"{"messages":[{"role":"user"}]}"#, #"{"messages":["hi"]}"#] {
      let outcome = try fit(try directory.write(bad, to: "bad.jsonl"), template: turns)
      #expect(outcome.code == 3 && outcome.error.contains("bad.jsonl: line 1: expected"), "\(outcome.error)")
    }
  }
}
