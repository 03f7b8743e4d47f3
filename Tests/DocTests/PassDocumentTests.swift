import ActIR
import ActPasses
import Testing

/// The pipeline, `actc passes` and `docs/passes.md` name the same passes in the same order.
@Suite struct PassDocumentTests {
  private let page = Document("passes.md")

  /// The pipeline with everything that options add.
  private var pipelineNames: [String] {
    var options = PipelineOptions()
    options.transports = [Transport(name: "m", function: Graph(name: "f"), sites: ["site"])]
    options.frozen = ["m": 1]
    return pipeline(options).map(\.name)
  }

  @Test func tableIsThePipeline() {
    #expect(page.names(inTableOf: "pass") == pipelineNames)
  }

  @Test func registryIsInTheOrderOfThePipeline() {
    var seen: Set<String> = []
    let expected = pipelineNames.filter { seen.insert($0).inserted }
    let registered = registeredPasses.map(\.name)
    #expect(Array(registered.prefix(expected.count)) == expected)
    #expect(Set(registered).count == registered.count)
  }

  @Test func saysWhatRemainsWithoutFusion() {
    var options = PipelineOptions()
    options.transports = [Transport(name: "m", function: Graph(name: "f"), sites: ["site"])]
    options.frozen = ["m": 1]
    options.fuses = false
    let names = pipeline(options).map { "`\($0.name)`" }
    let list = names.dropLast().joined(separator: ", ") + " and " + (names.last ?? "")
    let text = page.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(text.contains("`--no-fuse` leaves \(list)."))
  }
}
