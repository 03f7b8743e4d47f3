import ActFormats
import Glibc
import Testing
import Workbench

/// What is left, and what is said, when a signal ends a tool or a file is truncated under it.
@Suite(.serialized) struct SignalTests {
  let workshop: Workshop
  let directory: TemporaryDirectory

  init() throws {
    workshop = try Workshop.get()
    directory = try TemporaryDirectory()
  }

  private func copy(_ path: String, to name: String) throws -> String {
    try directory.write(readBytes(path), to: name)
  }

  /// Waits until `condition` holds, ten seconds at most.
  private func wait(_ condition: () throws -> Bool) throws {
    let end = ContinuousClock.now + .seconds(10)
    while try !condition() {
      try #require(ContinuousClock.now < end, "nothing happened")
      usleep(2000)
    }
  }

  /// Whether the process has the file mapped.
  private func maps(_ child: Child, _ path: String) throws -> Bool {
    try String(decoding: readBytes("/proc/\(child.process)/maps"), as: UTF8.self).contains(path)
  }

  private func expectTruncation(
    _ outcome: Outcome, _ tool: Tool, _ path: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(outcome.signal == nil, "\(outcome.error)", sourceLocation: sourceLocation)
    #expect(outcome.code == 3, "\(outcome.error)", sourceLocation: sourceLocation)
    #expect(outcome.errorLines.count == 1, "\(outcome.error)", sourceLocation: sourceLocation)
    #expect(
      outcome.error.hasPrefix("\(tool): error: \(path): was truncated"), "\(outcome.error)",
      sourceLocation: sourceLocation)
  }

  @Test func aPlanIsTruncatedWhileItRuns() throws {
    let plan = try copy(workshop.steered, to: "x.plan")
    let child = try Tool.actrun.start(["bench", plan, "-p", "64", "-n", "64", "-r", "1000"])
    try wait { try maps(child, plan) }
    usleep(300_000)
    try #require(truncate(plan, 4096) == 0)
    expectTruncation(try child.wait(.seconds(20)), .actrun, plan)
  }

  @Test func aModelIsTruncatedWhileItIsFitted() throws {
    let model = try Workshop.copyModel("tiny-plain", to: directory.makeDirectory("model"))
    let weights = "\(model)/model.safetensors"
    let lines = (0..<20_000).map { "line \($0) of the text\n" }.joined()
    let source = try directory.write(lines, to: "a.txt")
    let child = try Tool.actc.start(
      [
        "fit", model, "--source", source, "--target", source, "--sites", "*norm", "-o", directory.file("x"),
      ])
    try wait { try maps(child, weights) }
    usleep(300_000)
    try #require(truncate(weights, 4096) == 0)
    let outcome = try child.wait(.seconds(30))
    // Weights that the fit keeps in memory of its own are not read again.
    if outcome.code != 3 {
      #expect(outcome.code == 0, "\(outcome.error)")
    } else {
      #expect(outcome.errorLines.count == 1 && outcome.error.contains("\(weights): "), "\(outcome.error)")
    }
    #expect(directory.contents.allSatisfy { ["a.txt", "model", "x", "x.partial"].contains($0) })
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
  func aFitSaysWhatItKept(signal: Int32) throws {
    let lines = (0..<4000).map { "line \($0) of the text\n" }.joined()
    let source = try directory.write(lines, to: "a.txt")
    let map = directory.file("x.maps.safetensors")
    let arguments = [
      "fit", workshop.model, "--source", source, "--target", workshop.target, "--sites", "*norm", "*.o_proj",
      "-o", map,
    ]
    let child = try Tool.actc.start(arguments)
    try wait { access(map + ".partial", F_OK) == 0 }
    usleep(20_000)
    kill(child.process, signal)
    let outcome = try child.wait(.seconds(10))
    #expect(outcome.signal == signal, "\(outcome)")
    #expect(
      outcome.error.contains("sites are kept in \(map).partial; run the same command to go on"),
      "\(outcome.error)")
    #expect(directory.contents == ["a.txt", "x.maps.safetensors.partial"])
    let resumed = try Tool.actc.run(arguments)
    #expect(resumed.code == 0 && resumed.error.contains("resuming after"), "\(resumed.error)")
    #expect(directory.contents == ["a.txt", "x.maps.safetensors"])
  }

  /// A reader that leaves early costs the rest of the text, and nothing else.
  @Test func aFitWhoseReaderLeaves() throws {
    let map = directory.file("x.maps.safetensors")
    let fit =
      "'\(Tool.actc.path)' fit '\(workshop.model)' --source '\(workshop.source)' --target "
      + "'\(workshop.target)' --sites '*norm' --json -o '\(map)'"
    let outcome = try Child(
      "/bin/bash", ["-c", "\(fit) 2>/dev/null | true"], input: "/dev/null", output: nil, environment: [:]
    ).wait(.seconds(30))
    #expect(outcome.code == 0)
    try wait { access(map, F_OK) == 0 }
    usleep(50_000)
    #expect(directory.contents == ["x.maps.safetensors"])
    _ = try MapFile(reading: map)
  }

  /// Ends an import in its midst: neither files nor the directory that it made are left.
  @Test(arguments: [SIGINT, SIGTERM])
  func anImportThatIsInterrupted(signal: Int32) throws {
    let path = try directory.write(SmallGGUF.make(inner: 100_000), to: "x.gguf")
    let model = directory.file("model")
    let child = try Tool.actc.start(["import", path, "-o", model])
    try wait { access(model, F_OK) == 0 }
    kill(child.process, signal)
    let outcome = try child.wait(.seconds(10))
    #expect(outcome.signal == signal, "\(outcome)")
    #expect(directory.contents == ["x.gguf"])
  }

  /// As under `nohup`.
  @Test func whatIsIgnoredStaysIgnored() throws {
    let plan = directory.file("x.plan")
    let compile =
      "trap '' INT; '\(Tool.actc.path)' compile '\(workshop.model)' -o '\(plan)' & "
      + "child=$!; sleep 0.01; kill -INT $child; wait $child"
    let outcome = try Child(
      "/bin/bash", ["-c", compile], input: "/dev/null", output: nil, environment: [:]
    ).wait(.seconds(30))
    #expect(outcome.code == 0, "\(outcome.error)")
    #expect(directory.contents == ["x.plan"])
  }
}
