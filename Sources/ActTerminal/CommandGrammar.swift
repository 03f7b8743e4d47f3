import ActErrors
import ArgumentParser
import Glibc

/// What the arguments of a command may be, by the tool's own description of itself.
///
/// The parser reports the first thing that goes wrong, and a misspelt option makes much go wrong before it: what it
/// should have set is missing. Of a line that does not parse, this tells the cause.
struct CommandGrammar {
  /// The tool and its subcommand, as in `actc fit`.
  let command: String
  /// What is wrong with the subcommand's name; nil where the tool has it.
  let unknownCommand: String?
  private let arguments: [CommandDescription.Argument]

  /// The grammar of the command that the first of `line` names, or of the tool itself.
  init?(_ tool: (some ParsableCommand).Type, _ line: [String]) {
    guard let root = try? CommandDescription(tool) else { return nil }
    let chosen = root.subcommands.first { $0.path.last == line.first }
    unknownCommand = line.first.flatMap { word in
      guard chosen == nil, !root.subcommands.isEmpty, !Self.isOption(word) else { return nil }
      return Self.unknown("command", word, among: root.subcommands.compactMap(\.path.last))
    }
    command = (chosen ?? root).path.joined(separator: " ")
    arguments = (chosen ?? root).arguments
  }

  /// What is wrong with an option that the command does not have; nil where it has all.
  func unknownOption(in line: [String]) -> String? {
    read(line).unknown.map { Self.unknown("option", $0, among: arguments.flatMap(\.names)) }
  }

  private static func unknown(_ kind: String, _ name: String, among known: [String]) -> String {
    let closest = name.closest(among: known).map { ", closest to `\($0)`" }
    return "unknown \(kind) `\(name)`\(closest ?? "")"
  }

  /// The line with the one positional argument that is missing taken back from an option that takes a list.
  ///
  /// In `--sites '*_proj' MODEL -o X` the list takes the model's directory as well. It is the argument that is missing
  /// where it is the last value of a list, and exists.
  func line(reclaimingPositionalOf line: [String]) -> [String]? {
    let found = read(line)
    guard found.positionals == 0, let missing = soleRequiredPositional else { return nil }
    let candidates = found.listEnds.filter { exists(line[$0], as: missing) }
    guard let index = candidates.first, candidates.count == 1 else { return nil }
    var line = line
    let value = line.remove(at: index)
    line.insert(value, at: 1)
    return line
  }

  /// What is wrong where a list may have taken a positional argument; nil where none can have.
  func swallowedPositional(in line: [String]) -> String? {
    let found = read(line)
    guard found.positionals == 0, let last = found.listEnds.last, let missing = soleRequiredPositional,
      let option = line[..<last].last(where: { $0.hasPrefix("-") })
    else { return nil }
    let name = missing.valueName
    return "expected <\(name)>; `\(option)` takes all values up to the next option: put <\(name)> before it"
  }

  private var soleRequiredPositional: CommandDescription.Argument? {
    let required = arguments.filter { $0.kind == .positional && !$0.isOptional }
    guard required.count == 1, !required[0].isRepeating else { return nil }
    return required[0]
  }

  /// Whether there is a directory of that name, or a file of the kind that the argument is.
  private func exists(_ path: String, as argument: CommandDescription.Argument) -> Bool {
    var status = stat()
    guard stat(path, &status) == 0 else { return false }
    return status.st_mode & S_IFMT == S_IFDIR || argument.extensions.contains { path.hasSuffix(".\($0)") }
  }

  /// What a line holds: its first unknown option, how many positional arguments, and where the last values of those
  /// lists are that hold several.
  private func read(_ line: [String]) -> (unknown: String?, positionals: Int, listEnds: [Int]) {
    var positionals = 0
    var listEnds: [Int] = []
    var index = command.contains(" ") ? 1 : 0
    while index < line.count {
      let word = line[index]
      index += 1
      if word == "--" {
        positionals += line.count - index
        break
      }
      guard Self.isOption(word) else {
        positionals += 1
        continue
      }
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let option = argument(named: String(parts[0])) else {
        // Short flags may stand together, as in -xyz.
        if !word.hasPrefix("--"), word.dropFirst().allSatisfy({ argument(named: "-\($0)") != nil }) {
          continue
        }
        return (String(parts[0]), positionals, listEnds)
      }
      guard option.kind == .option else { continue }
      let isList = option.takesList
      let start = index
      if parts.count == 1 || isList {
        while index < line.count, !Self.isOption(line[index]), line[index] != "--", isList || index == start {
          index += 1
        }
      }
      if isList, index - start > (parts.count == 1 ? 1 : 0) { listEnds.append(index - 1) }
    }
    return (nil, positionals, listEnds)
  }

  /// Whether a word is the name of an option: neither `-`, which is a file, nor a negative number.
  private static func isOption(_ word: String) -> Bool {
    word.hasPrefix("-") && word.count > 1 && word != "--" && Double(word) == nil
  }

  private func argument(named name: String) -> CommandDescription.Argument? {
    arguments.first { $0.names.contains(name) }
  }
}
