import ActIR
import Testing

private let graphDocument = Document("graph.md")

/// The first line of the graph whose inputs the examples use.
private let exampleHead = graphDocument.graphs.first { $0.text.hasPrefix("graph @examples") }?
  .text.split(separator: "\n").first

/// `docs/graph.md` has a row for every op, and each row's example is what it says.
@Suite struct GraphDocumentTests {
  @Test(arguments: mnemonics) func tableHasRow(_ mnemonic: String) {
    #expect(graphDocument.opRows.contains { $0.mnemonics.contains(mnemonic) }, "docs/graph.md: no row")
  }

  @Test func tableHasNoOtherRow() {
    #expect(Set(graphDocument.opRows.flatMap(\.mnemonics)).subtracting(mnemonics) == [])
  }

  @Test(arguments: graphDocument.opRows) func exampleIsSound(_ row: Document.OpRow) throws {
    let head = try #require(exampleHead)
    // An input has no line of its own, only its place in the head.
    guard row.mnemonics != ["input"] else { return }
    let graph = try Graph(parsing: "\(head)\n\(row.example)\nreturn %y }")
    try graph.verify()
    let value = try #require(graph.results.first?.value)
    #expect(row.mnemonics.contains(graph[value].op.mnemonic))
  }
}

/// Every name that an op has in the text form.
private let mnemonics = Op.prototypes.map(\.mnemonic)
