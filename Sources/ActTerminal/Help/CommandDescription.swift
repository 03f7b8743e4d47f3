import ActFormats
import ArgumentParser

/// A command as its parser declares it: what it does, its arguments and its subcommands.
///
/// Read from what `--experimental-dump-help` prints. Arguments that help hides are left out, and so is the parser's
/// own `help` command.
package struct CommandDescription: Hashable, Sendable {
  package struct Argument: Hashable, Sendable {
    package enum Kind: String, Sendable {
      case positional, option, flag
    }

    package var kind: Kind
    /// As they are written on a command line, short ones first: `-o`, `--output`. Empty for positional arguments.
    package var names: [String]
    package var valueName: String
    package var isOptional: Bool
    package var isRepeating: Bool
    /// Whether an option takes all values up to the next option.
    package var takesList: Bool
    /// The heading that it stands under in help, if it has one of its own.
    package var section: String?
    package var summary: String
    package var defaultValue: String?
    /// All values that it may have; empty where they are not few.
    package var values: [String]
    /// How a shell completes its values: `file`, `directory`, `list`, …; nil where it does not.
    package var completion: String?
    /// The endings of files that a shell completes; empty where they do not matter.
    package var extensions: [String]
  }

  /// The words that call it: `actc fit`.
  package var path: [String]
  package var summary: String
  package var discussion: HelpText
  package var arguments: [Argument]
  package var subcommands: [CommandDescription]

  /// Itself and all commands below it.
  package var all: [CommandDescription] { [self] + subcommands.flatMap(\.all) }
}

extension CommandDescription {
  /// The description of a tool by its root command.
  package init(_ tool: (some ParsableCommand).Type) throws { try self.init(parsing: tool._dumpHelp()) }

  /// Reads the output of `--experimental-dump-help`.
  package init(parsing text: String) throws {
    let json = try JSON(parsing: text)
    guard let command = json["command"], json["serializationVersion"]?.int == 0 else {
      throw FileError("the description of the command line", nil, "expected version 0")
    }
    self.init(command, below: [])
  }

  private init(_ json: JSON, below parents: [String]) {
    let path = parents + [json["commandName"]?.string ?? ""]
    self.path = path
    summary = json["abstract"]?.string ?? ""
    discussion = HelpText(json["discussion"]?.string ?? "")
    arguments = (json["arguments"]?.array ?? []).compactMap(Argument.init)
    subcommands = (json["subcommands"]?.array ?? [])
      .filter { $0["shouldDisplay"]?.bool != false && $0["commandName"]?.string != "help" }
      .map { CommandDescription($0, below: path) }
  }
}

extension CommandDescription.Argument {
  fileprivate init?(_ json: JSON) {
    guard json["shouldDisplay"]?.bool == true, let kind = json["kind"]?.string.flatMap(Kind.init) else {
      return nil
    }
    self.kind = kind
    names = (json["names"]?.array ?? [])
      .map { ($0["kind"]?.string == "long" ? "--" : "-") + ($0["name"]?.string ?? "") }
      .sorted { $0.count < $1.count }
    valueName = json["valueName"]?.string ?? ""
    isOptional = json["isOptional"]?.bool ?? false
    isRepeating = json["isRepeating"]?.bool ?? false
    takesList = json["parsingStrategy"]?.string == "upToNextOption"
    section = json["sectionTitle"]?.string
    summary = json["abstract"]?.string ?? ""
    defaultValue = json["defaultValue"]?.string
    values = (json["allValues"]?.array ?? []).compactMap(\.string)
    let completions = json["completionKind"]?.members?.first
    completion = completions?.key
    extensions = (completions?.value["extensions"]?.array ?? []).compactMap(\.string)
  }
}
