import ActFormats
import Testing
import Workbench

/// Options of whole pipelines that concern memory, and what steers the negative prompt.
@Suite struct PictureOptionTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func compile(_ arguments: [String]) throws -> Outcome {
    try Tool.actc.run(
      ["compile", Workshop.fixture("tiny-sd"), "-o", directory.file("sd.plan")] + arguments)
  }

  private func modules() throws -> [JSON] {
    try JSON(parsing: Tool.actc.run(["show", directory.file("sd.plan"), "--json"]).text)["modules"]?.array
      ?? []
  }

  @Test func tiles() throws {
    let outcome = try compile(["--size", "40x24", "--decode-tile", "16x16"])
    try #require(outcome.code == 0, "\(outcome.error)")
    #expect(
      try modules().compactMap { $0["name"]?.string } == [
        "text_encoder", "unet", "vae", "vae.2x8", "vae.8x6", "vae.2x6",
      ])
    let made = try Tool.actrun.run(
      [
        "image", directory.file("sd.plan"), "-p", "a cat", "--steps", "1", "-o",
        directory.file("a.safetensors"),
      ])
    try #require(made.code == 0, "\(made.error)")
    #expect(try SafetensorsFile(directory.file("a.safetensors"))["image"]?.shape == [1, 3, 24, 40])
  }

  @Test func aTileThatHoldsAllIsNoted() throws {
    let outcome = try compile(["--size", "24x16", "--decode-tile", "24x16"])
    #expect(outcome.code == 0)
    #expect(outcome.error.contains("a tile holds the whole picture"), "\(outcome.error)")
    #expect(try modules().count == 3)
  }

  @Test(arguments: [
    (
      ["--size", "24x16", "--decode-tile", "15x16"],
      "--decode-tile: expected a width and a height that 2 and 2 divide"
    ),
    (
      ["--size", "24x16", "--decode-tile", "12x12"],
      "--decode-tile: expected a width and a height that 8 and 8 divide"
    ),
    (["--size", "24x16", "--decode-tile", "8"], "--decode-tile: expected WIDTHxHEIGHT"),
    (["--size", "24x16", "--entries", "0"], "--entries: expected 1 to 4096, found 0"),
    (["--size", "24x16", "--rows", "0"], "--rows: expected 1 to 65536, found 0"),
  ])
  func refuses(arguments: [String], problem: String) throws {
    let outcome = try compile(arguments)
    #expect(outcome.code == 2 && outcome.error.contains(problem), "\(outcome.error)")
    #expect(outcome.errorLines.count == 1 && directory.contents.isEmpty)
  }

  @Test func onlyPipelinesAreDecodedInTiles() throws {
    let outcome = try Tool.actc.run([
      "compile", Workshop.fixture("tiny-taesd"), "--module", "decoder", "--size", "8x8", "--decode-tile",
      "8x8",
      "-o", directory.file("x.plan"),
    ])
    #expect(outcome.code == 2 && outcome.error.contains("--decode-tile: expected the folder of a pipeline"))
  }

  /// Memory is planned for the entries of a step, and for the tokens of their texts.
  @Test func memoryIsPlannedForTheEntries() throws {
    func arena(_ entries: [String]) throws -> (bytes: Int, text: String) {
      let outcome = try compile(["--size", "24x16"] + entries)
      try #require(outcome.code == 0, "\(outcome.error)")
      let unet = try #require(try modules().first { $0["name"]?.string == "unet" })
      return (try #require(unet["arena_bytes"]?.int), unet["plan"]?.string ?? "")
    }
    let (usual, one, many) = try (arena([]), arena(["--entries", "1"]), arena(["--entries", "16"]))
    #expect(one.bytes * 3 < usual.bytes && usual.bytes * 3 < many.bytes)
    #expect(usual.text.contains("limit B = 4\n") && usual.text.contains("limit T = 80\n"))
    #expect(many.text.contains("limit B = 16\n") && many.text.contains("limit T = 320\n"))
    // The plan for 16 is there; four samples and their negatives fit one call.
    let made = try Tool.actrun.run(
      [
        "image", directory.file("sd.plan"), "-p", "a", "--steps", "1", "--samples", "9", "-o",
        directory.file("a.png"),
      ])
    #expect(made.code == 0, "\(made.error)")
  }

  @Test(arguments: [
    (["--steer-negative", "x=1"], "no dial `x`"),
    (["--steer-negative", "x=0:1:0.5"], "--steer-negative: expected one strength for each map"),
    (
      ["--steer-negative", "x=1", "--guidance", "1"],
      "--steer-negative: expected a --guidance above 1, found 1.0"
    ),
    (["--steer-negative", "x="], "expected"),
  ])
  func refusesToSteerTheNegativePrompt(arguments: [String], problem: String) throws {
    try #require(try compile(["--size", "24x16"]).code == 0)
    let outcome = try Tool.actrun.run(
      ["image", directory.file("sd.plan"), "-p", "a", "-o", directory.file("a.png")] + arguments)
    #expect(outcome.code == 2 && outcome.error.contains(problem), "\(outcome.error)")
    #expect(outcome.errorLines.count == 1 && !directory.contents.contains("a.png"))
  }
}
