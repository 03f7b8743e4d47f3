/// The discussion of a command's help.
///
/// A line of its own is a paragraph, which is wrapped where it is shown; indented lines, such as examples, stand as
/// they are.
package struct HelpText: Hashable, Sendable {
  package enum Block: Hashable, Sendable {
    case paragraph(String)
    case verbatim([String])
  }

  package let text: String

  package init(_ text: String) { self.text = text }

  package var blocks: [Block] {
    var blocks: [Block] = []
    var isNew = true
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      let content = line.drop { $0 == " " }
      let isVerbatim = content.count < line.count
      switch (isVerbatim, isNew ? nil : blocks.last) {
      case _ where content.isEmpty: break
      case (true, .verbatim(let lines)):
        blocks[blocks.count - 1] = .verbatim(lines + [String(line.dropFirst(2))])
      case (true, _): blocks.append(.verbatim([String(line.dropFirst(2))]))
      case (false, .paragraph(let start)): blocks[blocks.count - 1] = .paragraph(start + " " + content)
      case (false, _): blocks.append(.paragraph(String(content)))
      }
      isNew = content.isEmpty
    }
    return blocks
  }

  /// The command lines among the verbatim lines that begin with a word of `tools`, continued lines joined.
  package func commandLines(of tools: [String]) -> [String] {
    blocks.flatMap { block -> [String] in
      guard case .verbatim(let lines) = block else { return [] }
      return lines.joined(separator: "\n").replacing("\\\n", with: "")
        .split(separator: "\n").map(String.init)
    }
    .filter { line in tools.contains { line.hasPrefix($0 + " ") } }
  }
}
