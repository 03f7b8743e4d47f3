import ActPasses
import Testing
import Workbench

/// The package that `actc new-method` writes. That it builds and passes its tests, `Scripts/check-method-packages.sh` checks.
@Suite struct NewMethodTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func text(_ path: String) throws -> String {
    String(decoding: try directory.read(path), as: UTF8.self)
  }

  @Test func writesAPackage() throws {
    let outcome = try Tool.actc.run("new-method", "centre-act-2", "-o", directory.file("out"))
    try #require(outcome.code == 0, "\(outcome.error)")
    #expect(outcome.output.isEmpty)
    #expect(outcome.error.contains("swift run -c release actc-centre-act-2 methods centre-act-2"))
    #expect(
      TemporaryDirectory.contents(directory.file("out")).sorted() == [
        ".gitignore", "Package.swift", "Sources", "Tests",
      ])
    let method = try text("out/Sources/CentreAct2Method/CentreAct2Method.swift")
    #expect(method.contains("public let centreAct2Method = SteeringMethod("))
    #expect(method.contains("graph @centre_act_2("))
    #expect(
      try text("out/Sources/actc-centre-act-2/main.swift").contains("runActc(adding: [centreAct2Method])"))
    #expect(
      try text("out/Tests/CentreAct2MethodTests/CentreAct2MethodTests.swift").contains("MethodCheck.allCases")
    )
  }

  /// This actc lies in the build folder of its package.
  @Test func dependsOnThePackageThatItWasBuiltIn() throws {
    _ = try Tool.actc.run("new-method", "m", "-o", directory.file("m"))
    let root = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
    #expect(try text("m/Package.swift").contains(".package(name: \"actc\", path: \"\(root)\")"))
  }

  @Test(arguments: [
    ("https://example.org/steering/act.git", "act"), ("https://example.org/act-tools", "act-tools"),
    ("git@example.org:steering.git", "steering"),
  ])
  func dependsOnAURL(url: String, package: String) throws {
    _ = try Tool.actc.run("new-method", "m", "--package", url, "-o", directory.file("m"))
    let manifest = try text("m/Package.swift")
    #expect(manifest.contains(".package(url: \"\(url)\", from: \""))
    #expect(manifest.contains(".product(name: \"ActPasses\", package: \"\(package)\")"))
  }

  @Test(arguments: ["CentreAct", "centre_act", "-act", "act-", "a--b", "1act", "a b", "é", ""])
  func namesThatAreNone(name: String) throws {
    try expectRefusal(
      .actc, ["new-method", "-o", directory.file("m"), "--", name], 2,
      "expected a name of small letters, digits and single hyphens")
    #expect(directory.contents.isEmpty)
  }

  @Test func namesThatAreTaken() throws {
    try expectRefusal(
      .actc, ["new-method", "linear-act", "-o", directory.file("m")], 2,
      "a method is named `linear-act` already")
  }

  @Test func whatIsThereStays() throws {
    let kept = try directory.write("mine", to: "file")
    let folder = try directory.makeDirectory("folder")
    for path in [kept, folder] {
      try expectRefusal(
        .actc, ["new-method", "m", "-o", path], 3, path, "name a directory that is not there")
    }
    #expect(try text("file") == "mine")
    #expect(TemporaryDirectory.contents(folder).isEmpty)
  }

  @Test func directoriesThatAreNot() throws {
    try expectRefusal(
      .actc, ["new-method", "m", "-o", directory.file("none/m")], 3, "No such file or directory")
    try expectRefusal(
      .actc, ["new-method", "m", "-o", directory.file("m"), "--package", directory.path], 3,
      directory.path, "expected the package of actc")
    #expect(directory.contents.isEmpty)
  }
}
