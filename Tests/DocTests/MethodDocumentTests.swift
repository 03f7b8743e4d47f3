import ActPasses
import FoundationEssentials
import Testing

/// The method that `methods.md` shows is the one that is built.
@Suite struct MethodDocumentTests {
  @Test func showsTheFile() throws {
    let page = try #require(Document.all.first { $0.name == "methods.md" })
    let path = "\(Document.folder)/../passes/steering/GaussianAct.swift"
    let file = try String(contentsOfFile: path, encoding: .utf8)
    #expect(page.text.contains("```swift\n\(file)```"))
    #expect(page.graphs.contains { $0.text == gaussianAct.transport })
  }
}
