import FoundationEssentials
import Testing

/// A page of `docs/`.
struct Document: Sendable, CustomTestStringConvertible {
  /// A fenced block of the language `graph`.
  struct Block: Sendable, CustomTestStringConvertible {
    var page: String
    var line: Int
    var text: String

    var testDescription: String { "\(page):\(line)" }
  }

  /// A row of the table of ops: ``| `mnemonic` … | … | `example` |``.
  struct OpRow: Sendable, CustomTestStringConvertible {
    var mnemonics: [String]
    var example: String

    var testDescription: String { mnemonics.joined(separator: " ") }
  }

  static let folder =
    #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 } + "/docs"

  static let all: [Document] = {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return files.filter { $0.hasSuffix(".md") }.sorted().map(Document.init)
  }()

  var name: String
  var text: String
  private var lines: [Substring]

  /// A page that cannot be read is empty, which its tests notice.
  init(_ name: String) {
    self.name = name
    text = (try? String(contentsOfFile: "\(Self.folder)/\(name)", encoding: .utf8)) ?? ""
    lines = text.split(separator: "\n", omittingEmptySubsequences: false)
  }

  var testDescription: String { name }

  var graphs: [Block] {
    var blocks: [Block] = []
    var open: Block?
    for (index, line) in lines.enumerated() {
      if line == "```graph" {
        open = Block(page: name, line: index + 1, text: "")
      } else if line == "```" {
        if let open { blocks.append(open) }
        open = nil
      } else {
        open?.text += line + "\n"
      }
    }
    return blocks
  }

  /// The first cells, in code spans, of the rows under the heading `| TITLE | …`.
  func names(inTableOf title: String) -> [String] {
    var names: [String] = []
    var inTable = false
    for line in lines {
      let cell = line.split(separator: "|").first.map { $0.split(separator: " ").joined(separator: " ") }
      if line.hasPrefix("| \(title) |") {
        inTable = true
      } else if !line.hasPrefix("|") {
        inTable = false
      } else if inTable, let cell, cell.hasPrefix("`"), cell.hasSuffix("`") {
        names.append(String(cell.dropFirst().dropLast()))
      }
    }
    return names
  }

  /// The rows under every heading `| op | … | example |`.
  var opRows: [OpRow] {
    var rows: [OpRow] = []
    var inTable = false
    for line in lines {
      let cells = line.split(separator: "|").map { $0.split(separator: " ").joined(separator: " ") }
      if cells.first == "op", cells.last == "example" {
        inTable = true
      } else if !line.hasPrefix("|") {
        inTable = false
      } else if inTable, cells[0].hasPrefix("`") {
        rows.append(
          OpRow(
            mnemonics: cells[0].split(separator: " ").map { String($0.dropFirst().dropLast()) },
            example: String(cells.last!.dropFirst().dropLast())))
      }
    }
    return rows
  }
}
