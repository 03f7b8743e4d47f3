import ActFormats
import Testing
import Workbench

/// Maps that do not fit, and names that mean nothing.
@Suite struct MapTests {
  let workshop: Workshop
  let directory: TemporaryDirectory

  init() throws {
    workshop = try Workshop.get()
    directory = try TemporaryDirectory()
  }

  private func expectNoPlan(
    _ arguments: [String], _ code: Int32, _ words: String..., model: String? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let before = directory.contents
    try expectRefusal(
      .actc, ["compile", model ?? workshop.model] + arguments + ["-o", directory.file("x.plan")], code,
      words[0],
      sourceLocation: sourceLocation)
    #expect(directory.contents == before, sourceLocation: sourceLocation)
  }

  /// The workshop's map after `edit`.
  private func edited(_ edit: (inout EditableSafetensors) throws -> Void) throws -> String {
    var file = try EditableSafetensors(workshop.map)
    try edit(&file)
    return try directory.write(file.bytes, to: "edited.maps.safetensors")
  }

  @Test func ofAnotherModel() throws {
    try expectNoPlan(
      ["--maps", "m=\(workshop.map)"], 3, "model_fingerprint: expected", model: workshop.other)
    try expectNoPlan(
      ["--maps", "m=\(workshop.map)", "--force", "width"], 2, "'width' is invalid for '--force <check>'")
  }

  /// Forcing skips that check alone: a site that the other model has not is still an error.
  @Test func forcedOntoAnotherModel() throws {
    let stranger = try edited { try $0.set("__metadata__", "model_fingerprint", .string("00")) }
    try expectNoPlan(["--maps", "m=\(stranger)"], 3, "use --force fingerprint")
    let plan = directory.file("forced.plan")
    let outcome = try Tool.actc.run(
      "compile", workshop.model, "--maps", "m=\(stranger)", "--force", "fingerprint", "-o", plan)
    #expect(outcome.code == 0, "\(outcome.error)")
    try expectNoPlan(
      ["--maps", "m=\(workshop.map)", "--force", "fingerprint"], 3, "model.layers", model: workshop.other)
  }

  @Test func unknownSite() throws {
    let map = try edited { file in
      try file.replace(#""name":"model.norm""#, with: #""name":"model.nrom""#, in: "sites")
      for tensor in file.header.map(\.key) where tensor.hasPrefix("model.norm/") {
        try file.rename(tensor, "model.nrom/" + tensor.dropFirst("model.norm/".count))
      }
    }
    try expectNoPlan(["--maps", "m=\(map)"], 3, "model.nrom: the model has no such site; see `actc sites")
  }

  @Test func wrongWidth() throws {
    let map = try edited { file in
      try file.replace(
        #"{"name":"model.norm","width":32}"#, with: #"{"name":"model.norm","width":16}"#, in: "sites")
    }
    try expectNoPlan(["--maps", "m=\(map)"], 3, "model.norm: expected 32 channels, found 16")
  }

  /// A transport function of the parameters of the workshop's map.
  private static func transport(
    width: String = "D", slope: String = "f32[D]", strength: String = ", %strength: f32[]", _ body: String...
  ) -> String {
    let others = ["source_mean", "target_mean", "low", "high"].map { "%\($0): f32[\(width)]" }.joined(
      separator: ", ")
    let head = "graph @t(%x: f32[T,\(width)], %slope: \(slope), \(others)\(strength)) {\n"
    return head + body.joined(separator: "\n") + "\n}\n"
  }

  static let badTransports: [(transport: String, words: String)] = [
    ("", "is missing"),
    ("y = x", "expected `graph`"),
    (transport("return y = %x"), "the result does not read %strength"),
    (transport(strength: "", "return y = %x"), "expected an input %strength"),
    (transport("%y = mul %strength, %strength : f32[]", "return %y"), "expected one result of f32[T,D]"),
    (transport("%y = mul %x, %strength : f32[D,T]", "return %y"), "expected a result of f32[T,D]"),
    (transport("%y = mul %x, %strength : f32[T,D]", "return %z"), "undefined value %z"),
    (transport("%y = warp %x, %strength : f32[T,D]", "return %y"), "unknown op `warp`"),
    (
      transport(
        "%d = dial {name = \"z\"} : f32[]", "%a = mul %x, %d : f32[T,D]", "%y = mul %a, %strength : f32[T,D]",
        "return %y"),
      "found `dial`"
    ),
    (
      transport(slope: "f32[D,D]", "%y = mul %x, %strength : f32[T,D]", "return %y"),
      "/slope: expected f32[32,32], found f32[32]"
    ),
    (
      "graph @t(%x: f32[T,D], %strength: f32[]) {\n%y = mul %x, %strength : f32[T,D]\nreturn %y\n}\n",
      "expected the parameters"
    ),
    (longTransport, "expected at most 256 nodes"),
    // The function is of another width than the site.
    (
      transport(
        width: "40", slope: "f32[40]", "%a = slice %x {start = 36, count = 4} : f32[T,4]",
        "%b = slice %x {start = 0, count = 36} : f32[T,36]",
        "%y = mul %x, %strength : f32[T,40]", "return %y"),
      "transport: expected"
    ),
  ]

  private static var longTransport: String {
    var lines = ["%y0 = mul %x, %strength : f32[T,D]"]
    for index in 1...300 { lines.append("%y\(index) = neg %y\(index - 1) : f32[T,D]") }
    return transport(lines.joined(separator: "\n"), "return y = %y300")
  }

  @Test(arguments: badTransports)
  func transportThatIsNone(transport: String, words: String) throws {
    let map = try edited { try $0.set("__metadata__", "transport", .string(transport)) }
    try expectNoPlan(["--maps", "m=\(map)"], 3, words)
  }

  @Test(arguments: [
    ("token_scope", "sometimes", "token_scope: expected all, prompt, generated, last"),
    ("skip_first", "-1", "skip_first: expected a count"),
    ("format", "pt", "expected `act-map`"),
  ])
  func badMetadata(key: String, value: String, words: String) throws {
    let map = try edited { try $0.set("__metadata__", key, .string(value)) }
    try expectNoPlan(["--maps", "m=\(map)"], 3, words)
  }

  @Test func namesAndFreezing() throws {
    try expectNoPlan(["--maps", workshop.map], 2, "expected NAME=FILE")
    try expectNoPlan(["--maps", "é=\(workshop.map)"], 2, "expected NAME=FILE")
    try expectNoPlan(["--maps", "m=\(workshop.map)", "--maps", "m=\(workshop.map)"], 2, "two maps named `m`")
    try expectNoPlan(["--maps", "m=\(workshop.map)", "--freeze", "n=1"], 2, "cannot freeze `n`")
    try expectNoPlan(["--freeze", "m=1"], 2, "cannot freeze `m`")
    try expectNoPlan(["--maps", "m=\(directory.file("absent"))"], 3, "absent: cannot open")
    try expectNoPlan(["--maps", "m=\(workshop.plan)"], 3, "format: expected `act-map`")
    try expectNoPlan(["--maps", "m=\(directory.path)"], 3, directory.path)
  }

  @Test(arguments: [
    (["*no_such*"], "site pattern `*no_such*` matches no site"),
    (["model.norm", "nothing"], "`nothing` matches no site"),
    (["re:("], "site pattern `re:(` is malformed"), (["[z-a]"], "site pattern `[z-a]` is malformed"),
    (["["], "malformed"),
  ])
  func patterns(patterns: [String], words: String) throws {
    try expectRefusal(.actc, ["sites", workshop.model] + patterns.flatMap { ["--sites", $0] }, 2, words)
    try expectRefusal(
      .actc,
      ["fit", workshop.model, "--source", workshop.source, "--target", workshop.target, "--sites"] + patterns
        + ["-o", directory.file("x")], 2, words)
    #expect(directory.contents.isEmpty)
  }

  @Test func dialThatDoesNotExist() throws {
    try expectRefusal(
      .actrun, ["generate", workshop.steered, "-p", "x", "--steer", "n=0"], 2, "no dial `n`; dials: m")
    try expectRefusal(
      .actrun, ["generate", workshop.plan, "-p", "x", "--steer", "m=1"], 2, "the plan has no dials")
    try expectRefusal(
      .actrun, ["bench", workshop.steered, "--steer", "m=0:1:0.5"], 2, "expected one strength for each map")
  }

  @Test func extrapolationWarns() throws {
    let outcome = try Tool.actrun.run(
      "generate", workshop.steered, "-p", "x", "-n", "1", "--steer", "m=1.5", "--json")
    #expect(outcome.code == 0)
    #expect(
      outcome.errorLines.first == "actrun: warning: strength of `m` outside [0, 1] extrapolates the map")
    #expect(outcome.errorLines.count { $0.contains("warning") } == 1)
    let frozen = try Tool.actc.run(
      "compile", workshop.model, "--maps", "m=\(workshop.map)", "--freeze", "m=2", "-o",
      directory.file("x.plan"))
    #expect(frozen.code == 0)
    #expect(frozen.error.contains("warning: strength 2.0 of `m` outside [0, 1]"))
  }
}
