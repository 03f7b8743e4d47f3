import ActFormats
import Testing
import Workbench

/// `--lora` from the command line.
@Suite struct AdapterTests {
  private let directory: TemporaryDirectory
  private let model = Workshop.fixture("tiny-gqa")

  init() throws { directory = try TemporaryDirectory() }

  private func adapter(_ name: String) -> String { Workshop.fixture("lora/\(name)") }

  private func compile(_ adapters: [String]) throws -> (outcome: Outcome, plan: String) {
    let plan = directory.file("x.plan")
    let options = adapters.flatMap { ["--lora", $0] }
    return (
      try Tool.actc.run(["compile", model] + options + ["--weights", "f32", "--kv", "f32", "-o", plan]), plan
    )
  }

  @Test func addsAdapters() throws {
    let adapters = [
      "\(adapter("llama-a"))=0.5", "\(adapter("llama-b"))/adapter_model.safetensors=-1.25",
    ]
    let (outcome, plan) = try compile(adapters)
    try #require(outcome.code == 0, "\(outcome.error)")
    let record = Workshop.fixture("lora/llama-ab.safetensors")
    let compared = try Tool.actrun.run("run", plan, "--input", record, "--expected", record, "--nmse", "1e-8")
    #expect(compared.code == 0, "\(compared.text)\(compared.error)")
    let shown = try JSON(parsing: Tool.actc.run("show", plan, "--json").output)
    let recorded = try #require(shown["provenance"]?["model"]?["adapters"]?.array)
    #expect(recorded.compactMap { $0["weight"]?.double } == [0.5, -1.25])
  }

  @Test func refusals() throws {
    for (adapters, code, words) in [
      ([directory.file("absent")], 3, "absent"), ([model], 3, "adapter_config.json"),
      ([adapter("gpt2")], 3, "the model reads no matrix of this module"),
      (["=0.5"], 2, "--lora: expected ADAPTER or ADAPTER=WEIGHT"),
      (["\(adapter("llama-a"))=inf"], 2, "--lora: expected ADAPTER or ADAPTER=WEIGHT"),
    ] as [([String], Int32, String)] {
      let (outcome, _) = try compile(adapters)
      #expect(outcome.code == code && outcome.error.contains(words), "\(adapters): \(outcome.error)")
      #expect(outcome.errorLines.count == 1)
    }
    #expect(directory.contents.isEmpty)
  }
}
