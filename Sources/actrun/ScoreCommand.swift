import ActEval
import ActFormats
import ActRuntime
import ActTerminal
import ArgumentParser

struct ScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score", abstract: "Scores texts: the log-likelihood of each, the perplexity of all.",
    usage: "actrun score <plan> <file> [<options>]",
    discussion: """
      With one set of strengths it prints a line for each text, its log-likelihood and how many tokens were scored, \
      and then the perplexity. With a range it prints a table: the perplexity at each strength, and its change where \
      the range holds 0. With a prompt field the prompts are read and not scored.

      Examples:
        actrun score SmolLM2.plan texts.txt
        actrun score steered.plan texts.jsonl --field review --steer football=0:1:0.5
        actrun score steered.plan rtp.jsonl --prompt-field prompt.text \\
          --field continuation.text --filter 'continuation.toxicity<0.25'
      """)

  @Argument(help: "The plan.", completion: .file(extensions: ["plan"])) var plan: String
  @Argument(help: "A data file of texts, by default a line each; - is standard input.", completion: .file())
  var file: String
  @OptionGroup(title: "Records of the data file") var records: RecordArguments
  @Option(help: "The field with a prompt before the text, read and not scored.") var promptField: String?
  @OptionGroup var steering: SteeringOptions
  @Flag(help: "As JSON, a line for each set of strengths, with the texts' own scores.") var json = false

  func run() throws {
    let set = try records.read(file, prompt: promptField)
    let model = try LanguageModel(plan, threads: steering.threads, maximumSequences: 64)
    let combinations = try steering.combinations(for: model)
    let texts = try model.scoredTexts(set)
    let bar = ProgressBar("scoring")
    let rows = try model.scoreSweep(texts, combinations) { bar.update($0) }
    bar.finish()
    noteUnmeasured(rows, promptOption: "--prompt-field")
    if json {
      printJSON(rows, set)
    } else if rows.count == 1 {
      printTexts(rows[0])
    } else {
      printTable(rows)
    }
  }

  private func printTexts(_ row: StrengthScore) {
    for score in row.scores { print("\(fixed(score.logLikelihood, 4))\t\(score.tokenCount)") }
    guard let perplexity = row.perplexity else { return print("perplexity not measured") }
    let interval = perplexity.interval.map {
      ", 95 % interval [\(fixed($0.lowerBound, 3)), \(fixed($0.upperBound, 3))]"
    }
    print("perplexity \(fixed(perplexity.value, 3)) over \(counted(row))\(interval ?? "")")
  }

  private func printTable(_ rows: [StrengthScore]) {
    var table = FigureTable(combinations: rows.map(\.strengths))
    table.addPerplexity(rows)
    print(table.markdown)
    if let row = rows.first(where: { $0.perplexity != nil }) { print("Over \(counted(row)).") }
    print(Estimate.legend("texts"), terminator: "")
  }

  private func counted(_ row: StrengthScore) -> String {
    "\(row.total.tokenCount) tokens of \(row.scores.count) texts"
  }

  private func printJSON(_ rows: [StrengthScore], _ set: DataSet) {
    var table = FigureTable(combinations: rows.map(\.strengths))
    table.addPerplexity(rows)
    table.columns.append(
      .init(title: nil) { row in
        let scores = zip(rows[row].scores, set.samples).map { score, sample in
          JSON.object([
            "line": .int(sample.line), "log_likelihood": .double(score.logLikelihood),
            "tokens": .int(score.tokenCount),
          ])
        }
        let total = rows[row].total
        return .init(
          text: "",
          members: [
            .init("tokens", .int(total.tokenCount)), .init("log_likelihood", .double(total.logLikelihood)),
            .init("texts", .array(scores)),
          ])
      })
    for row in table.rows { print(row) }
  }
}
