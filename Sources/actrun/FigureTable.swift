import ActEval
import ActFormats
import ActRuntime
import ActTerminal

/// Rows of figures over sets of strengths, as Markdown and as JSON lines.
struct FigureTable {
  /// One figure of one row.
  struct Cell {
    var text: String
    var members: [JSON.Member]
  }

  /// What a column holds: its title, and its figure for row i.
  struct Column {
    /// nil where only the JSON has the figure.
    var title: String?
    var cell: (Int) -> Cell
  }

  var combinations: [Steering]
  var columns: [Column] = []

  var markdown: String {
    let names = combinations.first.map { $0.terms.keys.sorted() } ?? []
    let shown = columns.filter { $0.title != nil }
    var table = Table((names.isEmpty ? ["steering"] : names) + shown.compactMap(\.title))
    for (row, strengths) in combinations.enumerated() {
      let steering = names.isEmpty ? ["none"] : names.map { strengths.terms[$0].map { "\($0)" } ?? "0" }
      table.rows.append(steering + shown.map { $0.cell(row).text })
    }
    return table.description
  }

  /// A JSON object for each row, its strengths first.
  var rows: [JSON] {
    combinations.indices.map { row in
      .object(
        [.init("strengths", strengthsJSON(combinations[row]))] + columns.flatMap { $0.cell(row).members })
    }
  }
}

extension FigureTable.Cell {
  /// A figure with its interval, in the table times `scale` and with a unit.
  init(_ name: String, _ estimate: Estimate, decimals: Int, scale: Double = 1, unit: String = "") {
    func number(_ value: Double) -> String { fixed(value * scale, decimals) }
    text = estimate.value.isFinite ? number(estimate.value) + unit : "–"
    members = [.init(name, .double(estimate.value)), .init(name + "_interval", .null)]
    guard estimate.value.isFinite, let interval = estimate.interval else { return }
    text += " [\(number(interval.lowerBound)), \(number(interval.upperBound))]"
    members[1].value = .array([.double(interval.lowerBound), .double(interval.upperBound)])
  }
}

extension Estimate {
  /// Says what the brackets of a table are.
  static func legend(_ units: String) -> String {
    "In brackets: 95 % intervals by the bootstrap, \(Bootstrap.resamples) resamples of the \(units).\n"
  }
}
