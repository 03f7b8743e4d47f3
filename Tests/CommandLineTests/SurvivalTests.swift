import ActFormats
import Glibc
import Testing
import Workbench

/// A fit that is killed, and one that has nowhere to write.
@Suite(.serialized) struct SurvivalTests {
  private let directory: TemporaryDirectory
  private let workshop: Workshop

  init() throws {
    directory = try TemporaryDirectory()
    workshop = try Workshop.get()
  }

  private func arguments(_ source: String, _ target: String, output: String) -> [String] {
    [
      "fit", workshop.model, "--source", source, "--target", target, "--sites", "*_proj", "*norm", "*act_fn",
      "-o", output,
    ]
  }

  /// `count` lines of two to a hundred letters.
  private func lines(_ count: Int, seed: UInt64) -> String {
    var random = SplitMix64(state: seed)
    return (0..<count).map { _ in
      String(
        decoding: (0..<Int.random(in: 2...100, using: &random)).map { _ in
          UInt8.random(in: UInt8(ascii: "a")...UInt8(ascii: "z"), using: &random)
        }, as: UTF8.self) + "\n"
    }.joined()
  }

  /// Twenty kills at random moments; the map is that of a fit that nothing disturbed.
  @Test(.timeLimit(.minutes(5))) func aKilledFitGoesOn() throws {
    let source = try directory.write(lines(800, seed: 1), to: "source.txt")
    let target = try directory.write(lines(600, seed: 2), to: "target.txt")
    let whole = arguments(source, target, output: directory.file("whole.maps.safetensors"))
    let clock = ContinuousClock()
    let started = clock.now
    #expect(try Tool.actc.run(whole).code == 0)
    let time = clock.now - started
    let expected = try directory.read("whole.maps.safetensors")

    let output = directory.file("killed.maps.safetensors")
    let killed = arguments(source, target, output: output)
    var random = SplitMix64(state: 3)
    var (kills, resumptions) = (0, 0)
    while kills < 20 {
      let child = try Tool.actc.start(killed)
      usleep(UInt32((time * Double.random(in: 0.05...0.6, using: &random)) / .microseconds(1)))
      kill(child.process, SIGKILL)
      let outcome = try child.wait(.seconds(60))
      if outcome.error.contains("resuming after") { resumptions += 1 }
      if outcome.signal == SIGKILL { kills += 1 }
      guard access(output, F_OK) == 0 else { continue }
      // It came through between two kills: the next ones start anew.
      #expect(try directory.read("killed.maps.safetensors") == expected)
      unlink(output)
    }
    #expect(resumptions > 5)
    #expect(try Tool.actc.run(killed).code == 0)
    #expect(try directory.read("killed.maps.safetensors") == expected)
    #expect(
      directory.contents == [
        "killed.maps.safetensors", "source.txt", "target.txt", "whole.maps.safetensors",
      ])
  }

  /// Ctrl-C says what is kept; the same command goes on from there.
  @Test(arguments: [SIGINT, SIGTERM]) func anInterruptedFitSaysHowToGoOn(signal: Int32) throws {
    let source = try directory.write(lines(800, seed: 1), to: "source.txt")
    let target = try directory.write(lines(600, seed: 2), to: "target.txt")
    let output = directory.file("x.maps.safetensors")
    let fit = arguments(source, target, output: output)
    let child = try Tool.actc.start(fit)
    let end = ContinuousClock.now + .seconds(60)
    while access(output + ".partial", F_OK) != 0, ContinuousClock.now < end { usleep(1000) }
    usleep(50_000)
    kill(child.process, signal)
    let outcome = try child.wait(.seconds(60))
    try #require(outcome.signal == signal, "ended before the signal came: \(outcome.error)")
    let kept = try MapFile(reading: output + ".partial", allowsUnfinished: true)
    let total = try #require(kept.unfinished?.siteCount)
    #expect(kept.sites.count > 0 && kept.sites.count < total)
    #expect(
      outcome.errorLines == [
        """
        actc: \(kept.sites.count) of \(total) sites are kept in \(output).partial; \
        run the same command to go on
        """
      ])
    let resumed = try Tool.actc.run(fit)
    #expect(resumed.code == 0)
    #expect(resumed.error.hasPrefix("resuming after \(kept.sites.count) of \(total) sites\n"))
  }

  @Test func memoryIsASize() throws {
    let arguments = arguments(workshop.source, workshop.target, output: directory.file("m"))
    #expect(try Tool.actc.run(arguments + ["--memory", "1.5GiB"]).code == 0)
    for wrong in ["lots", "-1GiB", "0", "1e400", "GiB", "nanMiB"] {
      #expect(try Tool.actc.run(arguments + ["--memory=\(wrong)"]).code == 2, "\(wrong)")
    }
    try expectRefusal(.actc, arguments + ["--memory", "1MiB"], 2, "--memory: expected at least 128MiB")
  }
}
