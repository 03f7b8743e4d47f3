import ActEval
import ActFormats
import ActPlan
import Testing
import Workbench

/// The changelog names the version of the tools and the versions of the formats that they write.
@Suite struct ChangelogTests {
  private static let text = {
    let folder = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
    return (try? readBytes("\(folder)/CHANGELOG.md")).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }()

  @Test func newestReleaseIsTheToolsVersion() throws {
    let newest = try #require(Self.text.firstMatch(of: /\n## (\d+\.\d+\.\d+)/)?.1)
    for tool in [Tool.actc, .actrun] { #expect(try tool.run("--version").text == "\(newest)\n") }
  }

  @Test(arguments: [
    ("map file", MapFile.formatVersion), ("sample file", SampleFile.formatVersion),
    ("plan", PlanFile.format), ("generations", GenerationRecord.format),
  ])
  func formatVersionIsTheWriters(format: String, version: String) throws {
    let row = try #require(Self.text.split(separator: "\n").first { $0.hasPrefix("| \(format) |") })
    let cells = row.split(separator: "|").map { String($0.filter { $0 != " " && $0 != "`" }) }
    #expect(cells[2] == version)
  }
}
