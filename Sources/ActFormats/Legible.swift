extension Unicode.Scalar {
  /// Whether the scalar is no text of its own: a control character, a line or paragraph separator, or an invisible
  /// character that changes how others are shown. A terminal may take it for an order.
  package var isControl: Bool {
    if isASCII { return value < 0x20 || value == 0x7F }
    return switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator, .format: true
    default: false
    }
  }
}

/// The text with its control characters escaped as in `\u{1B}`, but for those of `kept`.
package func escapingControls(_ text: String, keeping kept: Set<Unicode.Scalar> = []) -> String {
  guard text.unicodeScalars.contains(where: { $0.isControl && !kept.contains($0) }) else { return text }
  var out = ""
  for scalar in text.unicodeScalars {
    if scalar.isControl, !kept.contains(scalar) {
      out += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
    } else {
      out.unicodeScalars.append(scalar)
    }
  }
  return out
}

/// The longest word, and the longest line, that a message shows whole, in characters.
private let longestWord = 240
private let longestLine = 1200

/// A message on one line: control characters, which names in files may hold, are escaped, line breaks are spaces, and
/// what is too long to be read is cut in its middle.
package func legible(_ text: String) -> String {
  // Cut first, so that a name of a gigabyte costs little.
  var line = cut(text, to: 16 * longestLine)
  line = String(line.map { $0 == "\n" || $0 == "\r\n" ? " " : $0 })
  line = escapingControls(line).split(separator: " ", omittingEmptySubsequences: false)
    .map { cut(String($0), to: longestWord) }.joined(separator: " ")
  return cut(line, to: longestLine)
}

/// The first two thirds and the last of `text` where it has more than `limit` characters, with `…` between them.
private func cut(_ text: String, to limit: Int) -> String {
  // Scalars are counted by position, so that a character of a million combining marks is long too.
  let scalars = text.unicodeScalars
  guard let end = scalars.index(scalars.startIndex, offsetBy: limit, limitedBy: scalars.endIndex),
    end != scalars.endIndex
  else { return text }
  let head = scalars.index(scalars.startIndex, offsetBy: limit * 2 / 3)
  let tail = scalars.index(scalars.endIndex, offsetBy: -(limit / 3 - 1))
  return String(scalars[..<head]) + "…" + String(scalars[tail...])
}
