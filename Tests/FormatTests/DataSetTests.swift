import ActFormats
import Testing
import Workbench

@Suite struct DataSetTests {
  @Test func readsLines() throws {
    let directory = try TemporaryDirectory()
    let text = "\u{FEFF}first\r\n\n  \t\n  second, 猫 \n" + String(repeating: "x", count: 200_000) + "\nlast"
    let set = try DataSet(reading: try directory.write(text, to: "a.txt"))
    #expect(set.samples == ["first", "  second, 猫 ", String(repeating: "x", count: 200_000), "last"])
    #expect(set.sha256 == SHA256.hex(of: Array(text.utf8)))
  }

  @Test func readsRecords() throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write("{\"text\":\"a\\nb\",\"label\":1}\r\n\n{\"text\":\"c\"}\n", to: "a.jsonl")
    #expect(try DataSet(reading: path).samples == ["a\nb", "c"])
    #expect(try DataSet(reading: path, format: .lines).samples.count == 2)
  }

  @Test(arguments: [
    ("a.txt", Array("good\n".utf8) + [0xFF], "line 2: is not UTF-8"),
    ("a.txt", Array("\n \n".utf8), "holds no samples"),
    ("a.txt", [], "holds no samples"),
    ("a.txt", Array("x\n".utf8) + [UInt8](repeating: 0x78, count: 1_100_000), "line 2: longer than"),
    ("a.jsonl", Array("{\"text\":\"a\"}\n{\"text\":3}\n".utf8), "line 2: expected an object with `text`"),
    ("a.jsonl", Array("{\"text\":\"a\"}\n\n{\"text\":\n".utf8), "line 3: byte"),
    ("a.jsonl", Array("{\"text\":\"\"}\n".utf8), "line 1: expected an object with `text`"),
  ])
  func rejects(name: String, contents: [UInt8], problem: String) throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write(contents, to: name)
    let error = #expect(throws: FileError.self) { try DataSet(reading: path) }
    #expect(error?.description.contains(problem) == true, "\(String(describing: error))")
  }

  @Test func rejectsWhatIsNoFile() throws {
    let directory = try TemporaryDirectory()
    #expect(throws: FileError.self) { try DataSet(reading: directory.path) }
    #expect(throws: FileError.self) { try DataSet(reading: directory.file("absent")) }
  }
}
