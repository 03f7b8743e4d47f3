/// The methods of Python's texts.
enum TextMethod {
  static let names: Set<String> = [
    "strip", "lstrip", "rstrip", "split", "rsplit", "splitlines", "partition", "rpartition", "startswith",
    "endswith", "replace", "upper", "lower", "title", "capitalize", "casefold", "swapcase", "find", "rfind",
    "count", "index", "rindex", "join", "format", "removeprefix", "removesuffix", "zfill", "ljust", "rjust",
    "center", "isdigit", "isdecimal", "isnumeric", "isalpha", "isalnum", "isspace", "isupper", "islower",
  ]
  static let unsupported: Set<String> = [
    "encode", "expandtabs", "format_map", "isascii", "isidentifier", "isprintable", "istitle", "maketrans",
    "translate",
  ]
  /// The most scalars of a padded text.
  static let maximumWidth = 1 << 20

  static func call(
    _ name: String, _ text: String, _ arguments: TemplateArguments
  ) throws(TemplateError) -> TemplateValue {
    switch name {
    case "strip", "lstrip", "rstrip":
      let set = try arguments.bound(name, ["chars"]).text("chars")
      return .string(text.stripped(atStart: name != "rstrip", atEnd: name != "lstrip", of: set))
    case "split", "rsplit": return try split(name, text, arguments)
    case "splitlines":
      let keepsEnds = try arguments.bound(name, ["keepends"]).isTrue("keepends")
      return strings(text.linesOfPython(keepsEnds: keepsEnds))
    case "partition", "rpartition": return try partition(name, text, arguments)
    case "startswith", "endswith": return try matches(name, text, arguments)
    case "replace":
      let bound = try arguments.bound(name, ["old", "new", "count"], required: 2)
      let limit = try bound.integer("count") ?? -1
      return .string(
        try replaced(text, required(bound, "old"), required(bound, "new"), limit: limit < 0 ? .max : limit))
    case "find", "rfind", "count", "index", "rindex": return try search(name, text, arguments)
    case "join":
      let bound = try arguments.bound(name, ["values"], required: 1)
      return .string(try joined(bound["values"] ?? .none, text))
    case "format": return .string(try BraceFormat.apply(text, arguments))
    case "removeprefix", "removesuffix": return try removed(name, text, arguments)
    case "zfill", "ljust", "rjust", "center": return try padded(name, text, arguments)
    default:
      try arguments.expectNone(name)
      return try plain(name, text)
    }
  }

  private static func plain(_ name: String, _ text: String) throws(TemplateError) -> TemplateValue {
    switch name {
    case "upper": return .string(text.pythonUpper)
    case "lower": return .string(text.pythonLower)
    case "title": return .string(text.pythonTitle)
    case "capitalize": return .string(text.pythonCapitalized)
    case "casefold", "swapcase":
      // Both differ from lower and upper beyond ASCII.
      guard text.utf8.allSatisfy({ $0 < 0x80 }) else {
        throw .unsupported("`\(name)` of text beyond ASCII")
      }
      return .string(name == "casefold" ? text.pythonLower : swapped(text))
    case "isspace": return .bool(!text.isEmpty && text.unicodeScalars.allSatisfy(\.isPythonSpace))
    case "isupper": return .bool(text.isCased(notIn: text.pythonUpper))
    case "islower": return .bool(text.isCased(notIn: text.pythonLower))
    default: return .bool(!text.isEmpty && text.unicodeScalars.allSatisfy { isOf(name, $0) })
    }
  }

  private static func swapped(_ text: String) -> String {
    String(
      text.unicodeScalars.map {
        $0.properties.isUppercase ? $0.properties.lowercaseMapping : $0.properties.uppercaseMapping
      }.joined().unicodeScalars)
  }

  /// Whether a scalar is of the class that `isdigit` and its kin name.
  private static func isOf(_ name: String, _ scalar: Unicode.Scalar) -> Bool {
    let properties = scalar.properties
    let isLetter =
      switch properties.generalCategory {
      case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
      default: false
      }
    let type = properties.numericType
    return switch name {
    case "isalpha": isLetter
    case "isdecimal": type == .decimal
    case "isdigit": type == .decimal || type == .digit
    case "isnumeric": type != nil
    default: isLetter || type != nil
    }
  }

  private static func required(_ bound: BoundArguments, _ name: String) throws(TemplateError) -> String {
    guard let text = try bound.text(name) else {
      throw TemplateError("`\(bound.callee)`: expected a text as `\(name)`")
    }
    return text
  }

  private static func strings(_ texts: [String]) -> TemplateValue { .list(texts.map { .string($0) }) }

  private static func split(
    _ name: String, _ text: String, _ arguments: TemplateArguments
  ) throws(TemplateError) -> TemplateValue {
    let bound = try arguments.bound(name, ["sep", "maxsplit"])
    let limit = try bound.integer("maxsplit") ?? -1
    let most = limit < 0 ? Int.max : limit
    guard let separator = try bound.text("sep") else {
      return strings(text.wordsOfPython(limit: most, fromEnd: name == "rsplit"))
    }
    guard !separator.isEmpty else { throw TemplateError("`\(name)` at an empty text") }
    return strings(text.parts(at: separator, limit: most, fromEnd: name == "rsplit"))
  }

  private static func partition(
    _ name: String, _ text: String, _ arguments: TemplateArguments
  ) throws(TemplateError) -> TemplateValue {
    let separator = try required(arguments.bound(name, ["sep"], required: 1), "sep")
    guard !separator.isEmpty else { throw TemplateError("`\(name)` at an empty text") }
    let parts = text.parts(at: separator, limit: 1, fromEnd: name == "rpartition")
    let whole = name == "partition" ? [text, "", ""] : ["", "", text]
    let found = parts.count == 2 ? [parts[0], separator, parts[1]] : whole
    return .list(found.map { .string($0) }, .tuple)
  }

  private static func matches(
    _ name: String, _ text: String, _ arguments: TemplateArguments
  ) throws(TemplateError) -> TemplateValue {
    let bound = try arguments.bound(name, ["affix", "start", "end"], required: 1)
    let part = try range(text, bound)
    guard let affix = bound["affix"] else { return .bool(false) }
    var affixes = [affix]
    if case .list(let several, .tuple) = affix { affixes = several }
    let text = Array(part.unicodeScalars)
    for value in affixes {
      guard let affix = value.text.map({ Array($0.unicodeScalars) }) else {
        throw TemplateError("`\(name)` with \(value.kind)")
      }
      guard affix.count <= text.count else { continue }
      if (name == "startswith" ? text.prefix(affix.count) : text.suffix(affix.count)).elementsEqual(affix) {
        return .bool(true)
      }
    }
    return .bool(false)
  }

  /// The part of `text` from `start` to `end` of the arguments.
  private static func range(_ text: String, _ bound: BoundArguments) throws(TemplateError) -> String {
    let (start, end) = (try bound.integer("start"), try bound.integer("end"))
    guard start != nil || end != nil else { return text }
    return try TemplateValue.string(text).slice(start, end, nil).text ?? ""
  }

  private static func search(
    _ name: String, _ text: String, _ arguments: TemplateArguments
  ) throws(TemplateError) -> TemplateValue {
    let bound = try arguments.bound(name, ["part", "start", "end"], required: 1)
    let part = try required(bound, "part")
    let within = try range(text, bound)
    let start = try bound.integer("start") ?? 0
    let count = text.unicodeScalars.count
    let offset = min(max(start < 0 ? start + count : start, 0), count)
    if part.isEmpty {
      let length = within.unicodeScalars.count
      if start > count { return .int(name == "count" ? 0 : -1) }
      return .int(name == "count" ? length + 1 : offset + (name.hasPrefix("r") ? length : 0))
    }
    if name == "count" { return .int(within.places(of: part).count) }
    let place =
      name.hasPrefix("r")
      ? within.parts(at: part, limit: 1, fromEnd: true).first.map(\.unicodeScalars.count)
      : within.places(of: part).first?.lowerBound
    guard let place, !within.places(of: part).isEmpty else {
      guard name.hasSuffix("find") else { throw TemplateError("`\(name)`: the text has no `\(part)`") }
      return .int(-1)
    }
    return .int(offset + place)
  }

  /// Every value of `values`, all texts, with `separator` between them.
  private static func joined(_ values: TemplateValue, _ separator: String) throws(TemplateError) -> String {
    var parts: [String] = []
    for value in try values.iterated() {
      guard let text = value.text else { throw TemplateError("`join` of \(value.kind)") }
      parts.append(text)
    }
    return parts.joined(separator: separator)
  }

  private static func removed(
    _ name: String, _ text: String, _ arguments: TemplateArguments
  ) throws(TemplateError) -> TemplateValue {
    let affix = Array(try required(arguments.bound(name, ["affix"], required: 1), "affix").unicodeScalars)
    let scalars = Array(text.unicodeScalars)
    if name == "removeprefix" {
      return .string(scalars.starts(with: affix) ? String(scalars.dropFirst(affix.count)) : text)
    }
    let ends = scalars.count >= affix.count && scalars.suffix(affix.count).elementsEqual(affix)
    return .string(ends ? String(scalars.dropLast(affix.count)) : text)
  }

  /// `text` with `part` replaced; the result's length is bounded.
  static func replaced(
    _ text: String, _ part: String, _ replacement: String, limit: Int
  ) throws(TemplateError) -> String {
    let places = part.isEmpty ? text.unicodeScalars.count + 1 : text.utf8.count / part.utf8.count
    let (added, overflow) = places.multipliedReportingOverflow(by: replacement.utf8.count)
    guard !overflow, added <= 16 * maximumWidth else {
      throw TemplateError("`replace` makes too long a text")
    }
    return text.replacing(part, with: replacement, limit: limit)
  }

  private static func padded(
    _ name: String, _ text: String, _ arguments: TemplateArguments
  ) throws(TemplateError) -> TemplateValue {
    let bound = try arguments.bound(name, name == "zfill" ? ["width"] : ["width", "fillchar"], required: 1)
    let width = try bound.integer("width") ?? 0
    let fill = try bound.text("fillchar") ?? (name == "zfill" ? "0" : " ")
    guard fill.unicodeScalars.count == 1 else { throw TemplateError("`\(name)` takes one character to fill") }
    let missing = width - text.unicodeScalars.count
    guard missing > 0 else { return .string(text) }
    guard width <= maximumWidth else { throw TemplateError("a width above \(maximumWidth)") }
    func filled(_ count: Int) -> String { String(repeating: fill, count: count) }
    switch name {
    case "ljust": return .string(text + filled(missing))
    case "center":
      // As Python: the odd one stands left only where the width is odd.
      let left = missing / 2 + (missing & width & 1)
      return .string(filled(left) + text + filled(missing - left))
    case "zfill" where text.hasPrefix("-") || text.hasPrefix("+"):
      return .string(
        String(text.unicodeScalars.prefix(1)) + filled(missing) + String(text.unicodeScalars.dropFirst()))
    default: return .string(filled(missing) + text)
    }
  }
}

extension String {
  /// Whether it has a letter with case, and is the same as `mapped`.
  fileprivate func isCased(notIn mapped: String) -> Bool {
    unicodeScalars.contains { $0.properties.isCased } && unicodeScalars.elementsEqual(mapped.unicodeScalars)
  }
}

/// `str.format`: `{}`, `{0}` and `{name}` without formats of their own.
enum BraceFormat {
  static func apply(_ format: String, _ arguments: TemplateArguments) throws(TemplateError) -> String {
    var (text, used) = ("", 0)
    let characters = Array(format.unicodeScalars)
    var at = 0
    while at < characters.count {
      let scalar = characters[at]
      let isDoubled = at + 1 < characters.count && characters[at + 1] == scalar
      at += 1
      guard scalar == "{" || scalar == "}" else {
        text.unicodeScalars.append(scalar)
        continue
      }
      if isDoubled {
        text.unicodeScalars.append(scalar)
        at += 1
        continue
      }
      guard scalar == "{", let end = characters[at...].firstIndex(of: "}") else {
        throw TemplateError("a brace alone in the format `\(format)`")
      }
      let name = String(characters[at..<end])
      at = end + 1
      guard !name.unicodeScalars.contains(where: { "!:.[{".unicodeScalars.contains($0) }) else {
        throw .unsupported("the field `{\(name)}` of a format")
      }
      var value = arguments.named.first { $0.name == name }?.value
      if name.isEmpty || Int(name) != nil {
        let index = Int(name) ?? used
        if name.isEmpty { used += 1 }
        value = arguments.values.indices.contains(index) ? arguments.values[index] : nil
      }
      guard let value else { throw TemplateError("no value for `{\(name)}` of a format") }
      text += try value.printed()
    }
    return text
  }
}
