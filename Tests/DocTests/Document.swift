import FoundationEssentials
import Testing

/// A page of Markdown in this repository.
struct Document: Sendable, CustomTestStringConvertible {
  /// A fenced block.
  struct Block: Sendable, CustomTestStringConvertible {
    var page: String
    var line: Int
    var text: String

    var testDescription: String { "\(page):\(line)" }
  }

  /// A table: the cells of its head and of its rows, without white space around them.
  struct Table: Sendable {
    var head: [String]
    var rows: [[String]]
  }

  /// A row of the table of ops: ``| `mnemonic` … | … | `example` |``.
  struct OpRow: Sendable, CustomTestStringConvertible {
    var mnemonics: [String]
    var example: String

    var testDescription: String { mnemonics.joined(separator: " ") }
  }

  /// The pages of `docs/`.
  static let all = Repository.files(under: "docs", suffix: ".md").map(Document.init(path:))

  /// The path from the repository's root.
  let path: String
  let text: String
  let lines: [Substring]

  /// A page of `docs/`, by the name of its file.
  init(_ name: String) { self.init(path: "docs/\(name)") }

  /// A page that cannot be read is empty, which its tests notice.
  init(path: String) {
    self.path = path
    text = Repository.text(path) ?? ""
    lines = text.split(separator: "\n", omittingEmptySubsequences: false)
  }

  var testDescription: String { path }

  /// The lines outside fenced blocks, with their numbers.
  var prose: [(line: Int, text: Substring)] {
    var inFence = false
    var found: [(line: Int, text: Substring)] = []
    for (index, line) in lines.enumerated() {
      if line.hasPrefix("```") {
        inFence.toggle()
      } else if !inFence {
        found.append((index + 1, line))
      }
    }
    return found
  }

  var graphs: [Block] { blocks(of: "graph") }

  /// The fenced blocks of a language.
  func blocks(of language: String) -> [Block] {
    var blocks: [Block] = []
    var open: Block?
    for (index, line) in lines.enumerated() {
      if line == "```\(language)" {
        open = Block(page: path, line: index + 1, text: "")
      } else if line == "```" {
        if let open { blocks.append(open) }
        open = nil
      } else {
        open?.text += line + "\n"
      }
    }
    return blocks
  }

  var tables: [Table] {
    var tables: [Table] = []
    var isOpen = false
    for (_, line) in prose {
      guard line.hasPrefix("|") else {
        isOpen = false
        continue
      }
      let cells = line.dropFirst().split(separator: "|", omittingEmptySubsequences: false).dropLast()
        .map { $0.split(separator: " ").joined(separator: " ") }
      if !isOpen {
        tables.append(Table(head: cells, rows: []))
        isOpen = true
      } else if !cells.allSatisfy({ $0.allSatisfy { $0 == "-" } }) {
        tables[tables.count - 1].rows.append(cells)
      }
    }
    return tables
  }

  /// The rows of the table whose head begins with `head`, or none.
  func rows(of head: String...) -> [[String]] {
    tables.first { $0.head.starts(with: head) }?.rows ?? []
  }

  /// The names in code spans in the first column of the tables whose head begins with `title`.
  func names(inTableOf title: String) -> [String] {
    tables.filter { $0.head.first == title }.flatMap(\.rows).flatMap { codeSpans($0[0]) }
  }

  /// The rows under every heading `| op | … | example |`.
  var opRows: [OpRow] {
    tables.filter { $0.head.first == "op" && $0.head.last == "example" }.flatMap(\.rows).map { row in
      OpRow(mnemonics: codeSpans(row[0]), example: codeSpans(row[row.count - 1])[0])
    }
  }
}

/// The texts between single backquotes.
func codeSpans(_ text: some StringProtocol) -> [String] {
  let parts = text.split(separator: "`", omittingEmptySubsequences: false)
  return parts.indices.filter { $0 % 2 == 1 && $0 < parts.count - 1 }.map { String(parts[$0]) }
}
