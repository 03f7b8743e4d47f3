import ActFormats
import Testing
import Workbench

/// What an interrupted fit has left is a map file that nothing takes for a whole one.
@Suite struct UnfinishedMapTests {
  let workshop: Workshop
  let directory: TemporaryDirectory

  init() throws {
    workshop = try Workshop.get()
    directory = try TemporaryDirectory()
  }

  /// The first five of the workshop's map's sites, as a fit of `siteCount` keeps them.
  private func partial(_ name: String = "x.maps.safetensors.partial", siteCount: Int? = 13) throws -> String {
    var map = try MapFile(reading: workshop.map)
    #expect(map.sites.count == 13)
    map.sites.removeLast(8)
    map.unfinished = .init(fingerprint: "of some fit", siteCount: siteCount)
    let path = directory.file(name)
    try map.write(to: path)
    return path
  }

  @Test func nothingTakesIt() throws {
    let path = try partial()
    let (words, next) = ("found 5 of 13 sites", "`actc fit … -o \(directory.file("x.maps.safetensors"))`")
    let output = directory.file("out")
    let data = ["--source", workshop.source, "--target", workshop.target]
    for arguments in [
      ["compile", workshop.model, "--maps", "m=\(path)", "-o", output],
      ["compile", workshop.model, "--maps", "m=\(path)", "--force", "fingerprint", "-o", output],
      ["opt", workshop.model, "--maps", "m=\(path)"],
      ["collect", workshop.model] + data + ["--shard", "1/1", "--after", path, "-o", output],
      ["solve", output, "--after", path, "-o", output],
    ] {
      try expectRefusal(.actc, arguments, 3, path, words, next)
    }
    #expect(directory.contents == ["x.maps.safetensors.partial"])
  }

  /// Its name does not make a file whole.
  @Test func anotherNameDoesNotHelp() throws {
    let path = try partial("x.maps.safetensors")
    try expectRefusal(
      .actc, ["compile", workshop.model, "--maps", "m=\(path)", "-o", directory.file("out")], 3,
      "found 5 of 13 sites", "`actc fit … -o OUTPUT`")
  }

  /// Of a file of the version before, only what is finished is known.
  @Test func aFileThatDoesNotKnowTheRest() throws {
    let path = try partial(siteCount: nil)
    try expectRefusal(
      .actc, ["compile", workshop.model, "--maps", "m=\(path)", "-o", directory.file("out")], 3,
      "expected a finished fit, found 5 sites;")
  }

  @Test func showSaysWhatItIs() throws {
    let path = try partial()
    let shown = try Tool.actc.run("show", path)
    #expect(shown.code == 0)
    let first = shown.text.split(separator: "\n").first ?? ""
    #expect(
      first.hasPrefix("// unfinished: 5 of 13 sites; `actc fit … -o \(directory.file("x.maps.safetensors"))`")
    )
    let json = try JSON(parsing: Tool.actc.run("show", path, "--json").output)
    #expect(json["is_finished"]?.bool == false)
    #expect(json["fit_sites"]?.int == 13)
    #expect(json["sites"]?.array?.count == 5)
    let whole = try JSON(parsing: Tool.actc.run("show", workshop.map, "--json").output)
    #expect(whole["is_finished"]?.bool == true)
    #expect(whole["fit_sites"]?.int == 13)
  }
}
