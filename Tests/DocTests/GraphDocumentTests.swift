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
private let mnemonics: [String] = {
  var names: [String] = []
  var op: Op? = .input(name: "")
  while let current = op {
    names.append(current.mnemonic)
    op = next(after: current)
  }
  return names + UnaryFunction.allCases.dropFirst().map(\.rawValue)
    + BinaryFunction.allCases.dropFirst().map(\.rawValue)
}()

/// One op of each kind, in order of declaration: a new kind does not compile until it stands here.
private func next(after op: Op) -> Op? {
  let body = Expression(inputCount: 1, instructions: [])
  switch op {
  case .input: return .weight(name: "")
  case .weight: return .mapParameter(map: "", site: "", name: "")
  case .mapParameter: return .constant(0)
  case .constant: return .dial(name: "")
  case .dial: return .unary(UnaryFunction.allCases[0])
  case .unary: return .binary(BinaryFunction.allCases[0])
  case .binary: return .select
  case .select: return .affine
  case .affine: return .fused(body)
  case .fused: return .linear
  case .linear: return .linearEpilogue(body)
  case .linearEpilogue: return .rmsNorm(eps: 0)
  case .rmsNorm: return .layerNorm(eps: 0)
  case .layerNorm: return .ropeTable(RotaryEmbedding(width: 2, base: 1))
  case .ropeTable: return .rope(headWidth: 2)
  case .rope: return .attention(Attention(cache: 0, heads: 1, keyValueHeads: 1, headWidth: 2, scale: 1))
  case .attention: return .embedding
  case .embedding: return .takeRows
  case .takeRows: return .slice(start: 0, count: 1)
  case .slice: return .scaleRows
  case .scaleRows: return .scaleColumns
  case .scaleColumns: return .matvec
  case .matvec: return .concat
  case .concat: return .cast(.f32)
  case .cast: return .pack(.q8x16)
  case .pack: return nil
  }
}
