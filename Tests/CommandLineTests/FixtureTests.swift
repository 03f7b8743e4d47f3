import ActFormats
import Testing
import Workbench

/// The records of a small checkpoint are files that `actrun run` takes.
@Suite struct FixtureTests {
  @Test(arguments: ["tiny-plain", "tiny-qwen2", "tiny-gemma2", "tiny-gpt2"], ["prompt1", "prompt2"])
  func runsAndCompares(checkpoint: String, prompt: String) throws {
    let directory = try TemporaryDirectory()
    let record = Workshop.fixture("\(checkpoint)/\(prompt).safetensors")
    let plan = directory.file("x.plan")
    let compiled = try Tool.actc.run(
      "compile", Workshop.fixture(checkpoint), "--weights", "f32", "--kv", "f32", "-o", plan)
    try #require(compiled.code == 0, "\(compiled.error)")
    let compared = try Tool.actrun.run("run", plan, "--input", record, "--expected", record)
    #expect(compared.code == 0, "\(compared.text)\(compared.error)")
    #expect(compared.text.contains("logits"))
    let other = Workshop.fixture("\(checkpoint)/\(prompt == "prompt1" ? "prompt2" : "prompt1").safetensors")
    #expect(try Tool.actrun.run("run", plan, "--input", record, "--expected", other).code != 0)
  }
}
