import Testing
import Workbench

/// A line that does not parse is refused for its cause, not for what follows from it.
@Suite struct MisspeltArgumentTests {
  private static let fit = ["fit", "M", "-o", "x", "--target", "b"]

  @Test(arguments: [
    (Tool.actc, fit + ["--sorce", "a"], "unknown option `--sorce`, closest to `--source`"),
    (.actc, fit + ["--sorce=a"], "unknown option `--sorce`, closest to `--source`"),
    (.actc, ["fit", "--sorce", "a", "--target", "b"], "unknown option `--sorce`, closest to `--source`"),
    (.actc, fit + ["--source", "a", "--soucre-field", "b"], "closest to `--source-field`"),
    (.actc, fit + ["--sources", "a", "--limit", "0"], "unknown option `--sources`, closest to `--source`"),
    (.actc, fit + ["--frobnicate"], "unknown option `--frobnicate`;"),
    (.actc, fit + ["-z"], "unknown option `-z`"),
    (.actc, ["compile", "M", "--ouput", "x"], "unknown option `--ouput`, closest to `--output`"),
    (
      .actc, ["compile", "M", "--kv", "f16", "--ouput", "x"],
      "unknown option `--ouput`, closest to `--output`"
    ),
    (.actc, ["comple", "M", "-o", "x"], "unknown command `comple`, closest to `compile`"),
    (.actc, ["frobnicate"], "unknown command `frobnicate`; see `actc --help`"),
    (.actrun, ["genrate", "P"], "unknown command `genrate`, closest to `generate`"),
    (.actrun, ["score", "P", "--stear", "m=1"], "unknown option `--stear`, closest to `--steer`"),
  ])
  func theCauseIsNamed(tool: Tool, arguments: [String], words: String) throws {
    try expectRefusal(tool, arguments, 2, words)
  }

  /// What is no option stays what it is: values of options, negative numbers, what follows `--`.
  @Test(arguments: [
    (["fit", "M", "-o", "x"], "expected --source and --target"),
    (["fit", "M", "-o", "x", "--source", "-", "--target", "-"], "at most once"),
    (["search", "M", "--held-out", "c", "--source", "a", "--target", "b", "--parts", "-1"], "--parts"),
    (["opt", "a", "--", "--frobnicate"], "--frobnicate"),
    (["compile", "M"], "--output"),
  ])
  func othersAreLeftAlone(arguments: [String], words: String) throws {
    let outcome = try Tool.actc.run(arguments)
    #expect(outcome.code == 2)
    #expect(outcome.error.contains(words), "\(outcome.error)")
    #expect(!outcome.error.contains("unknown option"), "\(outcome.error)")
  }
}

/// A list option that is followed by the command's one argument.
@Suite struct ListOptionTests {
  let workshop: Workshop
  let directory: TemporaryDirectory

  init() throws {
    workshop = try Workshop.get()
    directory = try TemporaryDirectory()
  }

  @Test func theModelMayFollowAList() throws {
    let data = ["--source", workshop.source, "--target", workshop.target, "--simultaneous"]
    func fit(_ arguments: [String], _ name: String) throws -> [UInt8] {
      let outcome = try Tool.actc.run(["fit"] + arguments + ["-o", directory.file(name)])
      try #require(outcome.code == 0, "\(outcome.error)")
      return try directory.read(name)
    }
    let (model, sites) = (workshop.model, ["--sites", "*.o_proj", "*norm"])
    let expected = try fit([model] + data + sites, "first")
    #expect(try fit(data + sites + [model], "last") == expected)
    #expect(try fit(["--simultaneous"] + sites + [model] + data, "between") == expected)
    #expect(try fit(data + ["--sites", "*.o_proj", "--sites", "*norm", model], "repeated") == expected)
    #expect(try fit(data + ["--sites=*.o_proj", "*norm", model], "inline") == expected)
    #expect(
      try fit(
        sites + ["--source", workshop.source, model, "--target", workshop.target, "--simultaneous"], "data")
        == expected)

    let listed = try Tool.actc.run("sites", "--sites", "*norm", model)
    #expect(listed.code == 0)
    #expect(listed.text == (try Tool.actc.run("sites", model, "--sites", "*norm").text))
  }

  @Test func whatNoListCanHaveTaken() throws {
    let data = ["--source", workshop.source, "--target", workshop.target]
    let output = ["-o", directory.file("x")]
    for model in ["absent", workshop.plan] {
      try expectRefusal(
        .actc, ["fit"] + data + ["--sites", "*.o_proj", model] + output, 2,
        "expected <model>; `--sites` takes all values up to the next option: put <model> before it")
    }
    try expectRefusal(.actc, ["fit"] + data + output, 2, "<model>")
    // Two lists end with a directory.
    try expectRefusal(
      .actc,
      ["fit", "--source", workshop.source, workshop.model, "--target", workshop.target, workshop.other]
        + output, 2,
      "expected <model>")
  }
}
