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
  var buffer = [CChar](repeating: 0, count: 400)
  let length = withVaList([Int32(decimals), value]) { vsnprintf(&buffer, buffer.count, "%.*f", $0) }
  return String(
    decoding: buffer.prefix(Int(max(0, min(length, 399)))).map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
