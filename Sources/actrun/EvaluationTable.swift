import ActEval
import ActFormats

/// The figures of `actrun eval`, a row for each set of strengths.
struct EvaluationTable {
  let table: FigureTable

  init(_ figures: [ContinuationFigures], _ damage: [StrengthScore]?) {
    var table = FigureTable(combinations: figures.map(\.strengths))
    if figures.contains(where: { $0.conceptShare != nil }) {
      table.columns.append(
        .init(title: "concept") { row in
          let share = figures[row].conceptShare ?? Estimate(value: .nan)
          return .init("concept_share", share, decimals: 0, scale: 100, unit: " %")
        })
    }
    table.columns += [
      .init(title: "continuation perplexity") { row in
        .init("continuation_perplexity", figures[row].perplexity, decimals: 1)
      },
      .init(title: "distinct pairs") { row in
        .init("distinct_pairs", figures[row].distinctPairs, decimals: 0, scale: 100, unit: " %")
      },
    ]
    table.columns.append(
      .init(title: nil) { row in
        let counts = FigureTable.Cell(
          text: "",
          members: [
            .init("prompts", .int(figures[row].promptCount)),
            .init("texts", .int(figures[row].continuationCount)),
          ])
        let length = FigureTable.Cell("tokens_per_text", figures[row].length, decimals: 0)
        let ended = FigureTable.Cell("ended_share", figures[row].endedShare, decimals: 0)
        return .init(text: "", members: counts.members + length.members + ended.members)
      })
    if let damage { table.addPerplexity(damage, prefix: "held_out_") }
    self.table = table
  }
}
