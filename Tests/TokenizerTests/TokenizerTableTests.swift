import ActFormats
import ActText
import Testing
import Workbench

/// The tables of a tokenizer that came from a plan, which anybody may have altered.
@Suite struct TokenizerTableTests {
  private let whole: CompiledTokenizer

  init() throws {
    whole = try CompiledTokenizer(path: TokenizerFixture.path("llama2.tokenizer.json"))
  }

  private func expectRefused(
    _ problem: String, sourceLocation: SourceLocation = #_sourceLocation,
    _ edit: (inout TokenizerTables) -> Void
  ) {
    var compiled = whole
    edit(&compiled.tables)
    do {
      _ = try Tokenizer(compiled, path: "x.plan")
      Issue.record("no error; expected: \(problem)", sourceLocation: sourceLocation)
    } catch {
      #expect("\(error)".hasPrefix("x.plan: \(problem)"), "\(error)", sourceLocation: sourceLocation)
      #expect(!"\(error)".contains("\n"), sourceLocation: sourceLocation)
    }
  }

  @Test func leavesNoTableInTheRules() throws {
    let model = try #require(whole.rules["model"])
    #expect(model["vocab"] == nil && model["merges"] == nil && model["type"]?.string == "BPE")
    #expect(whole.tables.ids.count == whole.tables.ends.count)
    #expect(try #require(whole.tables.merges).count > 300 && whole.tables.scores == nil)
  }

  /// What was compiled once is compiled again to the same.
  @Test(arguments: TokenizerTests.names)
  func isTheSameEveryTime(_ name: String) throws {
    let path = TokenizerFixture.path(name + ".tokenizer.json")
    #expect(try CompiledTokenizer(path: path) == CompiledTokenizer(path: path))
  }

  @Test func refusesBadOffsets() {
    expectRefused("tokenizer.ends: token 5: expected ") { $0.ends[5] = $0.ends[4] - 1 }
    expectRefused("tokenizer.ends: token 5: expected ") { $0.ends[5] = .max }
    expectRefused("tokenizer.ends: token 0: expected 0 to ") { $0.ends[0] = -1 }
    expectRefused("tokenizer.ends: expected one for each of ") { $0.ends.removeLast() }
    expectRefused("tokenizer.ends: expected the last at ") { $0.text.append(0x61) }
    expectRefused("tokenizer.ends: token ") { tables in
      let index = tables.text.firstIndex { $0 >= 0xE0 }!
      tables.ends[tables.ends.firstIndex { $0 > index }!] = Int32(index) + 1
    }
  }

  @Test func refusesBadIDs() {
    expectRefused("tokenizer.ids: token 5: expected 5 to 4194303, found 4") { $0.ids[5] = 4 }
    expectRefused("tokenizer.ids: token 0: expected 0 to 4194303, found -1") { $0.ids[0] = -1 }
    expectRefused("tokenizer.ids: token ") { $0.ids[$0.ids.count - 1] = .max }
  }

  @Test func refusesBadText() {
    expectRefused("tokenizer.text: not UTF-8") { $0.text[0] = 0xFF }
    expectRefused("tokenizer.text: token ") { tables in
      let last = Array(tables.text[Int(tables.ends[tables.ends.count - 2])...])
      tables.text += last
      tables.ends.append(Int32(tables.text.count))
      tables.ids.append(tables.ids.last! + 1)
    }
  }

  @Test(arguments: [0, 1, 2], [-1, Int32.min, 4_000_000])
  func refusesBadMerges(_ column: Int, _ id: Int32) {
    expectRefused("tokenizer.merges: merge 7: no token has the id \(id)") { $0.merges![21 + column] = id }
  }

  @Test func refusesHalfAMerge() {
    expectRefused("tokenizer.merges: expected three ids a merge") { $0.merges!.removeLast() }
    expectRefused("tokenizer.merges: there is no such tensor") { $0.merges = nil }
    expectRefused("tokenizer.scores: a tensor that the model does not have") { $0.scores = [] }
  }

  @Test func refusesBadScores() throws {
    let whole = try CompiledTokenizer(path: TokenizerFixture.path("t5.tokenizer.json"))
    func expectRefused(_ problem: String, _ edit: (inout TokenizerTables) -> Void) {
      var compiled = whole
      edit(&compiled.tables)
      #expect {
        try Tokenizer(compiled, path: "x.plan")
      } throws: {
        "\($0)".hasPrefix("x.plan: tokenizer.\(problem)")
      }
    }
    expectRefused("scores: there is no such tensor") { $0.scores = nil }
    expectRefused("scores: expected one for each of") { $0.scores!.removeLast() }
    expectRefused("scores: piece 5: expected a number, found nan") { $0.scores![5] = .nan }
    expectRefused("ids: expected the last to be") { $0.ids[$0.ids.count - 1] += 1 }
    expectRefused("merges: a tensor that the model does not have") { $0.merges = [0, 1, 2] }
  }

  @Test func refusesTablesInTheRulesToo() throws {
    let json = try JSON(readingFile: TokenizerFixture.path("llama2.tokenizer.json"))
    #expect(throws: FileError.self) {
      try Tokenizer(CompiledTokenizer(tables: whole.tables, rules: json), path: "x.plan")
    }
  }

  /// Damaged tables give a tokenizer or a `FileError`, and a tokenizer that came of them still encodes and decodes.
  @Test(arguments: ["llama2", "gpt2", "bert", "xlmr", "words"]) func survivesDamage(_ name: String) throws {
    let whole = try CompiledTokenizer(path: TokenizerFixture.path(name + ".tokenizer.json"))
    var random = SplitMix64(state: 3)
    func damage(_ numbers: inout [Int32]) {
      let at = Int.random(in: 0..<numbers.count, using: &random)
      numbers[at] =
        numbers[Int.random(in: 0..<numbers.count, using: &random)] &+ Int32.random(in: -1...1, using: &random)
    }
    var refused = 0
    for round in 0..<120 {
      var compiled = whole
      switch round % 4 {
      case 0: damage(&compiled.tables.ends)
      case 1: damage(&compiled.tables.ids)
      case 2 where compiled.tables.merges != nil: damage(&compiled.tables.merges!)
      case 2 where compiled.tables.scores != nil:
        let at = Int.random(in: 0..<compiled.tables.scores!.count, using: &random)
        compiled.tables.scores![at] = [-1e300, 1e300, .nan, 0, .infinity][at % 5]
      default:
        let at = Int.random(in: 0..<compiled.tables.text.count, using: &random)
        compiled.tables.text[at] = UInt8.random(in: 0x20..<0x7F, using: &random)
      }
      do {
        let tokenizer = try Tokenizer(compiled, path: "x.plan")
        _ = tokenizer.decode(try tokenizer.encode("the <s> engine 漢 1234\n"))
        _ = tokenizer.decode(0..<tokenizer.vocabSize)
      } catch {
        refused += 1
      }
    }
    #expect(refused > 20 && refused < 120)
  }
}
