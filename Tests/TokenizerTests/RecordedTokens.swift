import ActFormats
import ActText
import Testing
import Workbench

/// Checks the tokens of the lines of a file `cases.json` against those that it has recorded under `name`.
func expectRecorded(_ name: String, in cases: String, from tokenizer: Tokenizer) throws {
  let cases = try JSON(readingFile: cases)
  let lines = try #require(cases["lines"]?.array).compactMap(\.string)
  let expected = try #require(cases[name]?.array).map { ($0.array ?? []).compactMap(\.int) }
  #expect(lines.count == expected.count && lines.count > 100)
  for (line, ids) in zip(lines, expected) {
    let found = try tokenizer.encode(line)
    #expect(found == ids, "\(line.prefix(80))")
  }
}
