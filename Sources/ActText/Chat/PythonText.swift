/// Texts as Python sees them: scalars, not characters.
extension Unicode.Scalar {
  /// Whether `str.isspace` holds.
  var isPythonSpace: Bool { properties.isWhitespace || (0x1C...0x1F).contains(value) }

  /// Whether it has a case.
  fileprivate var isCased: Bool { properties.isCased }

  /// Whether `repr` shows it as it is.
  fileprivate var isPrintable: Bool {
    if self == " " { return true }
    return switch properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
      .spaceSeparator:
      false
    default: true
    }
  }
}

extension String {
  init(_ scalars: some Sequence<Unicode.Scalar>) {
    var view = UnicodeScalarView()
    view.append(contentsOf: scalars)
    self.init(view)
  }

  /// `str.lower`.
  var pythonLower: String {
    guard unicodeScalars.contains("\u{3A3}") else {
      return unicodeScalars.reduce(into: "") { $0 += $1.properties.lowercaseMapping }
    }
    // A sigma at the end of a word has a form of its own.
    let scalars = Array(unicodeScalars)
    var lower = ""
    for (index, scalar) in scalars.enumerated() {
      lower += scalar == "\u{3A3}" ? Self.lowerSigma(scalars, index) : scalar.properties.lowercaseMapping
    }
    return lower
  }

  private static func lowerSigma(_ scalars: [Unicode.Scalar], _ index: Int) -> String {
    func nextCased(_ rest: some Sequence<Unicode.Scalar>) -> Bool {
      rest.first { !$0.properties.isCaseIgnorable }?.isCased ?? false
    }
    let isFinal = nextCased(scalars[..<index].reversed()) && !nextCased(scalars[(index + 1)...])
    return isFinal ? "\u{3C2}" : "\u{3C3}"
  }

  /// `str.upper`.
  var pythonUpper: String { unicodeScalars.reduce(into: "") { $0 += $1.properties.uppercaseMapping } }

  /// `str.capitalize`.
  var pythonCapitalized: String {
    guard let first = unicodeScalars.first else { return "" }
    // The rest is lowered as a part of the whole.
    let lower = pythonLower
    let firstLower = first.properties.lowercaseMapping.unicodeScalars.count
    return first.properties.titlecaseMapping + String(lower.unicodeScalars.dropFirst(firstLower))
  }

  /// `str.title`.
  var pythonTitle: String {
    var title = ""
    var followsCased = false
    let lower = unicodeScalars.contains("\u{3A3}") ? Array(unicodeScalars) : []
    for (index, scalar) in unicodeScalars.enumerated() {
      if !followsCased {
        title += scalar.properties.titlecaseMapping
      } else if scalar == "\u{3A3}" {
        title += Self.lowerSigma(lower, index)
      } else {
        title += scalar.properties.lowercaseMapping
      }
      followsCased = scalar.isCased
    }
    return title
  }

  /// `str.strip` and its kin: without white space, or without the characters of `set`, at its ends.
  func stripped(atStart: Bool = true, atEnd: Bool = true, of set: String? = nil) -> String {
    let set = set.map { Set($0.unicodeScalars) }
    func goes(_ scalar: Unicode.Scalar) -> Bool { set?.contains(scalar) ?? scalar.isPythonSpace }
    var rest = unicodeScalars[...]
    while atStart, let first = rest.first, goes(first) { rest.removeFirst() }
    while atEnd, let last = rest.last, goes(last) { rest.removeLast() }
    return String(rest)
  }

  /// `repr`.
  var pythonRepresentation: String {
    let quote: Unicode.Scalar = utf8.contains(0x27) && !utf8.contains(0x22) ? "\"" : "'"
    var text = String.UnicodeScalarView([quote])
    for scalar in unicodeScalars {
      switch scalar {
      case "\\", quote: text.append(contentsOf: ["\\", scalar])
      case "\n": text.append(contentsOf: "\\n".unicodeScalars)
      case "\r": text.append(contentsOf: "\\r".unicodeScalars)
      case "\t": text.append(contentsOf: "\\t".unicodeScalars)
      case _ where scalar.isPrintable: text.append(scalar)
      default:
        let (letter, width) = scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x10000 ? ("u", 4) : ("U", 8)
        let digits = String(scalar.value, radix: 16)
        text.append(
          contentsOf: "\\\(letter)\(String(repeating: "0", count: width - digits.count))\(digits)"
            .unicodeScalars)
      }
    }
    text.append(quote)
    return String(text)
  }

  /// The parts of `str.split` at white space, at most `limit` cuts, from the end for `rsplit`.
  func wordsOfPython(limit: Int, fromEnd: Bool) -> [String] {
    var words: [String] = []
    var rest = unicodeScalars[...]
    func trim() {
      while let scalar = fromEnd ? rest.last : rest.first, scalar.isPythonSpace {
        if fromEnd { rest.removeLast() } else { rest.removeFirst() }
      }
    }
    trim()
    while !rest.isEmpty {
      if words.count == limit {
        words.append(String(rest))
        break
      }
      if fromEnd {
        let start = rest.lastIndex(where: \.isPythonSpace).map { rest.index(after: $0) } ?? rest.startIndex
        words.append(String(rest[start...]))
        rest = rest[..<start]
      } else {
        let end = rest.firstIndex(where: \.isPythonSpace) ?? rest.endIndex
        words.append(String(rest[..<end]))
        rest = rest[end...]
      }
      trim()
    }
    return fromEnd ? words.reversed() : words
  }

  /// Where `part` begins: offsets of scalars, first to last, without overlaps.
  func places(of part: String) -> [Range<Int>] {
    let (text, part) = (Array(unicodeScalars), Array(part.unicodeScalars))
    guard !part.isEmpty, part.count <= text.count else { return [] }
    var places: [Range<Int>] = []
    var at = 0
    while at + part.count <= text.count {
      if text[at] == part[0], text[at..<at + part.count].elementsEqual(part) {
        places.append(at..<at + part.count)
        at += part.count
      } else {
        at += 1
      }
    }
    return places
  }

  /// The parts between the places of `separator`, at most `limit` cuts, from the end for `rsplit`.
  func parts(at separator: String, limit: Int, fromEnd: Bool) -> [String] {
    let text = Array(unicodeScalars)
    var cuts = fromEnd ? placesFromEnd(of: separator) : places(of: separator)
    if cuts.count > limit { cuts = fromEnd ? Array(cuts.suffix(limit)) : Array(cuts.prefix(limit)) }
    var parts: [String] = []
    var start = 0
    for cut in cuts {
      parts.append(String(text[start..<cut.lowerBound]))
      start = cut.upperBound
    }
    return parts + [String(text[start...])]
  }

  /// Where `part` begins if it is looked for from the end, first to last.
  private func placesFromEnd(of part: String) -> [Range<Int>] {
    let count = unicodeScalars.count
    return String(unicodeScalars.reversed()).places(of: String(part.unicodeScalars.reversed()))
      .map { count - $0.upperBound..<count - $0.lowerBound }.reversed()
  }

  /// `str.replace`, at most `limit` times; an empty part is between all scalars.
  func replacing(_ part: String, with replacement: String, limit: Int) -> String {
    if part.isEmpty {
      var text = ""
      var left = limit
      for scalar in unicodeScalars {
        if left > 0 {
          text += replacement
          left -= 1
        }
        text.unicodeScalars.append(scalar)
      }
      return left > 0 ? text + replacement : text
    }
    return parts(at: part, limit: limit, fromEnd: false).joined(separator: replacement)
  }

  /// `str.splitlines`.
  func linesOfPython(keepsEnds: Bool) -> [String] {
    let ends: Set<Unicode.Scalar> = [
      "\n", "\r", "\u{B}", "\u{C}", "\u{1C}", "\u{1D}", "\u{1E}", "\u{85}", "\u{2028}", "\u{2029}",
    ]
    let text = Array(unicodeScalars)
    var lines: [String] = []
    var (start, at) = (0, 0)
    while at < text.count {
      guard ends.contains(text[at]) else {
        at += 1
        continue
      }
      let end = at
      at += text[at] == "\r" && at + 1 < text.count && text[at + 1] == "\n" ? 2 : 1
      lines.append(String(text[start..<(keepsEnds ? at : end)]))
      start = at
    }
    if start < text.count { lines.append(String(text[start...])) }
    return lines
  }
}

extension Double {
  /// `repr`: the shortest digits, with an exponent from 10^16 on and below 10^-4.
  var pythonRepresentation: String {
    if isNaN { return "nan" }
    if isInfinite { return self < 0 ? "-inf" : "inf" }
    if self == 0 { return sign == .minus ? "-0.0" : "0.0" }
    let (digits, exponent) = shortestDigits
    let sign = self < 0 ? "-" : ""
    // The value is 0.digits times 10^exponent.
    if exponent > 16 || exponent < -3 {
      let power = exponent - 1
      let rest = digits.count > 1 ? "." + digits.dropFirst() : ""
      let width = abs(power) < 10 ? "0" : ""
      return "\(sign)\(digits.first ?? "0")\(rest)e\(power < 0 ? "-" : "+")\(width)\(abs(power))"
    }
    if exponent <= 0 { return sign + "0." + String(repeating: "0", count: -exponent) + digits }
    if exponent >= digits.count {
      return sign + digits + String(repeating: "0", count: exponent - digits.count) + ".0"
    }
    return sign + digits.prefix(exponent) + "." + digits.dropFirst(exponent)
  }

  /// The digits of the shortest spelling, and where the point is in them.
  private var shortestDigits: (String, Int) {
    let parts = "\(magnitude)".split(separator: "e")
    var exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
    let halves = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    var digits = String(halves[0]) + (halves.count > 1 ? String(halves[1]) : "")
    exponent += halves[0].count
    let leading = digits.prefix { $0 == "0" }.count
    digits.removeFirst(leading)
    exponent -= leading
    while digits.last == "0" { digits.removeLast() }
    return (digits, exponent)
  }
}
