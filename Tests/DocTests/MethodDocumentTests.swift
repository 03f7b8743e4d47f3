import ActPasses
import Testing

/// The method that `docs/methods.md` shows is the one that is built, and lists of methods name those that are registered.
@Suite struct MethodDocumentTests {
  @Test func showsTheFile() throws {
    let page = Document("methods.md")
    let file = try #require(Repository.text("passes/steering/GaussianAct.swift"))
    #expect(page.text.contains("```swift\n\(file)```"))
    #expect(page.graphs.contains { $0.text == gaussianAct.transport })
    #expect(page.graphs.contains { $0.text == ablation.transport })
  }

  @Test func pageListsAll() {
    #expect(Document("methods.md").names(inTableOf: "method") == registeredMethods.map(\.name))
  }

  @Test func readmeNamesAll() throws {
    let rows = Document(path: "README.md").rows(of: "", "works")
    let row = try #require(rows.first { $0[0] == "methods" })
    #expect(codeSpans(row[1]) == registeredMethods.map(\.name))
  }

  @Test func glossaryNamesAll() throws {
    let lines = Document("glossary.md").text.split(separator: "\n\n")
    let entry = try #require(lines.first { $0.hasPrefix("**Method.**") })
    #expect(codeSpans(entry) == registeredMethods.map(\.name))
  }
}
