import ActFormats
import Glibc
import Testing
import Workbench

/// Where results go, and that nothing is left half written.
@Suite struct OutputTests {
  let workshop: Workshop
  let directory: TemporaryDirectory

  init() throws {
    workshop = try Workshop.get()
    directory = try TemporaryDirectory()
  }

  /// Every command that writes a file, with another place to write it.
  private func writers(_ output: String) throws -> [(Tool, [String])] {
    [
      (.actc, ["compile", workshop.model, "-o", output]),
      (
        .actc,
        [
          "fit", workshop.model, "--source", workshop.source, "--target", workshop.target, "--simultaneous",
          "-o", output,
        ]
      ),
      (.actrun, ["run", workshop.plan, "--input", try writeTokens([1, 2], to: directory), "-o", output]),
    ]
  }

  @Test func placesThatCannotBeWritten() throws {
    let taken = try directory.makeDirectory("taken")
    for (tool, arguments) in try writers(directory.file("absent/x")) {
      try expectRefusal(tool, arguments, 3, "absent/x: cannot create")
    }
    for (tool, arguments) in try writers(taken) {
      try expectRefusal(tool, arguments, 3, "cannot replace what is not a regular file")
    }
    for (tool, arguments) in try writers("/proc/self/x") {
      try expectRefusal(tool, arguments, 3, "/proc/self/x: cannot")
    }
    for (tool, arguments) in try writers("") {
      try expectRefusal(tool, arguments, 3, "expected the name of a file")
    }
    // Root may write where it pleases.
    if geteuid() != 0 {
      try #require(chmod(taken, 0o500) == 0)
      for (tool, arguments) in try writers("\(taken)/x") {
        try expectRefusal(tool, arguments, 3, "cannot create")
      }
    }
    #expect(directory.contents == ["taken", "tokens.safetensors"])
    #expect(TemporaryDirectory.contents(taken).isEmpty)
  }

  /// What was there before stays until what replaces it is whole.
  @Test func failuresKeepTheFileBefore() throws {
    let path = try directory.write("before", to: "x.plan")
    try expectRefusal(.actc, ["compile", workshop.model, "--maps", "m=\(path)", "-o", path], 3, "header")
    #expect(try directory.read("x.plan") == Array("before".utf8))
    #expect(try Tool.actc.run("compile", workshop.model, "-o", path).code == 0)
    #expect(try Tool.actc.run("show", path, "--summary").code == 0)
    #expect(directory.contents == ["x.plan"])
  }

  @Test func aFullDiskIsAnError() throws {
    for (tool, arguments) in [
      (Tool.actc, ["show", workshop.plan]), (.actc, ["passes"]), (.actc, ["--help"]),
      (.actrun, ["generate", workshop.plan, "-p", "x", "-n", "3"]),
    ] {
      let outcome = try tool.run(arguments, output: "/dev/full")
      #expect(outcome.code == 3, "\(arguments)")
      #expect(outcome.error.contains("standard output: cannot write"), "\(outcome.error)")
    }
  }

  /// As in `actc show … | head -1`: the reader leaves, and nobody complains.
  @Test func aBrokenPipeIsQuiet() throws {
    let outcome = try shell("'\(Tool.actc.path)' show '\(workshop.plan)' | head -1")
    #expect(outcome.text == "plan @llama {\n")
    #expect(outcome.error.isEmpty)
    #expect(outcome.code == 0)
  }

  @Test func standardOutputHoldsResultsAlone() throws {
    let outcome = try Tool.actc.run("compile", workshop.model, "-o", directory.file("x.plan"))
    #expect(outcome.output.isEmpty)
    #expect(outcome.errorLines.count == 1 && outcome.error.hasPrefix("wrote \(directory.file("x.plan")): "))
    // No bar, no colours: standard error is no terminal.
    #expect(!outcome.error.contains("\u{1B}") && !outcome.error.contains("\r"))
    let generated = try Tool.actrun.run("generate", workshop.plan, "-p", "abc", "-n", "2", "--temp", "0")
    #expect(generated.text.hasPrefix("abc"))
    #expect(generated.errorLines.count == 1 && generated.error.contains("tokens/s"))
  }

  @Test func compilesToTheSameBytesEveryTime() throws {
    for name in ["a", "b"] {
      let outcome = try Tool.actc.run(
        "compile", workshop.model, "--maps", "m=\(workshop.map)", "-o", directory.file(name))
      #expect(outcome.code == 0)
    }
    #expect(try directory.read("a") == directory.read("b"))
  }

  // MARK: Interruption

  /// Ends a command at twelve moments of its run; what is under its name is whole, or as it was before.
  private func interrupt(
    _ signal: Int32, _ arguments: [String], _ output: String, isWhole: (String) throws -> Bool,
    reset: () -> Void
  ) throws {
    let started = ContinuousClock.now
    try #require(try Tool.actc.run(arguments).code == 0)
    let duration = ContinuousClock.now - started
    try #require(try isWhole(output))
    var interrupted = 0
    for moment in 1...12 {
      reset()
      let child = try Tool.actc.start(arguments)
      usleep(UInt32(duration / .microseconds(1) * Double(moment) / 13))
      kill(child.process, signal)
      let outcome = try child.wait(.seconds(10))
      if outcome.signal != nil { interrupted += 1 }
      if access(output, F_OK) == 0 { #expect(try isWhole(output)) }
      // Where the file system has no files without names, an end by force may leave a hidden one. A fit leaves what it
      // has finished.
      let visible = directory.contents.filter { !$0.hasPrefix(".") }
      let expected = [output, output + ".partial", directory.file("big"), directory.file("x.gguf")]
      #expect(visible.allSatisfy { expected.contains(directory.file($0)) }, "\(visible)")
    }
    #expect(interrupted > 0, "nothing was interrupted")
  }

  @Test(arguments: [SIGKILL, SIGINT])
  func interruptedCompilation(signal: Int32) throws {
    let model = try BigModel.write(to: directory.makeDirectory("big"))
    let plan = directory.file("x.plan")
    try interrupt(
      signal, ["compile", model, "-o", plan], plan,
      isWhole: { try Tool.actc.run("show", $0, "--summary").code == 0 },
      reset: { unlink(plan) })
  }

  @Test(arguments: [SIGKILL, SIGINT])
  func interruptedFit(signal: Int32) throws {
    let map = directory.file("x.maps.safetensors")
    try interrupt(
      signal,
      [
        "fit", workshop.model, "--source", workshop.source, "--target", workshop.target, "--sites", "*norm",
        "*proj",
        "-o", map,
      ], map, isWhole: { try Tool.actc.run("show", $0).code == 0 }, reset: { unlink(map) })
  }

  @Test(arguments: [SIGKILL, SIGINT])
  func interruptedImport(signal: Int32) throws {
    let file = try directory.write(SmallGGUF.file, to: "x.gguf")
    let imported = directory.file("out")
    try interrupt(
      signal, ["import", file, "-o", imported], imported,
      isWhole: { path in
        // Files appear one after the other, each whole, and the configuration last.
        let names = Set(TemporaryDirectory.contents(path).filter { !$0.hasPrefix(".") })
        if names.contains("model.safetensors") { _ = try SafetensorsFile("\(path)/model.safetensors") }
        for name in names where name.hasSuffix(".json") { _ = try JSON(readingFile: "\(path)/\(name)") }
        return try !names.contains("config.json") || Tool.actc.run("show", path).code == 0
      }, reset: { TemporaryDirectory.remove(imported) })
  }
}
