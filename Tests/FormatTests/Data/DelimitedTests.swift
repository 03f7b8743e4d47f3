import ActFormats
import Testing
import Workbench

/// Rows of random fields, written as RFC 4180 asks, and files that chance has spoilt.
@Suite struct DelimitedTests {
  private static let pieces = [
    "a", "word", ",", "\t", "\"", "\"\"", "\n", "\r\n", "\r", " ", "猫", "e\u{301}", "\u{FEFF}", "\0",
  ]

  private func randomField(_ random: inout SplitMix64) -> String {
    (0..<Int.random(in: 0...6, using: &random)).map { _ in Self.pieces.randomElement(using: &random)! }
      .joined()
  }

  private func quoted(_ field: String, _ delimiter: String, _ random: inout SplitMix64) -> String {
    let needsQuotes = field.unicodeScalars.contains { "\"\r\n".unicodeScalars.contains($0) }
    guard needsQuotes || field.contains(delimiter) || Bool.random(using: &random) else { return field }
    let doubled = field.unicodeScalars.map { $0 == "\"" ? "\"\"" : String($0) }.joined()
    return "\"\(doubled)\""
  }

  @Test(arguments: [("a.csv", ","), ("a.tsv", "\t")])
  func roundTrips(name: String, delimiter: String) throws {
    var random = SplitMix64(state: 11)
    let directory = try TemporaryDirectory()
    for _ in 0..<300 {
      let columns = Int.random(in: 1...5, using: &random)
      let rows = (0..<Int.random(in: 1...8, using: &random)).map { row in
        (0..<columns).map { $0 == 0 ? "r\(row)" + randomField(&random) : randomField(&random) }
      }
      let end = ["\n", "\r\n"].randomElement(using: &random)!
      var text = ([(0..<columns).map { "c\($0)" }] + rows).map { row in
        row.map { quoted($0, delimiter, &random) }.joined(separator: delimiter) + end
      }.joined()
      if Bool.random(using: &random) { text.removeLast() }
      let path = try directory.write(text, to: name)
      for column in 0..<columns where rows.allSatisfy({ !$0[column].isEmpty }) {
        let set = try DataSet(reading: [path], SampleFields(text: "c\(column)"))
        #expect(set.texts.map { Array($0.utf8) } == rows.map { Array($0[column].utf8) })
      }
    }
  }

  /// Whatever the bytes are, a file is read or refused with a line that names it.
  @Test(arguments: ["a.txt", "a.jsonl", "a.csv", "a.tsv"])
  func spoiltFiles(name: String) throws {
    var random = SplitMix64(state: 5)
    let directory = try TemporaryDirectory()
    let whole = [
      "a.txt": "one\ntwo\r\nthree\n", "a.jsonl": "{\"text\":\"a\",\"b\":{\"c\":[1,2]}}\n{\"text\":\"é\"}\n",
      "a.csv": "text,b\n\"x, \"\"y\"\"\n\",2\r\nz,3\n", "a.tsv": "text\tb\nx\t\"2\"\n",
    ][name]!
    var outcomes: [Bool: Int] = [:]
    for _ in 0..<2000 {
      var bytes = Array(whole.utf8)
      for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
        let at = bytes.indices.randomElement(using: &random)!
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: at)
        case 2: bytes.insert(Array("\",\r\n\t{}\\".utf8).randomElement(using: &random)!, at: at)
        default: bytes.removeSubrange(at...)
        }
      }
      let path = try directory.write(bytes, to: name)
      do {
        let set = try DataSet(reading: path)
        #expect(!set.samples.isEmpty)
        #expect(set.texts.allSatisfy { !$0.isEmpty })
        outcomes[true, default: 0] += 1
      } catch {
        #expect(error.path == path)
        outcomes[false, default: 0] += 1
      }
    }
    #expect(outcomes[true, default: 0] > 0 && outcomes[false, default: 0] > 0, "\(outcomes)")
  }
}
