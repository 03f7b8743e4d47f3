import ActFormats
import ActRuntime
import ActTerminal
import ArgumentParser

struct ScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score", abstract: "Scores texts: log-likelihood of each, perplexity of all.",
    discussion: """
      Examples:
        actrun score SmolLM2.plan texts.txt
        actrun score steered.plan texts.jsonl --steer football=0.5 --json
      """)

  @Argument(help: "The plan.") var plan: String
  @Argument(help: "Texts: .txt, a line each, or .jsonl of {\"text\": …}; - is standard input.")
  var file: String
  @OptionGroup var steering: SteeringOptions
  @Flag(help: "As JSON.") var json = false

  func run() throws {
    let set = try DataSet(reading: file)
    let model = try LanguageModel(plan, threads: steering.threads, maximumSequences: 64)
    let texts = try set.texts.enumerated().map { index, text in
      let tokens = try model.encode(text)
      guard tokens.count <= model.contextLength else {
        throw FileError(
          set.path, "sample \(index + 1)",
          "expected at most \(model.contextLength) tokens, the plan's context, found \(tokens.count)",
          next: "shorten or split it")
      }
      return (tokens: tokens, from: 1)
    }
    let bar = ProgressBar("scoring")
    let scores = try model.score(texts, strengths: steering.strengths()) {
      bar.update(Double($0) / Double(texts.count))
    }
    bar.finish()
    let total = scores.reduce(TextScore(), +)
    guard total.tokenCount > 0 else {
      throw FileError(set.path, nil, "no text has a second token to predict")
    }
    if json {
      let rows = scores.map {
        JSON.object(["log_likelihood": .double($0.logLikelihood), "tokens": .int($0.tokenCount)])
      }
      print(
        JSON.object([
          "texts": .array(rows), "tokens": .int(total.tokenCount),
          "log_likelihood": .double(total.logLikelihood),
          "perplexity": .double(total.perplexity),
        ]).pretty, terminator: "")
    } else {
      for score in scores { print("\(fixed(score.logLikelihood, 4))\t\(score.tokenCount)") }
      print(
        "perplexity \(fixed(total.perplexity, 3)) over \(total.tokenCount) tokens of \(scores.count) texts")
    }
  }
}
