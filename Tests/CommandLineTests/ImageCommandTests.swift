import ActFormats
import Testing
import Workbench

/// `actc compile` of a whole pipeline, and `actrun image`.
@Suite struct ImageCommandTests {
  private let directory: TemporaryDirectory
  private let plan: String

  init() throws {
    directory = try TemporaryDirectory()
    plan = directory.file("sd.plan")
    let outcome = try Tool.actc.run(["compile", Workshop.fixture("tiny-sd"), "--size", "24x16", "-o", plan])
    try #require(outcome.code == 0, "\(outcome.error)")
  }

  private func image(_ arguments: [String], to name: String) throws -> Outcome {
    try Tool.actrun.run(
      ["image", plan, "-p", "a cat", "--steps", "2"] + arguments + ["-o", directory.file(name)])
  }

  @Test func pictures() throws {
    let outcome = try image(["--samples", "2", "--seed", "5"], to: "a.png")
    #expect(outcome.code == 0 && outcome.text.isEmpty, "\(outcome.error)")
    let bytes = try directory.read("a.png")
    #expect(bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]))
    let text = String(decoding: bytes, as: UTF8.self)
    #expect(
      text.contains("prompt\0a cat") && text.contains("seed\05") && text.contains("strengths\0unsteered"))
    // Two pictures of 24x16 and three gaps.
    #expect(bytes[16..<24].map { Int($0) } == [0, 0, 0, 60, 0, 0, 0, 24])
  }

  /// The same seed gives the same floats, and a sample is what it is in a run of more.
  @Test func floats() throws {
    for (name, samples) in [("a", "3"), ("b", "3"), ("c", "1")] {
      let outcome = try image(["--samples", samples, "--seed", "5"], to: "\(name).safetensors")
      try #require(outcome.code == 0, "\(outcome.error)")
    }
    #expect(try directory.read("a.safetensors") == directory.read("b.safetensors"))
    func images(_ name: String) throws -> (shape: [Int], values: [Float]) {
      let file = try SafetensorsFile(directory.file("\(name).safetensors"))
      let tensor = try #require(file["image"])
      return (tensor.shape, Array(file.bytes(of: tensor).bindMemory(to: Float.self)))
    }
    let (all, one) = (try images("a"), try images("c"))
    #expect(all.shape == [3, 3, 16, 24] && one.shape == [1, 3, 16, 24])
    #expect(one.values == Array(all.values.prefix(one.values.count)))
    #expect(all.values.allSatisfy { (0...1).contains($0) })
  }

  /// The pictures of a text are what they are where it stands alone.
  @Test func severalTexts() throws {
    _ = try directory.write("a cat\na dog\n", to: "texts.txt")
    let outcome = try Tool.actrun.run(
      "image", plan, "--prompts", directory.file("texts.txt"), "--steps", "2", "--samples", "2", "-o",
      directory.file("both.safetensors"))
    try #require(outcome.code == 0, "\(outcome.error)")
    let again = try image(["-p", "a dog", "--samples", "2"], to: "again.safetensors")
    try #require(again.code == 0, "\(again.error)")
    func images(_ name: String) throws -> [Float] {
      let file = try SafetensorsFile(directory.file(name))
      return Array(file.bytes(of: try #require(file["image"])).bindMemory(to: Float.self))
    }
    let (both, cat) = (try images("both.safetensors"), try image(["--samples", "2"], to: "cat.safetensors"))
    try #require(cat.code == 0, "\(cat.error)")
    #expect(both == (try images("again.safetensors")))
    #expect(Array(both.prefix(both.count / 2)) == (try images("cat.safetensors")))
    let sheet = try image(["-p", "a dog"], to: "both.png")
    #expect(sheet.code == 0)
    #expect(String(decoding: try directory.read("both.png"), as: UTF8.self).contains("prompt\0a cat\na dog"))
  }

  @Test(arguments: [
    (["--prompts", "/nonexistent"], 2, "expected --prompt or --prompts, one of them"),
    (["--limit", "1"], 2, "--limit: expected --prompts, whose records it chooses"),
    (["--steps", "0"], 2, "takes from 1 to 1000 steps, found 0"),
    (["--samples", "0"], 2, "--samples: expected 1 to 256, found 0"),
    (["--scheduler", "EulerDiscrete"], 2, "there is no scheduler `EulerDiscrete`"),
    (["--scheduler", "LCMScheduler", "--steps", "51"], 2, "LCMScheduler takes from 1 to 50 steps, found 51"),
    (["--eta", "1", "--scheduler", "PNDMScheduler"], 2, "PNDMScheduler has no eta"),
    (["--guidance", "nan"], 2, "--guidance: expected a number"), (["--steer", "x=1"], 2, "no dial `x`"),
    (["--latents", "/nonexistent"], 3, "/nonexistent"),
  ])
  func refuses(arguments: [String], code: Int32, problem: String) throws {
    let outcome = try Tool.actrun.run(
      ["image", plan, "-p", "a cat", "-o", directory.file("a.png")] + arguments)
    #expect(outcome.code == code)
    #expect(outcome.error.contains(problem), "\(outcome.error)")
    #expect(outcome.errorLines.count == 1)
    #expect(!directory.contents.contains("a.png"))
  }

  @Test func refusesOtherFiles() throws {
    #expect(try image([], to: "a.jpg").error.contains("expected a file that ends in .png or .safetensors"))
    let decoder = directory.file("decoder.plan")
    let compiled = try Tool.actc.run(
      ["compile", Workshop.fixture("tiny-taesd"), "--module", "decoder", "--size", "3x2", "-o", decoder])
    try #require(compiled.code == 0)
    let outcome = try Tool.actrun.run(["image", decoder, "-p", "a", "-o", directory.file("a.png")])
    #expect(outcome.code == 3)
    #expect(outcome.error.contains("expected the plan of a pipeline"), "\(outcome.error)")
  }
}
