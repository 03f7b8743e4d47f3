import ActErrors
import ArgumentParser

/// The manual page of a tool with all its commands, in the `man` macros of roff and ASCII alone.
package struct ManualPage {
  package private(set) var text: String
  /// Whether a heading was the last thing written, after which a paragraph begins by itself.
  private var isAfterHeading = false

  package init(_ tool: CommandDescription, version: String) {
    let name = tool.path.joined(separator: " ")
    text = ".TH \(quoted(name.uppercased())) 1 \"\" \(quoted("\(name) \(version)"))\n.nh\n.ad l\n"
    section("Name")
    line("\(roff(name)) \\- \(roff(sentence(tool.summary)))")
    section("Synopsis")
    for command in tool.all where command.subcommands.isEmpty {
      paragraph()
      line(synopsis(command))
    }
    if !tool.discussion.blocks.isEmpty { section("Description") }
    body(tool.discussion)
    section("Commands")
    for command in tool.all.dropFirst() {
      text += ".SS \(quoted(command.path.joined(separator: " ")))\n"
      line(roff(command.summary))
      body(command.discussion)
      list(command.arguments.filter { argument in !tool.arguments.contains(argument) })
    }
    section("Options")
    list(tool.arguments)
    section("Exit status")
    for status in ExitStatus.allCases { entry("\(status.rawValue)", status.meaning) }
    section("Environment")
    entry(
      "\\fBACT_ISA\\fR",
      "The instruction set whose kernels run, such as avx2; by default the fastest that the CPU has.")
  }

  private mutating func section(_ title: String) {
    text += ".SH \(quoted(title.uppercased()))\n"
    isAfterHeading = true
  }

  private mutating func paragraph() {
    if !isAfterHeading { text += ".PP\n" }
    isAfterHeading = false
  }

  /// A line of text, where a control line would begin with a period or an apostrophe.
  private mutating func line(_ content: String) {
    text += (content.hasPrefix(".") || content.hasPrefix("'") ? "\\&" : "") + content + "\n"
    isAfterHeading = false
  }

  private mutating func body(_ discussion: HelpText) {
    for block in discussion.blocks {
      switch block {
      case .paragraph(let paragraph):
        self.paragraph()
        line(roff(paragraph))
      case .verbatim(let lines):
        // To the left of the text, so that what fits help's 80 columns fits here.
        self.paragraph()
        text += ".RS -4\n.nf\n"
        for content in lines { line(roff(content)) }
        text += ".fi\n.RE\n"
      }
    }
  }

  /// Arguments and what they mean, those of each heading together, as help shows them.
  private mutating func list(_ arguments: [CommandDescription.Argument]) {
    var headings: [String?] = []
    for argument in arguments where !headings.contains(argument.section) { headings.append(argument.section) }
    for heading in headings {
      if let heading {
        paragraph()
        line("\\fB\(roff(heading))\\fR")
      }
      for argument in paired(arguments.filter { $0.section == heading }) {
        entry(label(argument), argument.summary + remark(argument))
      }
    }
  }

  private mutating func entry(_ label: String, _ meaning: String) {
    text += ".TP\n\(label)\n"
    line(roff(meaning))
  }
}

/// A flag and its inversion as one argument.
private func paired(_ arguments: [CommandDescription.Argument]) -> [CommandDescription.Argument] {
  arguments.reduce(into: []) { listed, argument in
    if let last = listed.last, argument.kind == .flag, last.kind == .flag, last.summary == argument.summary,
      argument.names.first == last.names.last.map({ "--no-" + $0.dropFirst(2) })
    {
      listed[listed.count - 1].names += argument.names
    } else {
      listed.append(argument)
    }
  }
}

private func label(_ argument: CommandDescription.Argument) -> String {
  let names = argument.names.map { "\\fB\(roff($0))\\fR" }.joined(separator: ", ")
  switch argument.kind {
  case .positional: return "\\fI\(roff(argument.valueName))\\fR"
  case .flag: return names
  case .option: return "\(names) \\fI\(roff(argument.valueName))\\fR"
  }
}

/// Values and default, in parentheses.
private func remark(_ argument: CommandDescription.Argument) -> String {
  let values = argument.values.isEmpty ? nil : "values: " + argument.values.joined(separator: ", ")
  let known = [values, argument.defaultValue.map { "default: " + $0 }].compactMap(\.self)
  return known.isEmpty ? "" : " (\(known.joined(separator: "; ")))"
}

/// How a command is called: what it needs, and whether it has options.
private func synopsis(_ command: CommandDescription) -> String {
  var words = command.path.map { "\\fB\(roff($0))\\fR" }
  if command.arguments.contains(where: { $0.kind != .positional && $0.isOptional }) {
    words.append("[\\fIoptions\\fR]")
  }
  for argument in command.arguments where argument.kind == .positional || !argument.isOptional {
    let name = argument.names.last.map { "\\fB\(roff($0))\\fR " } ?? ""
    let word = name + "\\fI\(roff(argument.valueName))\\fR" + (argument.isRepeating ? " ..." : "")
    words.append(argument.isOptional ? "[\(word)]" : word)
  }
  return words.joined(separator: " ")
}

/// A sentence as the description of a name: in lower case, without its full stop.
private func sentence(_ text: String) -> String {
  let end = text.hasSuffix(".") ? text.dropLast() : text[...]
  return end.prefix(1).lowercased() + end.dropFirst()
}

/// An argument of a macro.
private func quoted(_ text: String) -> String { "\"\(roff(text).replacing("\"", with: "\\(dq"))\"" }

/// Text as roff prints it unchanged, with what stands between backticks in bold.
private func roff(_ text: String) -> String {
  let parts = text.split(separator: "`", omittingEmptySubsequences: false)
  // An odd backtick is a character.
  guard parts.count % 2 == 1 else { return literal(text[...]) }
  return parts.enumerated()
    .map { $0.offset % 2 == 0 ? literal($0.element) : "\\fB\(literal($0.element))\\fR" }.joined()
}

private func literal(_ text: Substring) -> String {
  text.unicodeScalars.map { scalar in
    switch scalar {
    case "\\": "\\e"
    case "-": "\\-"
    case "'": "\\(aq"
    case "`": "\\(ga"
    case "^": "\\(ha"
    case "~": "\\(ti"
    case "\u{20}"..."\u{7E}": String(scalar)
    default: "\\[u" + String(repeating: "0", count: max(0, 4 - hex(scalar).count)) + hex(scalar) + "]"
    }
  }
  .joined()
}

private func hex(_ scalar: Unicode.Scalar) -> String { String(scalar.value, radix: 16, uppercase: true) }
