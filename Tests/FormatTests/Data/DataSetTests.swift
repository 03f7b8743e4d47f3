import ActFormats
import Testing
import Workbench

@Suite struct DataSetTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func set(
    _ text: String, _ name: String, _ fields: SampleFields = SampleFields(), filters: [String] = [],
    _ edit: (inout DataOptions) -> Void = { _ in }
  ) throws -> DataSet {
    var options = DataOptions()
    options.filters = try filters.map { try RecordFilter($0) }
    edit(&options)
    return try DataSet(reading: [try directory.write(text, to: name)], fields, options)
  }

  @Test func readsLines() throws {
    let text = "\u{FEFF}first\r\n\n  \t\n  second, 猫 \n" + String(repeating: "x", count: 200_000) + "\nlast"
    let set = try set(text, "a.txt")
    #expect(set.texts == ["first", "  second, 猫 ", String(repeating: "x", count: 200_000), "last"])
    #expect(set.samples.map(\.line) == [1, 4, 5, 6])
    #expect(set.sha256 == SHA256.hex(of: Array(text.utf8)))
  }

  @Test func readsRecords() throws {
    let path = try directory.write("{\"text\":\"a\\nb\",\"label\":1}\r\n\n{\"text\":\"c\"}\n", to: "a.jsonl")
    #expect(try DataSet(reading: path).texts == ["a\nb", "c"])
    #expect(try DataSet(reading: path, format: .lines).samples.count == 2)
  }

  @Test(arguments: ["a.ndjson", "a.JSONL", "b.x.Ndjson"])
  func otherNamesOfRecords(name: String) throws {
    #expect(try set("{\"text\":\"a\"}\n{\"text\":\"b\"}", name).texts == ["a", "b"])
  }

  @Test func readsArrays() throws {
    let text = """
      \u{FEFF} [ {"text": "a, ]}", "n": [1, {"x": "\\\\\\"]"}]},

        {"text":"b"}
      ,{"text":"\(String(repeating: "x", count: 200_000))"}]

      """
    let set = try set(text, "a.json")
    #expect(set.texts == ["a, ]}", "b", String(repeating: "x", count: 200_000)])
    #expect(set.samples.map(\.line) == [1, 3, 4])
    #expect(set.sha256 == SHA256.hex(of: Array(text.utf8)))
    #expect(try self.set("[{\"q\":\"a\"}]", "a.json", SampleFields(text: "q")).texts == ["a"])
  }

  @Test(arguments: [
    (
      "{\"text\":\"a\"}\n",
      "line 1: expected an array of records, `[`; is it a record a line? then name it .jsonl"
    ),
    ("[", "line 1: expected the end of an array"), ("[{\"text\":\"a\"}", "expected the end of an array"),
    ("[{\"text\":\"a\"},]", "line 1: expected a record, found `]`"), ("[,]", "expected a record, found `,`"),
    ("[{\"text\":\"a\"}\n{\"text\":\"b\"}]", "line 2: expected `,` or `]` after a record"),
    ("[{\"text\":\"a\"}] x", "expected the end of the file after the array"),
    ("[{\"text\":\"a\"}][", "expected the end of the file after the array"),
    ("[1]", "line 1: expected an object"), ("[[]]", "line 1: expected an object"),
    ("[\"a\"]", "expected an object"),
    ("[{\"text\":\"a\"},\n{\"text\":}]", "line 2: byte"), ("[{\"text\":\"a]", "expected the end of an array"),
    ("[]", "holds no samples"), ("[}]", "line 1: byte"), ("", "expected the end of an array"),
    ("[{\"text\":\"\(String(repeating: "x", count: 1 << 20))\"}]", "longer than 1048576 bytes"),
  ])
  func badArrays(text: String, problem: String) throws {
    let error = #expect(throws: FileError.self) { try set(text, "a.json") }
    #expect(error?.description.contains(problem) == true, "\(String(describing: error))")
  }

  @Test(arguments: ["a.parquet", "a.xlsx", "a.txt.gz", "a.md", "a.json5", "a.PARQUET"])
  func unknownEndingsAreRefused(name: String) throws {
    let error = #expect(throws: FileError.self) { try set("a\nb\n", name) }
    #expect(error?.isUnsupported == true && error?.next?.contains("name it .txt") == true)
    // A format that is given is taken at its word.
    let path = try directory.write("a\nb\n", to: name)
    #expect(try DataSet(reading: path, format: .lines).texts == ["a", "b"])
  }

  @Test(arguments: ["a", "a.txt", "A.TXT", ".hidden", "a.", "words.list/../a"])
  func namesOfLines(name: String) throws {
    #expect(try DataFormat(ofName: "x.d/" + name) == .lines)
  }

  @Test func anArrayInLinesSaysSo() throws {
    let error = #expect(throws: FileError.self) { try set("[{\"text\":\"a\"}]", "a.jsonl") }
    #expect(error?.next?.contains(".json") == true, "\(String(describing: error))")
  }

  @Test func readsChosenFields() throws {
    let records = #"{"prompt":{"text":"a","toxicity":0.1},"prompt.x":"dotted","id":"7"}"#
    #expect(try set(records, "a.jsonl", SampleFields(text: "prompt.text")).texts == ["a"])
    #expect(try set(records, "a.jsonl", SampleFields(text: "prompt.x")).texts == ["dotted"])
    let rows = "id,Best Answer,text\r\n1,\"so, \"\"it\"\"\nis\",x\n"
    #expect(try set(rows, "a.csv", SampleFields(text: "Best Answer")).texts == ["so, \"it\"\nis"])
    #expect(try set(rows, "a.csv").texts == ["x"])
    #expect(try set("p\tq\n", "a.tsv", SampleFields(text: "2")) { $0.hasHeader = false }.texts == ["q"])
  }

  @Test func promptsAreContext() throws {
    let records = """
      {"prompt":"Who?","response":"Me"}
      {"prompt":"Who? ","response":"Me"}
      {"prompt":"Who?","response":"\\nMe"}
      {"text":"alone","response":"x"}
      """
    let samples = try set(records, "a.jsonl").samples
    #expect(samples.map(\.text) == ["Who? Me", "Who? Me", "Who?\nMe", "alone"])
    #expect(samples.map(\.context) == ["Who?", "Who? ", "Who?", ""])
    let chosen = try set("q,a\nWho,I\n", "a.csv", SampleFields(text: "a", prompt: "q")).samples
    #expect(chosen.map(\.text) == ["Who I"])
    #expect(chosen.map(\.context) == ["Who"])
  }

  @Test func severalFilesAreOneSet() throws {
    let first = try directory.write("a\nb\n", to: "a.txt")
    let second = try directory.write("{\"text\":\"c\"}\n", to: "b.jsonl")
    let both = try DataSet(reading: [first, second])
    #expect(both.texts == ["a", "b", "c"])
    #expect(both.samples.map(\.path) == [first, first, second])
    let hashes = try [first, second].map { try DataSet(reading: $0).sha256 + "\n" }.joined()
    #expect(both.sha256 == SHA256.hex(of: Array(hashes.utf8)))
  }

  @Test func filters() throws {
    let records = (0..<10).map {
      "{\"text\":\"\($0)\",\"score\":\(Double($0) / 10),\"label\":\"l\($0 % 2)\"}\n"
    }
    let text = records.joined()
    #expect(try set(text, "a.jsonl", filters: ["score>=0.75"]).texts == ["8", "9"])
    #expect(try set(text, "a.jsonl", filters: ["score<0.5", "label==l1"]).texts == ["1", "3"])
    #expect(try set("a,text\n1,x\n2,y\n,z\n", "a.csv", filters: ["a>1"]).texts == ["y"])
    #expect(try set("a b\nb\n", "a.txt", filters: ["text != b"]).texts == ["a b"])
  }

  @Test func shufflingIsSeeded() throws {
    let text = (0..<100).map { "\($0)\n" }.joined()
    let plain = try set(text, "a.txt").texts
    let shuffled = try set(text, "a.txt") { $0.seed = 3 }.texts
    #expect(shuffled != plain)
    #expect(Set(shuffled) == Set(plain))
    #expect(try set(text, "a.txt") { $0.seed = 3 }.texts == shuffled)
    #expect(try set(text, "a.txt") { $0.seed = 4 }.texts != shuffled)
    #expect(try set(text, "a.txt") { ($0.seed, $0.limit) = (3, 7) }.texts == Array(shuffled.prefix(7)))
    #expect(try set(text, "a.txt") { $0.limit = 7 }.texts == Array(plain.prefix(7)))
    #expect(try set(text, "a.txt") { $0.limit = 1000 }.texts == plain)
  }

  /// Where each of three samples lands, over many seeds: each order comes up about equally often.
  @Test func shufflingIsEven() throws {
    var counts: [[String]: Int] = [:]
    for seed in 0..<600 {
      counts[try set("a\nb\nc\n", "a.txt") { $0.seed = UInt64(seed) }.texts, default: 0] += 1
    }
    #expect(counts.count == 6)
    // 100 each; six deviations of √(600 · 1/6 · 5/6).
    for (order, count) in counts { #expect(abs(count - 100) < 55, "\(order)") }
  }

  @Test func pairsStayTogether() throws {
    let lines = try directory.write((0..<50).map { "s\($0)\tt\($0)\n" }.joined(), to: "a.txt")
    var options = DataOptions()
    options.seed = 5
    options.limit = 20
    let pairs = try PairedDataSet(reading: [lines], options)
    #expect(pairs.source.samples.count == 20)
    #expect(pairs.source.texts.map { "t" + $0.dropFirst() } == pairs.target.texts)
    #expect(pairs.source.texts != (0..<20).map { "s\($0)" })

    let records = try directory.write(#"{"source":"a","target":"b"}"#, to: "a.jsonl")
    #expect(try PairedDataSet(reading: [records]).target.texts == ["b"])
    let rows = try directory.write("toxic\tneutral\nx\ty\n", to: "a.tsv")
    let chosen = try PairedDataSet(
      reading: [rows], source: SampleFields(text: "toxic"), target: SampleFields(text: "neutral"))
    #expect(chosen.source.texts == ["x"] && chosen.target.texts == ["y"])
    let error = #expect(throws: FileError.self) { try PairedDataSet(reading: [rows]) }
    #expect(error?.description.contains("line 2: no field `source`, found `toxic`, `neutral`") == true)
  }

  @Test(arguments: [
    ("a.txt", Array("good\n".utf8) + [0xFF], "line 2: is not UTF-8"),
    ("a.txt", Array("\n \n".utf8), "holds no samples"),
    ("a.txt", [], "holds no samples"),
    ("a.txt", Array("x\n".utf8) + [UInt8](repeating: 0x78, count: 1_100_000), "line 2: longer than"),
    ("a.jsonl", Array("{\"text\":\"a\"}\n{\"text\":3}\n".utf8), "line 2: expected a text that is not empty"),
    ("a.jsonl", Array("{\"text\":\"a\"}\n\n{\"text\":\n".utf8), "line 3: byte"),
    ("a.jsonl", Array("{\"text\":\"\"}\n".utf8), "line 1: expected a text that is not empty in `text`"),
    ("a.jsonl", Array("[1]\n".utf8), "line 1: expected an object"),
    (
      "a.jsonl", Array("{\"txt\":\"a\"}\n".utf8),
      "line 1: expected `text`, or `prompt` and `response`, found `txt`"
    ),
    ("a.jsonl", Array("{}\n".utf8), "found no fields"),
    ("a.csv", Array("text,b\nx,y\nx\n".utf8), "line 3: expected 2 fields, found 1"),
    ("a.csv", Array("text,text\n".utf8), "line 1: two columns named `text`"),
    ("a.csv", Array("text\n".utf8), "holds no samples"),
    ("a.csv", Array("text\n\n\"a\nb".utf8), "line 3: a quoted field that does not end"),
    ("a.csv", Array("text\n\"a\"b\n".utf8), "line 2: text after the end of a quoted field"),
    ("a.csv", Array("text\na\rb\n".utf8), "line 2: a carriage return inside a field"),
    ("a.csv", Array("text\n\"\"\n".utf8), "line 2: expected a text that is not empty"),
    ("a.csv", Array("text\n".utf8) + [0xFF, 0x0A], "line 2: is not UTF-8"),
    ("a.csv", Array("text\n\"".utf8) + [UInt8](repeating: 0x0A, count: 1_100_000), "line 2: longer than"),
    ("a.csv", [UInt8](repeating: 0x2C, count: 2000), "line 1: more than 1024 fields"),
  ])
  func rejects(name: String, contents: [UInt8], problem: String) throws {
    let path = try directory.write(contents, to: name)
    let error = #expect(throws: FileError.self) { try DataSet(reading: path) }
    #expect(error?.description.contains(problem) == true, "\(String(describing: error))")
  }

  @Test func rejectsFiltersThatSayNothing() throws {
    for (filters, problem) in [
      (["score>1"], "no record has the field `score`"), (["text==b"], "no record meets the filters"),
      (["text>1"], "line 1: expected a number in `text`, for the filter `text>1`"),
    ] {
      let error = #expect(throws: FileError.self) { try set("a\n", "a.txt", filters: filters) }
      #expect(error?.description.contains(problem) == true, "\(String(describing: error))")
    }
  }

  @Test func rejectsWhatIsNoFile() throws {
    #expect(throws: FileError.self) { try DataSet(reading: directory.path) }
    #expect(throws: FileError.self) { try DataSet(reading: directory.file("absent")) }
  }
}
