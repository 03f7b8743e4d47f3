import ActFormats
import Testing
import Workbench

/// Plans that somebody altered: one line, exit code 3, nothing runs.
@Suite struct HostilePlanTests {
  let workshop: Workshop
  let directory: TemporaryDirectory

  init() throws {
    workshop = try Workshop.get()
    directory = try TemporaryDirectory()
  }

  private func expectRefused(
    _ words: String, _ edit: (inout EditableSafetensors) throws -> Void,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    var file = try EditableSafetensors(workshop.plan)
    try edit(&file)
    let path = try directory.write(file.bytes, to: "x.plan")
    let input = try writeTokens([1, 2, 3], to: directory)
    for (tool, arguments) in [
      (Tool.actc, ["show", path]), (.actrun, ["run", path, "--input", input, "-o", directory.file("out")]),
    ] {
      try expectRefusal(tool, arguments, 3, words, sourceLocation: sourceLocation)
    }
    #expect(directory.contents == ["tokens.safetensors", "x.plan"], sourceLocation: sourceLocation)
  }

  /// Pieces of the plan of the tiny model, each there once, and what takes their place.
  @Test(arguments: [
    ("plan @llama", "plan llama", "line 1: expected `@name`"),
    ("limit T = 512", "limit T = 1048576", "expected bytes inside the arena"),
    ("limit R = 512", "limit R = 99999999999", "limit R: expected 1 to 1048576"),
    ("context = 512", "context = 99999999999", "context: expected 1 to 16777216"),
    ("arena = 294912", "arena = 29440", "expected bytes inside the arena"),
    ("bound = ", "bound = 9", "bound: expected"),
    ("slot = 0", "slot = 9223372036854775807", "slot: expected at most"),
    ("limit R = 512", "limit R = 512\n  limit R = 512", "expected one limit above 0 for R"),
    (
      "embedding %model.embed_tokens.weight, %tokens", "embedding %model.embed_tokens.weight, %logit_rows",
      "expected a result of f32[R,32]"
    ),
    (
      "embedding %model.embed_tokens.weight, %tokens", "embedding %model.embed_tokens.weight, %lm_head",
      "undefined value %lm_head"
    ),
    ("%rope = rope_table %positions", "%rope = rope_table %logit_rows", "expected"),
    ("f32[R,320] @result", "f32[R,320] @arena+0", "expected bytes inside the arena"),
    (
      "return logits = %lm_head", "return logits = %lm_head, more = %last",
      "expected @result for what is returned"
    ),
    ("return logits = %lm_head", "return", "expected a value"),
    ("return logits = %lm_head\n}", "return logits = %lm_head\n", "expected `}`"),
    (
      "%last = take_rows %model.layers.3", "%last = take_rows %model.embed_tokens.weight",
      "expected rows that chosen inputs choose from"
    ),
    (
      "%last = take_rows %model.layers.3, %logit_rows", "%last = take_rows %model.layers.3, %tokens",
      "expected"
    ),
    (
      "{name = \"model.norm.weight\"} : f32[32]", "{name = \"model.norm.weight\"} : bool[32]",
      "expected a gain that repeats to f32[R,32]"
    ),
    (
      "{name = \"model.norm.weight\"} : f32[32]", "{name = \"lm_head.weight\"} : f32[32]",
      "lm_head.weight: expected f32[32], found F32 [20, 32, 16]"
    ),
    (
      "{name = \"model.norm.weight\"} : f32[32]", "{name = \"none\"} : f32[32]",
      "none: expected f32[32], found no such tensor"
    ),
    (
      "{name = \"model.norm.weight\"} : f32[32]", "{name = \"model.norm.weight\", more = 1} : f32[32]",
      "unknown attribute `more`"
    ),
    (
      "{name = \"model.norm.weight\"} : f32[32]", "{name = \"model.norm.weight\"} : f32[99999999]",
      "at most 8 dimensions of at most 16777216"
    ),
    (
      "{name = \"model.norm.weight\"} : f32[32]",
      "{name = \"model.norm.weight\"} : f32[9223372036854775807,9223372036854775807]", "at most 8 dimensions"
    ),
  ])
  func alteredText(piece: String, replacement: String, words: String) throws {
    try expectRefused(words) { try $0.replace(piece, with: replacement, in: "plan") }
  }

  /// Every place of the step in turn says something else; the plan is refused, or is shown and runs without a signal.
  @Test(arguments: [
    "@arena+0", "@arena+64", "@arena+9223372036854775744", "@over+0", "@over+7", "@view", "@result",
    "@slot+0",
  ])
  func alteredPlaces(place: String) throws {
    let whole = try EditableSafetensors(workshop.plan)
    let lines = try whole.metadata("plan").split(separator: "\n", omittingEmptySubsequences: false)
    let step = try #require(lines.firstIndex { $0.hasPrefix("  step") })
    var refused = 0
    for index in lines.indices[(step + 1)...] where lines[index].contains(" @") && (index - step) % 3 == 1 {
      var altered = lines
      altered[index] = lines[index].split(separator: " @")[0] + " \(place)"
      var file = whole
      try file.set("__metadata__", "plan", .string(altered.joined(separator: "\n")))
      let path = try directory.write(file.bytes, to: "x.plan")
      let outcome = try Tool.actc.run(["show", path, "--summary"], timeout: .seconds(10))
      #expect(outcome.code == 0 || outcome.code == 3, "\(outcome)")
      if outcome.code == 3 { refused += 1 }
    }
    #expect(refused > 5)
  }

  @Test func endlessProgram() throws {
    try expectRefused("values: expected at most 32768") { file in
      let line = "    %n = neg %model.embed_tokens : f32[T,32] @arena+0\n"
      var many = ""
      for index in 0..<40_000 { many += line.replacing("%n ", with: "%n\(index) ") }
      try file.replace(
        "  step {\n", with: "  step {\n" + many.replacing("%model.embed_tokens", with: "%n0"), in: "plan")
      try file.replace(
        "%n0 = neg %n0", with: "%n0 = embedding %model.embed_tokens.weight, %tokens", in: "plan")
    }
  }

  @Test func endlessLimits() throws {
    try expectRefused("more than 16 limits") { file in
      let limits = (0..<100_000).map { "limit S\($0) = 1" }.joined(separator: "\n")
      try file.replace("  limit T", with: limits + "\n  limit T", in: "plan")
    }
  }

  @Test func alteredTensors() throws {
    try expectRefused("model.norm.weight: expected f32[32], found no such tensor") {
      try $0.remove("model.norm.weight")
    }
    try expectRefused("model.norm.weight: expected f32[32], found I32 [32]") {
      try $0.set("model.norm.weight", "dtype", .string("I32"))
    }
    try expectRefused("model.norm.weight: expected f32[32], found F32 [4, 8]") {
      try $0.set("model.norm.weight", "shape", .array([.int(4), .int(8)]))
    }
    try expectRefused("lie outside") {
      try $0.set("model.norm.weight", "data_offsets", .array([.int(1 << 40), .int(1 << 40 + 128)]))
    }
    try expectRefused("overlap") {
      try $0.set("model.norm.weight", "data_offsets", .array([.int(0), .int(128)]))
    }
  }

  @Test func alteredMetadata() throws {
    try expectRefused("format: expected actplan/2, found actplan/1") {
      try $0.set("__metadata__", "format", .string("actplan/1"))
    }
    try expectRefused("provenance: ") { try $0.set("__metadata__", "provenance", .string("{")) }
  }

  @Test(
    arguments: [
      ("", 3), ("{}", 3), ("[", 3), (#"{"model":{"type":"Characters"}}"#, 4),
      (#"{"model":{"type":"WordPiece"}}"#, 3), (#"{"model":{"type":"BPE","vocab":{}}}"#, 4),
    ] as [(String, Int32)])
  func alteredTokenizers(tokenizer: String, code: Int32) throws {
    var file = try EditableSafetensors(workshop.plan)
    try file.set("__metadata__", "tokenizer", .string(tokenizer))
    let path = try directory.write(file.bytes, to: "x.plan")
    try expectRefusal(.actrun, ["generate", path, "-p", "abc"], code, "tokenizer")
  }

  private func expectTokenizerRefused(
    _ words: String, _ edit: (inout EditableSafetensors) throws -> Void,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    var file = try EditableSafetensors(workshop.plan)
    try edit(&file)
    let path = try directory.write(file.bytes, to: "x.plan")
    try expectRefusal(
      .actrun, ["generate", path, "-p", "abc"], 3, "x.plan: \(words)", sourceLocation: sourceLocation)
  }

  @Test func alteredTokenizerTables() throws {
    for table in ["text", "ends", "ids", "merges"] {
      let name = "tokenizer.\(table)"
      let absent =
        table == "merges"
        ? "tokenizer: \(name): there is no such tensor"
        : "\(name): expected \(table == "text" ? "U8" : "I32") [N"
      try expectTokenizerRefused(absent) { try $0.remove(name) }
      try expectTokenizerRefused("\(name): expected ") { file in
        let shape = try #require(file.header.first { $0.key == name }?.value["shape"]?.array)
        try file.set(name, "shape", .array([.int(1)] + shape))
      }
      try expectTokenizerRefused("\(name): expected ") {
        try $0.set(name, "dtype", .string(table == "text" ? "I8" : "F32"))
      }
    }
    try expectTokenizerRefused("tokenizer: tokenizer.ids: token 3: expected 3 to 4194303, found -1") {
      try $0.edit("tokenizer.ids") { $0[3] = -1 }
    }
    try expectTokenizerRefused("tokenizer: tokenizer.ends: token 3: expected ") {
      try $0.edit("tokenizer.ends") { $0[3] = .max }
    }
    try expectTokenizerRefused("tokenizer: tokenizer.merges: merge 0: no token has the id 9999") {
      try $0.edit("tokenizer.merges") { $0[2] = 9999 }
    }
  }

  /// Random damage to the tables: a text, or one line.
  @Test func survivesDamagedTokenizerTables() throws {
    var random = SplitMix64(state: 5)
    var refused = 0
    for _ in 0..<60 {
      var file = try EditableSafetensors(workshop.plan)
      let table = ["ends", "ids", "merges"].randomElement(using: &random)!
      try file.edit("tokenizer.\(table)") { values in
        values[Int.random(in: 0..<values.count, using: &random)] ^=
          1 << Int32.random(in: 0..<32, using: &random)
      }
      let path = try directory.write(file.bytes, to: "x.plan")
      let outcome = try Tool.actrun.run(["generate", path, "-p", "an apple"], timeout: .seconds(10))
      #expect(outcome.code == 0 || outcome.code == 3, "\(outcome)")
      if outcome.code == 3 { refused += 1 }
    }
    #expect(refused > 20)
  }

  /// A tokenizer whose tokens the model has not would read past its tables.
  @Test func tokenizerOfAnotherModel() throws {
    var file = try EditableSafetensors(workshop.plan)
    for table in ["tokenizer.ids", "tokenizer.merges"] {
      try file.edit(table) { ids in for index in ids.indices where ids[index] >= 97 { ids[index] += 96903 } }
    }
    let path = try directory.write(file.bytes, to: "x.plan")
    let text = try directory.write("xa\n", to: "a.txt")
    try expectRefusal(.actrun, ["generate", path, "-p", "a"], 3, "tokenizer: expected tokens 0 to 319")
    try expectRefusal(.actrun, ["score", path, text], 3, "tokenizer: expected tokens 0 to 319")
  }

  @Test(arguments: ["generate", "score", "bench", "run", "eval"])
  func whatIsNoPlan(command: String) throws {
    let rest: [String: [String]] = [
      "generate": ["-p", "x"], "score": [workshop.source], "bench": [],
      "run": ["--input", try writeTokens([1], to: directory), "-o", directory.file("out")],
      "eval": ["--prompts", workshop.source, "--concept", workshop.source, "--steer", "m=0"],
    ]
    for (path, words) in [
      (workshop.map, "expected a plan, found a safetensors file without one"),
      (directory.path, directory.path),
      (directory.file("absent"), "absent: cannot open"), (workshop.source, "source.txt: header"),
    ] {
      try expectRefusal(.actrun, [command, path] + (rest[command] ?? []), 3, words)
    }
    #expect(!directory.contents.contains("out"))
  }

  @Test func wantsAKnownInstructionSet() throws {
    let environment = ["ACT_ISA": "sse9"]
    try expectRefusal(.actrun, ["generate", workshop.plan, "-p", "x"], 2, "sse9", environment: environment)
    try expectRefusal(
      .actc, ["compile", workshop.model, "-o", directory.file("x")], 2, "sse9", environment: environment)
    #expect(directory.contents.isEmpty)
  }

  /// Random damage to the header: good or refused, never a signal, never endless.
  @Test func survivesDamage() throws {
    let whole = try readBytes(workshop.steered)
    let headerLength = whole[..<8].reversed().reduce(0) { $0 << 8 | Int($1) } + 8
    // The tokenizer is most of the header; the plan and the tensors are what is worth damaging.
    let text = String(decoding: whole[8..<headerLength], as: UTF8.self)
    let start = 8 + text.utf8.distance(from: text.startIndex, to: text.firstRange(of: "plan @")!.lowerBound)
    let input = try writeTokens([1, 2, 3, 4], to: directory)
    var random = SplitMix64(state: 11)
    var (good, refused) = (0, 0)
    for _ in 0..<300 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let from = Int.random(in: 0..<4, using: &random) == 0 ? 0 : start
        let at = Int.random(in: from..<min(headerLength, start + 40_000), using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes[at] = UInt8(ascii: "0") + UInt8.random(in: 0..<10, using: &random)
        case 2: bytes[at] = bytes[Int.random(in: start..<headerLength, using: &random)]
        default: bytes.swapAt(at, Int.random(in: start..<headerLength, using: &random))
        }
      }
      let path = try directory.write(bytes, to: "x.plan")
      let outcome = try Tool.actrun.run(
        ["run", path, "--input", input, "-o", directory.file("out"), "--steer", "m=1", "--threads", "2"],
        timeout: .seconds(10))
      // 2: the damage renamed the dial. 4: it renamed a rule of the tokenizer.
      #expect([0, 2, 3, 4].contains(outcome.code), "\(outcome)")
      if outcome.code == 0 { good += 1 } else { refused += 1 }
    }
    #expect(refused > 100, "\(good) good, \(refused) refused")
  }
}
