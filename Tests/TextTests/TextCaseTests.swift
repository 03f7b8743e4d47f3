import ActIR
import ActPasses
import FileCheck
import FoundationEssentials
import Testing

private let casesFolder = #filePath.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/Cases"

private let caseFiles: [String] = {
  let files = (try? FileManager.default.subpathsOfDirectory(atPath: casesFolder)) ?? []
  return files.filter { $0.hasSuffix(".graph") }.sorted()
}()

@Suite struct TextCaseTests {
  @Test func findsCases() { #expect(caseFiles.count > 20) }

  @Test(arguments: caseFiles) func check(_ file: String) throws {
    let path = "\(casesFolder)/\(file)"
    for section in try TextCase.parse(String(contentsOfFile: path, encoding: .utf8)) {
      CaseRun(section, path: path, file: file).check()
    }
  }

  /// Every pass has cases of its own, and each folder is named after a pass or a part of the house.
  @Test func everyPassHasCases() {
    let folders = Set(caseFiles.map { String($0.prefix { $0 != "/" }) })
    let passes = Set(registeredPasses.map(\.name))
    #expect(passes.subtracting(folders).isEmpty)
    #expect(folders.subtracting(passes) == ["text", "verifier", "pipeline"])
  }
}
