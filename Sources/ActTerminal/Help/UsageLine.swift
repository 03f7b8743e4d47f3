import Glibc

/// A help message with its line `USAGE: …` wrapped to `columns`, which the parser leaves as long as it is.
///
/// It breaks between arguments, never between an option and its value.
package func wrappingUsage(_ message: String, to columns: Int) -> String {
  message.split(separator: "\n", omittingEmptySubsequences: false)
    .map { $0.hasPrefix("USAGE: ") && $0.count > columns ? wrapped($0, to: columns) : String($0) }
    .joined(separator: "\n")
}

private func wrapped(_ line: Substring, to columns: Int) -> String {
  let indent = String(repeating: " ", count: "USAGE: ".count)
  var lines = [""]
  for word in words(line) {
    let last = lines[lines.count - 1]
    if last.isEmpty || last.count + 1 + word.count <= columns {
      lines[lines.count - 1] += (last.isEmpty ? "" : " ") + word
    } else {
      lines.append(indent + word)
    }
  }
  return lines.joined(separator: "\n")
}

/// The parts of a usage line that stay together: `[--seed <seed>]`, `--output <output>`, `<model>`.
private func words(_ line: Substring) -> [String] {
  var words: [String] = []
  var isOption = false
  for piece in line.split(separator: " ") {
    let isOpen = words.last.map { $0.count { $0 == "[" } > $0.count { $0 == "]" } } ?? false
    let isValue = isOption && (piece.hasPrefix("<") || piece.hasPrefix("[<"))
    if isOpen || isValue || piece == "..." {
      words[words.count - 1] += " " + piece
    } else {
      words.append(String(piece))
    }
    isOption = piece.hasPrefix("-") || piece.hasPrefix("[-")
  }
  return words
}

/// The width for help: COLUMNS, the terminal's, or 80, as the parser chooses it.
var helpColumns: Int {
  if let columns = getenv("COLUMNS").flatMap({ Int(String(cString: $0)) }) { return columns }
  var size = winsize()
  guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
  return Int(size.ws_col)
}
