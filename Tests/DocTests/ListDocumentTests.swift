import ActCompile
import ActDiffusion
import ActErrors
import ActFormats
import ActGraphs
import ActIR
import ActTerminal
import ActText
import Testing

/// Lists in the documents are those of the code and of the folders.
@Suite struct ListDocumentTests {
  @Test func readmeListsAllPages() {
    let listed = Document(path: "README.md").rows(of: "page").compactMap {
      $0[0].firstMatch(of: #/\]\(([^)]+)\)/#)?.1
    }
    let pages = Set(listed.map(String.init)).filter { $0.hasPrefix("docs/") }
    #expect(pages == Set(Document.all.map(\.path)))
  }

  @Test func examplesAreTheFolders() {
    let listed = Document(path: "Examples/README.md").rows(of: "example").compactMap {
      $0[0].wholeMatch(of: #/\[(.+)\]\((.+)\/README\.md\)/#)
    }
    #expect(listed.map { String($0.1) } == Repository.folders(in: "Examples"))
    #expect(listed.map { String($0.2) } == Repository.folders(in: "Examples"))
  }

  @Test func benchmarksAreTheScripts() {
    let listed = Document(path: "Benchmarks/README.md").names(inTableOf: "command")
    #expect(
      listed.sorted() == Repository.names(in: "Benchmarks").filter { $0.hasSuffix(".sh") && $0 != "all.sh" })
  }

  @Test func exitCodesAreThoseOfTheTools() {
    let listed = Document("tools.md").rows(of: "code").map { Int32($0[0]) }
    #expect(listed == ExitStatus.allCases.map(\.rawValue))
  }

  @Test func dataSetFormatsAreListed() {
    let listed = Document("formats.md").rows(of: "name", "a record").flatMap { codeSpans($0[0]) }
    for format in DataFormat.allCases where format != .lines {
      #expect(listed.contains(".\(format.rawValue)"))
    }
  }

  @Test func architecturesAreThoseThatAreBuilt() {
    let page = Document("formats.md")
    let listed = page.names(inTableOf: "architecture")
    #expect(listed == ModelGraph.architectureNames)
  }

  @Test func schedulersAreThoseThatAreRead() {
    #expect(Document("schedulers.md").names(inTableOf: "class") == schedulerNames)
  }

  @Test func pipelinesAreThoseThatAreCompiled() {
    #expect(Document("formats.md").names(inTableOf: "pipeline") == pipelineClassNames)
  }

  @Test func ggufTypesAreThoseThatAreRead() throws {
    let page = Document("formats.md").text.split(separator: #/\s+/#).joined(separator: " ")
    let list = try #require(page.firstMatch(of: #/Element types ([^;]+);/#)?.1)
    let listed = list.replacing(" and ", with: ", ").split(separator: ", ").map { $0.lowercased() }
    #expect(Set(listed) == Set(GGMLType.allCases.map { "\($0)".lowercased() }))
  }

  @Test func ggufArchitecturesAreThoseThatAreRead() {
    let rows = Document("formats.md").rows(of: "`general.architecture`", "becomes")
    #expect(rows.map { codeSpans($0[0]) } == ggufArchitectures.map { [$0.gguf] })
    #expect(rows.map { codeSpans($0[1]).first } == ggufArchitectures.map { $0.architecture })
    #expect(Set(ggufArchitectures.map(\.architecture)).isSubset(of: ModelGraph.architectureNames))
  }

  @Test func ggufVocabulariesAreThoseThatAreRead() {
    let page = Document("formats.md")
    #expect(page.names(inTableOf: "`tokenizer.ggml.model`") == GGUFTokenizer.vocabularies)
    #expect(page.names(inTableOf: "`tokenizer.ggml.pre`") == GGUFTokenizer.preTokenizers)
  }

  @Test func filtersAreThoseOfTemplates() {
    let row = Document("formats.md").rows(of: "part", "of Jinja").first { $0[0] == "filters" }
    #expect(row.map { codeSpans($0[1]) } == ChatTemplate.filters)
  }

  @Test func packedTypesAreThoseOfThePlans() {
    let listed = Document("formats.md").rows(of: "type", "unit").flatMap { codeSpans($0[0]) }
    #expect(listed == DType.allCases.filter { $0.packedFormat != nil }.map { "\($0)" })
  }

  /// A variable that something reads is in the table, and the other way round.
  @Test func environmentVariablesAreThoseThatAreRead() {
    let listed = Document("tools.md").names(inTableOf: "variable")
    let reading = #/(?:getenv\(|environment\[|environ(?:\.get)?[\[(]|wrapper\()"([A-Z][A-Z0-9_]+)"/#
    let shell = #/\$\{([A-Z][A-Z0-9_]+):?[-?]/#
    var read: Set<String> = []
    for suffix in [".swift", ".c", ".h", ".py", ".sh"] {
      for path in Repository.files(under: "", suffix: suffix) {
        let text = Repository.text(path) ?? ""
        read.formUnion(text.matches(of: reading).map { String($0.1) })
        if suffix == ".sh" { read.formUnion(text.matches(of: shell).map { String($0.1) }) }
      }
    }
    // Others belong to the system.
    #expect(Set(listed) == read.filter { $0.hasPrefix("ACT_") || $0.hasPrefix("XDG_") })
  }
}
