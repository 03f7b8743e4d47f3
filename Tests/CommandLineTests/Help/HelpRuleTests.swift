import ActTerminal
import Testing
import Workbench

/// What holds for the help of every command.
@Suite struct HelpRuleTests {
  @Test(arguments: CommandTree.commands) func fitsEightyColumns(_ command: Command) throws {
    for line in try command.help().split(separator: "\n") where line.count > 80 {
      Issue.record("\(line.count) columns: \(line)")
    }
  }

  /// A paragraph is one line: the parser wraps it to the terminal.
  @Test(arguments: CommandTree.commands) func paragraphsAreNotBroken(_ command: Command) {
    let lines = command.description.discussion.text.split(separator: "\n", omittingEmptySubsequences: false)
    for (line, next) in zip(lines, lines.dropFirst()) {
      let isBroken = [line, next].allSatisfy { !$0.isEmpty && !$0.hasPrefix(" ") }
      #expect(!isBroken, "a paragraph is broken after: \(line)")
    }
  }

  @Test(arguments: CommandTree.commands) func everythingIsExplained(_ command: Command) {
    expectSentence(command.description.summary, command.name)
    for argument in command.description.arguments where !isTheParsers(argument) {
      let name = argument.names.last ?? "<\(argument.valueName)>"
      expectSentence(argument.summary, name)
      // Help is read one entry at a time.
      let words = argument.summary.lowercased()
      for reference in ["the same for", "both of these", "as above", "see above", "see below", "ditto"] {
        #expect(!words.contains(reference), "\(name) does not make sense alone: \(argument.summary)")
      }
    }
  }

  /// A shell completes what names a file, and a value that is one of a few words.
  @Test(arguments: CommandTree.commands) func valuesAreCompleted(_ command: Command) throws {
    let help = try command.help()
    for argument in command.description.arguments where argument.kind != .flag {
      let name = argument.names.last ?? "<\(argument.valueName)>"
      if isPath(argument) {
        #expect(argument.completion != nil, "\(name) names a file: \(argument.summary)")
      }
      if let value = argument.defaultValue, value.first?.isLetter == true, value.allSatisfy(isOfWord) {
        #expect(argument.completion != nil, "\(name) takes words, as in \(value)")
      }
      if !argument.values.isEmpty {
        #expect(argument.values.allSatisfy(help.contains), "\(name): \(argument.values)")
      }
      if argument.names.contains("-o") {
        #expect(argument.values.isEmpty, "-o is a path")
        #expect(["file", "directory"].contains(argument.completion ?? ""), "-o is a path")
      }
    }
  }

  /// Each command shows itself at work, and what it shows is right: without the files, it is they that are missing.
  @Test(arguments: CommandTree.commands.filter { $0.description.subcommands.isEmpty })
  func examplesAreRight(_ command: Command) throws {
    let tools = CommandTree.tools.map(\.name)
    let lines = command.description.discussion.commandLines(of: tools)
    let takesValues = command.description.arguments.contains { $0.kind != .flag }
    #expect(!takesValues || lines.contains { $0.hasPrefix(command.name + " ") }, "no example")

    let directory = try TemporaryDirectory()
    // The examples' model, of which some commands ask only whether it is a directory or a file.
    _ = try directory.makeDirectory("SmolLM2")
    for line in lines {
      // Functions stand for the tools and write down how each ended.
      let functions = CommandTree.tools.map { root in
        "\(root.name)() { '\(root.tool.path)' \"$@\"; echo \"$? \(root.name) $*\" >>codes; }"
      }
      let script = try directory.write((functions + [line, ""]).joined(separator: "\n"), to: "script")
      let shell = try Child(
        "/bin/sh", ["-c", "cd '\(directory.path)' && : >codes && . '\(script)'"], input: "/dev/null",
        output: nil, environment: [:])
      let outcome = try shell.wait(.seconds(20))
      let codes = String(decoding: try directory.read("codes"), as: UTF8.self).split(separator: "\n")
      #expect(!codes.isEmpty, "nothing ran: \(line)")
      for code in codes {
        #expect(code.hasPrefix("0 ") || code.hasPrefix("3 "), "\(code)\n\(outcome.error)")
      }
    }
  }

  private func expectSentence(_ text: String, _ name: String) {
    // A default that depends on other options stands in the text.
    let sentence = text.replacing(#/ \(default: [^)]*\)$/#, with: "")
    #expect(sentence.hasSuffix("."), "\(name): expected a sentence, found `\(text)`")
    #expect(text.first?.isLowercase == false, "\(name): expected a sentence, found `\(text)`")
  }

  private func isTheParsers(_ argument: CommandDescription.Argument) -> Bool {
    [["--version"], ["-h", "--help"]].contains(argument.names)
  }

  private func isPath(_ argument: CommandDescription.Argument) -> Bool {
    // NAME=FILE is not completed: a shell takes all of it for a path.
    guard !argument.valueName.contains("=") else { return false }
    return ["file", "directory", "path", "output", "plan", "model"].contains(argument.valueName)
      || argument.summary.contains(/(?i)\b(files?|director(y|ies))\b/)
  }

  private func isOfWord(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || character == "-"
  }
}
