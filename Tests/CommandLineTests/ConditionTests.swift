import ActFormats
import Testing
import Workbench

/// Scores and gates of plans, and what `--steer` makes of them.
@Suite struct ConditionTests {
  let workshop: Workshop
  let directory: TemporaryDirectory
  /// A `cast` map early in the model.
  let scoring: String

  init() throws {
    workshop = try Workshop.get()
    directory = try TemporaryDirectory()
    scoring = directory.file("s.maps.safetensors")
    try run(
      .actc,
      [
        "fit", workshop.model, "--source", workshop.source, "--target", workshop.target, "--method", "cast",
        "--sites", "model.layers.0", "-o", scoring,
      ])
  }

  @discardableResult
  private func run(_ tool: Tool, _ arguments: [String]) throws -> Outcome {
    let outcome = try tool.run(arguments)
    try #require(outcome.code == 0, "\(outcome.error)")
    return outcome
  }

  /// A plan with a late map, its score and its gate.
  private func compile(_ more: [String] = []) throws -> String {
    let late = directory.file("late.maps.safetensors")
    try run(
      .actc,
      [
        "fit", workshop.model, "--source", workshop.source, "--target", workshop.target, "--sites",
        "model.layers.2.self_attn.o_proj", "-o", late,
      ])
    let plan = directory.file("conditioned.plan")
    try run(
      .actc,
      [
        "compile", workshop.model, "--maps", "late=\(late)", "--score", "s=\(scoring)", "--gate", "late=s",
        "--weights", "f32", "-o", plan,
      ] + more)
    return plan
  }

  @Test func generates() throws {
    let plan = try compile()
    func text(_ steer: String, _ more: String...) throws -> String {
      try run(
        .actrun,
        ["generate", plan, "-p", "a cat", "-n", "24", "--temp", "0", "--steer", steer] + more
      ).text
    }
    let (bare, always) = (try text("late=0"), try text("late=3"))
    #expect(bare != always)
    for (condition, expected) in [
      ("cos(s) > -1", always), ("cos(s) > 1", bare), ("max(s) > 1", bare),
      ("not mean(s) > 1 and min(s) > 1", bare),
    ] {
      #expect(try text("late=3 when \(condition)") == expected, "\(condition)")
    }
    #expect(try text("late=3 when mean(s) > -1", "--condition-on", "prompt") == always)
    #expect(try text("late=3->3 over 5") == always)
    #expect(try text("late=0->3 over 4") != bare)
    // The texts of a file say what made them, and the same command goes on with them.
    let file = directory.file("texts.jsonl")
    let arguments = [
      "generate", plan, "-p", "a cat", "-n", "4", "--steer", "late=0->1 over 4 when mean(s) > 0.01",
      "--condition-on", "prompt", "-o", file,
    ]
    try run(.actrun, arguments)
    let line = try JSON(parsing: String(decoding: directory.read("texts.jsonl"), as: UTF8.self))
    #expect(line["strengths"]?["late"]?.string == "0->1 over 4 when mean(s) > 0.01")
    #expect(line["condition_on"]?.string == "prompt")
    #expect(try run(.actrun, arguments).error.contains("1 of 1 texts are there"))
    try run(.actrun, ["eval", plan, "--generations", file])
  }

  @Test func runsAndScores() throws {
    let plan = try compile()
    let show = try run(.actc, ["show", plan, "--summary"]).text
    #expect(show.contains("// scores of prompts: s\n") && show.contains("// gates of tokens: late by s\n"))
    let json = try JSON(parsing: run(.actc, ["show", plan, "--json"]).text)
    #expect(
      json["provenance"]?["scores"]?.array?[0]["sites"]?.array?.compactMap(\.string) == ["model.layers.0"])
    let texts = try directory.write("a cat\nthe dog ran home\n", to: "texts.txt")
    let unmeasured = try run(.actrun, ["score", plan, texts, "--steer", "late=1 when mean(s) > -1"])
    #expect(unmeasured.error.contains("it hangs on scores of the prompt"))
    let again = ["--condition-on", "prompt"]
    let held = try run(.actrun, ["score", plan, texts, "--steer", "late=1 when mean(s) > -1"] + again).text
    #expect(held == (try run(.actrun, ["score", plan, texts, "--steer", "late=1"]).text))
    let table = try run(.actrun, ["score", plan, texts, "--steer", "late=0:1:0.5 when cos(s) > 0.01"]).text
    #expect(table.contains("0.5 when cos(s) > 0.01"))
  }

  @Test func methodsSayTheirScores() throws {
    #expect(try run(.actc, ["methods", "cast"]).text.contains("graph @cast_score"))
    #expect(try run(.actc, ["show", scoring]).text.contains("graph @cast_score"))
    let json = try JSON(parsing: run(.actc, ["show", scoring, "--json"]).text)
    #expect(json["score"]?.string?.hasPrefix("graph @cast_score") == true)
    #expect(json["sites"]?.array?[0]["parameters"]?["condition"]?.array?.count == 2)
  }

  // MARK: What cannot be

  static let refusals: [(arguments: [String], code: Int32, words: String)] = [
    (["--gate", "m=s"], 2, "no map file for the score `s`: expected --score s=FILE"),
    (["--gate", "m"], 2, "--gate: expected MAP=SCORE, found `m`"),
    (["--gate", "m=m"], 3, "m.maps.safetensors: score: expected a score function, found none"),
    (["--score", "m"], 3, "expected a score function, found none"),
    (["--score", "t"], 2, "no map file for the score `t`"), (["--score", "="], 2, "--score: expected NAME"),
    (["--score", "s=absent"], 3, "absent"), (["--score", "s=SCORING", "--score", "s"], 2, "`s` given twice"),
    (["--score", "s=SCORING", "--gate", "x=s"], 2, "no map `x`"),
    (
      ["--score", "s=SCORING", "--gate", "m=s"], 3,
      "score `s` at model.layers.0 comes after model.layers.0.input_layernorm"
    ),
    (["--score", "s=SCORING", "--score-at", "s=model.norm"], 2, "`model.norm` matches no site of"),
    (["--score", "s=SCORING", "--score-at", "t=*"], 2, "--score-at: no score `t`"),
  ]

  @Test(arguments: refusals.indices)
  func refused(index: Int) throws {
    let (arguments, code, words) = Self.refusals[index]
    try expectRefusal(
      .actc,
      ["compile", workshop.model, "--maps", "m=\(workshop.map)", "-o", directory.file("x.plan")]
        + arguments.map { $0.replacing("SCORING", with: scoring) }, code, words)
  }

  @Test(arguments: [
    ("m=1 when cos(s) > 0", 2, "no score `s`; the plan has none"),
    ("m=1 when", 2, "character 9: expected a test"), ("m=1 when cos(s) > 0 or cos(t) > 0", 2, "two names"),
  ])
  func steeringThatIsRefused(steer: String, code: Int32, words: String) throws {
    for command in [["generate", workshop.steered, "-p", "x"], ["bench", workshop.steered]] {
      try expectRefusal(.actrun, command + ["--steer", steer], code, words)
    }
  }

  static let badScores: [(score: String, words: String)] = [
    ("y = x", "score: line 1: expected `graph`"),
    ("graph @s(%x: f32[T,D]) { return y = %x }", "expected one result of f32[T,1]"),
    ("graph @s(%condition: f32[1,D]) { return y = %condition }", "expected an input %x: f32[T,D]"),
    (
      "graph @s(%x: f32[T,D], %condition: f32[1,D], %strength: f32[]) {\n%y = linear %x, %condition : f32[T,1]\nreturn %y\n}",
      "expected a score without %strength"
    ),
    (
      "graph @s(%x: f32[T,D], %condition: f32[2,D]) {\n%y = reduce_sum %x : f32[T,1]\nreturn %y\n}",
      "model.layers.0/condition: expected f32[2,32], found f32[1,32]"
    ),
    (
      "graph @s(%x: f32[T,D], %condition: f32[1,D]) {\n%d = dial {name = \"z\"} : f32[]\n"
        + "%a = linear %x, %condition : f32[T,1]\n%y = mul %a, %d : f32[T,1]\nreturn %y\n}",
      "a score is a function of its inputs; found `dial`"
    ),
    (
      "graph @s(%x: f32[T,D]) {\n%y = reduce_sum %x : f32[T,1]\nreturn %y\n}",
      "transport, score: expected the parameters"
    ),
    (
      "graph @s(%x: f32[T,D], %condition: f32[1,D]) {\n%y0 = linear %x, %condition : f32[T,1]\n"
        + (1...300).map { "%y\($0) = neg %y\($0 - 1) : f32[T,1]" }.joined(separator: "\n")
        + "\nreturn y = %y300\n}",
      "score: expected at most 256 nodes"
    ),
  ]

  @Test(arguments: badScores.indices)
  func scoresThatAreNone(index: Int) throws {
    let (score, words) = Self.badScores[index]
    var file = try EditableSafetensors(scoring)
    try file.set("__metadata__", "score", .string(score))
    let path = try directory.write(file.bytes, to: "bad.maps.safetensors")
    for option in ["--score", "--maps"] {
      try expectRefusal(
        .actc, ["compile", workshop.model, option, "s=\(path)", "-o", directory.file("x.plan")], 3, words)
    }
  }

  @Test func compositionsAreShown() throws {
    let maps = ["a", "b"].map { directory.file("\($0).maps.safetensors") }
    for (path, method) in zip(maps, ["linear-act", "gaussian-act"]) {
      try run(
        .actc,
        [
          "fit", workshop.model, "--source", workshop.source, "--target", workshop.target, "--method", method,
          "--sites", "model.layers.1.self_attn.o_proj", "-o", path,
        ])
    }
    let text = try run(.actc, ["show"] + maps).text
    #expect(text.hasPrefix("// model.layers.1.self_attn.o_proj: a, then b: x·scale + shift, scale "))
    #expect(text.contains("in the opposite order the shift differs by"))
    let json = try JSON(parsing: run(.actc, ["show", "--json"] + maps).text)
    #expect(json.array?[0]["form"]?.string == "diagonal")
    let plan = directory.file("both.plan")
    try run(
      .actc,
      ["compile", workshop.model, "--maps", "a=\(maps[0])", "--maps", "b=\(maps[1])", "-o", plan])
    #expect(try run(.actc, ["show", plan, "--summary"]).text.contains(text))
    #expect(try run(.actc, ["show", maps[0], scoring]).text.contains("no site has more than one"))
    var file = try EditableSafetensors(maps[1])
    try file.set("__metadata__", "model_fingerprint", .string("00"))
    let stranger = try directory.write(file.bytes, to: "stranger.maps.safetensors")
    try expectRefusal(
      .actc, ["show", maps[0], stranger], 3, "maps of different models cannot be in one plan")
  }
}
