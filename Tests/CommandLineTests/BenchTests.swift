import ActFormats
import Glibc
import Testing
import Workbench

/// `actrun bench`: each phase by itself, every row beside the unsteered one.
@Suite struct BenchTests {
  private func report(_ arguments: String...) throws -> JSON {
    let outcome = try Tool.actrun.run(["bench"] + arguments + ["--json"])
    #expect(outcome.code == 0, "\(outcome.error)")
    return try JSON(parsing: outcome.output)
  }

  @Test func everyRunOfEveryRowIsReported() throws {
    let report = try report(
      try Workshop.get().steered, "-p", "4", "-n", "3", "-r", "6", "--steer", "m=0.5", "-t", "1")
    let rows = try #require(report["rows"]?.array)
    #expect(rows.map { $0["steer"]?.string } == ["unsteered", "m=0.5"])
    for row in rows {
      let prefill = try #require(row["prefill_seconds"]?.array).map { $0.double ?? 0 }
      let decode = try #require(row["decode_seconds"]?.array).map { $0.double ?? 0 }
      #expect(prefill.count == 6 && decode.count == 6)
      #expect((prefill + decode).allSatisfy { $0 > 0 })
      let speed = try #require(row["prefill_tokens_per_second"]?.double)
      let median = (prefill.sorted()[2] + prefill.sorted()[3]) / 2
      #expect(abs(speed * median - 4) < 1e-3)
    }
    #expect(rows[0]["decode_cost"]?.double == 0)
    // Of six runs the interval is from the smallest to the largest of the paired ratios.
    func seconds(_ row: Int) throws -> [Double] {
      try #require(rows[row]["decode_seconds"]?.array).map { $0.double ?? 0 }
    }
    let costs = try zip(seconds(1), seconds(0)).map { $0 / $1 - 1 }
    let interval = try #require(rows[1]["decode_cost_interval"]?.array).map { $0.double ?? 0 }
    #expect(interval == [costs.min()!, costs.max()!])
    #expect(report["threads"]?.int == 1)
    for name in ["load_seconds", "sampler_seconds_per_token", "tokenizer_seconds_per_token"] {
      #expect(try #require(report[name]?.double) > 0, "\(name)")
    }
    #expect(try #require(report["peak_resident_bytes"]?.int) > 1 << 20)
  }

  @Test func fewRunsLeaveACostUnresolved() throws {
    let workshop = try Workshop.get()
    let outcome = try Tool.actrun.run(
      "bench", workshop.steered, "-p", "4", "-n", "3", "-r", "5", "--steer", "m=1")
    #expect(outcome.code == 0, "\(outcome.error)")
    let cells = try #require(outcome.text.split(separator: "\n").first { $0.hasPrefix("| m=1 ") })
      .split(separator: "|").suffix(2)
    #expect(cells.allSatisfy { $0.contains(" %, unresolved") }, "\(outcome.text)")
  }

  /// A plan of whole entries is called on tensors.
  @Test func calls() throws {
    let directory = try TemporaryDirectory()
    let (plan, fixture) = (directory.file("unet.plan"), Workshop.fixture("tiny-unet"))
    let compiled = try Tool.actc.run("compile", fixture, "--size", "4x2", "-o", plan)
    try #require(compiled.code == 0, "\(compiled.error)")
    let input = "\(fixture)/call1.safetensors"
    let report = try report(plan, "--input", input, "-r", "3")
    let rows = try #require(report["rows"]?.array)
    #expect(rows.map { $0["steer"]?.string } == ["unsteered"])
    #expect(rows[0]["seconds"]?.array?.count == 3 && (rows[0]["call_seconds"]?.double ?? 0) > 0)
    // What depends on the text alone is computed once, and stands on a line of its own.
    #expect(try #require(report["prompt_seconds"]?.double) > 0)
    let table = try Tool.actrun.run(["bench", plan, "--input", input, "-r", "2"])
    #expect(table.text.contains("\nthe prompt's program, once: "), "\(table.text)")
    for (arguments, problem) in [
      (["-n", "3"], "--tokens: a call on --input has none"), (["--steer", "x=1"], "no dial `x`"),
    ] {
      let outcome = try Tool.actrun.run(["bench", plan, "--input", input] + arguments)
      #expect(outcome.code == 2 && outcome.error.contains(problem), "\(outcome.error)")
    }
  }

  /// Runs go on until the intervals are narrow, or the time is over; the figures say which.
  @Test func measuresUntilTheIntervalIsNarrow() throws {
    let workshop = try Workshop.get()
    let arguments = ["bench", workshop.steered, "-p", "4", "-n", "3", "-r", "6", "--steer", "m=1", "--json"]
    let wide = try Tool.actrun.run(arguments + ["--until", "100000%"])
    #expect(wide.code == 0 && wide.error.isEmpty, "\(wide.error)")
    #expect(try JSON(parsing: wide.output)["repetitions"]?.int == 6)
    let narrow = try Tool.actrun.run(arguments + ["--until", "0.000001%", "--at-most", "0.5"])
    #expect(narrow.code == 0 && narrow.error.contains("still wider than"), "\(narrow.error)")
    #expect(try #require(JSON(parsing: narrow.output)["repetitions"]?.int) > 6)
    let long = try JSON(
      parsing: try Tool.actrun.run(arguments + ["--until", "60%", "--at-most", "30"]).output)
    for name in ["prefill_cost_interval", "decode_cost_interval"] {
      let interval = try #require(long["rows"]?.array?[1][name]?.array).map { $0.double ?? 0 }
      #expect(interval[1] - interval[0] <= 0.6, "\(name)")
    }
  }

  @Test func sequencesDecodeTogether() throws {
    let report = try report(
      try Workshop.get().plan, "-p", "2", "-n", "4", "-r", "1", "--sequences", "8")
    let row = try #require(report["rows"]?.array?.first)
    let seconds = try #require(row["decode_seconds"]?.array?.first?.double)
    let speed = try #require(row["decode_tokens_per_second"]?.double)
    #expect(abs(speed * seconds - 32) < 1e-3)
  }

  @Test func aPlanWithoutATokenizerIsMeasured() throws {
    let directory = try TemporaryDirectory()
    let model = try Workshop.copyModel("tiny-plain", to: directory.makeDirectory("model"))
    try #require(unlink("\(model)/tokenizer.json") == 0)
    let plan = directory.file("plain.plan")
    try #require(try Tool.actc.run(["compile", model, "-o", plan]).code == 0)
    #expect(try report(plan, "-p", "2", "-n", "2", "-r", "1")["tokenizer_seconds_per_token"] == .null)
  }

  @Test func refusesMoreSequencesThanItHolds() throws {
    let outcome = try Tool.actrun.run(["bench", try Workshop.get().plan, "--sequences", "0"])
    #expect(outcome.code == 2 && outcome.error.contains("--sequences takes 1 to 4096"))
  }
}
