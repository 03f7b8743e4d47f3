import ActFormats
import Glibc

/// Rows of text in aligned columns, as a Markdown table.
package struct Table: Sendable {
  package var header: [String]
  package var rows: [[String]] = []

  package init(_ header: [String]) { self.header = header }

  /// The table; control characters in its cells are escaped.
  package var description: String {
    let header = header.map { escapingControls($0) }
    let rows = rows.map { $0.map { escapingControls($0) } }
    let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
    func line(_ cells: [String]) -> String {
      "| "
        + zip(cells, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(
          separator: " | ") + " |\n"
    }
    let rule = "|" + widths.map { String(repeating: "-", count: $0 + 2) }.joined(separator: "|") + "|\n"
    return line(header) + rule + rows.map(line).joined()
  }
}

/// A number with a fixed number of decimals.
package func fixed(_ value: Double, _ decimals: Int) -> String {
  formatted("%.*f", [Int32(decimals), value])
}

/// The number with one decimal and a power of ten, as `1.2e-05`.
package func scientific(_ value: Double) -> String { formatted("%.1e", [value]) }

private func formatted(_ format: String, _ arguments: [any CVarArg]) -> String {
  var buffer = [CChar](repeating: 0, count: 400)
  let length = withVaList(arguments) { vsnprintf(&buffer, buffer.count, format, $0) }
  return String(
    decoding: buffer.prefix(Int(max(0, min(length, 399)))).map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
