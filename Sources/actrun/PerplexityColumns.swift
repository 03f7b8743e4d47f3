import ActEval
import ActFormats
import ActRuntime
import ActTerminal

extension FigureTable {
  /// Adds the perplexity of texts over strengths, and its change where the sweep has a row without steering.
  ///
  /// - Parameters:
  ///   - scores: a row each.
  ///   - prefix: what the names of the figures begin with in JSON; in titles with spaces.
  mutating func addPerplexity(_ scores: [StrengthScore], prefix: String = "") {
    let title = prefix.split(separator: "_").joined(separator: "-")
    func titled(_ name: String) -> String { title.isEmpty ? name : "\(title) \(name)" }
    columns.append(
      Column(title: titled("perplexity")) { row in
        let score = scores[row]
        let unmeasured = JSON.Member(
          prefix + "not_measured", .array(score.unmeasuredMaps.map { .string($0.name) }))
        guard let perplexity = score.perplexity else {
          let reasons = Set(
            score.unmeasuredMaps.map { $0.isOffInPrompt ? "off in the prompt" : "scope `\($0.scope)`" })
          return Cell(
            text: "not measured: \(reasons.sorted().joined(separator: ", "))",
            members: [
              .init(prefix + "perplexity", .null), .init(prefix + "perplexity_interval", .null), unmeasured,
            ])
        }
        var cell = Cell(prefix + "perplexity", perplexity, decimals: 1)
        cell.members.append(unmeasured)
        return cell
      })
    guard scores.contains(where: { $0.change != nil }) else { return }
    columns.append(
      Column(title: titled("change")) { row in
        guard let change = scores[row].change else {
          return Cell(
            text: "", members: [.init(prefix + "change", .null), .init(prefix + "change_interval", .null)])
        }
        return Cell(prefix + "change", change, decimals: 1, scale: 100, unit: " %")
      })
  }
}

/// Says on standard error which maps the scoring of texts did not measure, and how to.
func noteUnmeasured(_ scores: [StrengthScore], promptOption: String) {
  let maps = scores.flatMap(\.unmeasuredMaps)
  for map in maps.enumerated().filter({ !maps[..<$0.offset].contains($0.element) }).map(\.element) {
    let reason =
      map.isOffInPrompt
      ? "it hangs on scores of the prompt, and is off in it; --condition-on prompt reads prompts again, and"
      : "its token scope `\(map.scope)` holds no token that is read before a scored one;"
    note(
      "actrun: note: `\(map.name)` is not measured: \(reason) \(promptOption) tells prompts and what follows them apart"
    )
  }
}
