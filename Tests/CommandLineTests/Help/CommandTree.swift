import ActTerminal
import Testing

/// A command of one of the tools, as the tool describes itself; a new one is found without a word here.
struct Command: Sendable, CustomTestStringConvertible {
  var tool: Tool
  var description: CommandDescription

  var name: String { description.path.joined(separator: " ") }
  var testDescription: String { name }

  /// What is printed for `actc fit --help` on a terminal of 80 columns.
  func help() throws -> String {
    let outcome = try tool.run(description.path.dropFirst() + ["--help"], environment: ["COLUMNS": "80"])
    try #require(outcome.code == 0 && outcome.error.isEmpty, "\(outcome.error)")
    return outcome.text
  }
}

enum CommandTree {
  /// The tools, the roots of the tree.
  static let tools: [Command] = [Tool.actc, .actrun].compactMap { tool in
    guard let text = try? tool.run("--experimental-dump-help").text,
      let description = try? CommandDescription(parsing: text)
    else { return nil }
    return Command(tool: tool, description: description)
  }

  static let commands = tools.flatMap { root in
    root.description.all.map { Command(tool: root.tool, description: $0) }
  }
}

@Suite struct CommandTreeTests {
  /// Every other test over the tree would pass if it were empty.
  @Test func isRead() {
    #expect(CommandTree.tools.map(\.name) == ["actc", "actrun"])
    #expect(CommandTree.commands.map(\.name).contains("actc fit"))
    #expect(CommandTree.commands.map(\.name).contains("actrun generate"))
    #expect(CommandTree.commands.allSatisfy { $0.name != "actc help" })
  }
}
