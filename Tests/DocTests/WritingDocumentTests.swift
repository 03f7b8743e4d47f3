import Testing

/// The code of `docs/writing-a-method.md` is that of the examples, which are built and run.
@Suite struct WritingDocumentTests {
  private static let page = Document("writing-a-method.md")
  private static let sources = ["Examples/method-package", "Examples/map-from-python"].flatMap { folder in
    [".swift", ".py"].flatMap { Repository.files(under: folder, suffix: $0) }
  }

  @Test func findsBlocks() {
    #expect(Self.page.blocks(of: "swift").count == 3)
    #expect(Self.page.blocks(of: "python").count == 3)
    #expect(Self.sources.count == 6)
  }

  @Test(arguments: page.blocks(of: "swift") + page.blocks(of: "python"))
  func isOfAFile(_ block: Document.Block) {
    #expect(Self.sources.contains { Repository.text($0)?.contains(block.text) == true }, "\(block.text)")
  }

  /// Whole files are shown whole: what follows a block in its file would be missing.
  @Test(arguments: page.blocks(of: "swift").filter { $0.text.hasPrefix("import ") })
  func isAWholeFile(_ block: Document.Block) {
    #expect(Self.sources.contains { Repository.text($0) == block.text }, "\(block.text)")
  }
}
