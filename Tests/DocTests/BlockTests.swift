import ActIR
import Testing

/// Every graph in `docs/` parses, is sound and survives printing.
@Suite struct BlockTests {
  @Test func findsBlocks() { #expect(Document.all.flatMap(\.graphs).count >= 4) }

  @Test(arguments: Document.all.flatMap(\.graphs)) func isSound(_ block: Document.Block) throws {
    for graph in try Graph.parseAll(block.text) {
      try graph.verify()
      #expect(try Graph(parsing: graph.description).description == graph.description)
    }
  }
}
