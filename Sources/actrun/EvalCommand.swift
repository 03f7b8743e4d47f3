import ActEval
import ActFormats
import ActRuntime
import ActTerminal
import ArgumentParser

struct EvalCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "eval",
    abstract: "Measures a concept over strengths: how often it shows, and what it costs in fluency.",
    discussion: """
      Continues every prompt at every strength with the same seeds. The table has the share of continuations with a
      word of the concept, their perplexity under the unsteered model, the steered model's perplexity on held-out
      text, and tokens per second.

      Example:
        actrun eval steered.plan --prompts prompts.txt --concept words.txt --held-out neutral.txt --steer football=0:1:0.5
      """)

  @Argument(help: "The plan.") var plan: String
  @Option(help: "Texts to continue, a line each.") var prompts: String
  @Option(help: "Words that show the concept, a line each.") var concept: String
  @Option(help: "Ordinary text for perplexity, a line each.") var heldOut: String?
  @Option(name: [.customShort("n"), .long], help: "Tokens a continuation.") var tokens = 40
  @Option(help: "Fail (exit code 1) unless the share rises by this much from the first strength to the last.")
  var expectRise: Double?
  @Option(help: "Fail unless each continuation perplexity stays below this factor of the first.")
  var expectFluency: Double?
  @OptionGroup var steering: SteeringOptions
  @OptionGroup(title: "Sampling") var sampling: SamplingArguments
  @Flag(help: "As JSON, with the texts.") var json = false

  func validate() throws {
    guard steering.steer != nil else { throw ValidationError("--steer: give at least one strength") }
    guard (1...4096).contains(tokens) else {
      throw ValidationError("-n: expected 1 to 4096, found \(tokens)")
    }
  }

  func run() throws {
    let combinations = try steering.expression().combinations
    let prompts = try DataSet(reading: self.prompts)
    let heldOut = try self.heldOut.map { try DataSet(reading: $0) }
    let matcher = WordMatcher(try DataSet(reading: concept).texts)
    if matcher.isEmpty { throw FileError(concept, nil, "expected words, found no letter or digit") }
    let model = try LanguageModel(
      plan, threads: steering.threads, maximumSequences: max(prompts.samples.count, 64))
    try checkLengths(prompts, model, room: tokens)
    if let heldOut { try checkLengths(heldOut, model, room: 0) }
    let evaluation = ConceptEvaluation(
      prompts: prompts.texts, concept: matcher, heldOut: heldOut?.texts ?? [], maximumTokens: tokens,
      sampling: sampling.options)
    let bar = ProgressBar("evaluating")
    var rows: [ConceptRow] = []
    for strengths in combinations {
      rows.append(try evaluation.measure(model, strengths))
      bar.update(Double(rows.count) / Double(combinations.count))
    }
    bar.finish()
    print(json ? asJSON(rows).pretty : asTable(rows), terminator: "")
    try check(rows)
  }

  /// Checks that every sample, and `room` tokens after it, fit the plan's context.
  private func checkLengths(_ set: DataSet, _ model: LanguageModel, room: Int) throws {
    for (index, sample) in set.texts.enumerated() {
      let count = try model.encode(sample).count
      guard count > 0 else { throw FileError(set.path, "sample \(index + 1)", "no tokens") }
      guard count + room <= model.contextLength else {
        throw FileError(
          set.path, "sample \(index + 1)",
          "expected at most \(model.contextLength - room) tokens, \(room) below the plan's context, found \(count)",
          next: "shorten or split it")
      }
    }
  }

  private func asTable(_ rows: [ConceptRow]) -> String {
    let names = rows[0].strengths.keys.sorted()
    var table = Table(
      names + ["concept", "continuation perplexity"] + (self.heldOut == nil ? [] : ["held-out perplexity"])
        + ["tokens/s"])
    for row in rows {
      var cells = names.map { "\(row.strengths[$0]!)" }
      cells += [fixed(row.conceptShare * 100, 0) + " %", fixed(row.continuationPerplexity, 1)]
      if let perplexity = row.heldOutPerplexity { cells.append(fixed(perplexity, 1)) }
      table.rows.append(cells + [fixed(row.tokensPerSecond, 0)])
    }
    return table.description
  }

  private func asJSON(_ rows: [ConceptRow]) -> JSON {
    .array(
      rows.map { row in
        .object([
          "strengths": .object(
            row.strengths.sorted { $0.key < $1.key }.map { .init($0.key, .double(Double("\($0.value)")!)) }),
          "concept_share": .double(row.conceptShare),
          "continuation_perplexity": .double(row.continuationPerplexity),
          "held_out_perplexity": row.heldOutPerplexity.map { .double($0) } ?? .null,
          "tokens_per_second": .double(row.tokensPerSecond), "texts": .array(row.texts.map(JSON.string)),
        ])
      })
  }

  private func check(_ rows: [ConceptRow]) throws {
    let (first, last) = (rows[0], rows[rows.count - 1])
    if let expectRise {
      let rise = last.conceptShare - first.conceptShare
      guard rise >= expectRise, zip(rows, rows.dropFirst()).allSatisfy({ $0.conceptShare <= $1.conceptShare })
      else {
        throw CheckFailed(
          "the concept should rise with strength, by \(fixed(expectRise * 100, 0)) % in all; it rose by \(fixed(rise * 100, 0)) %"
        )
      }
    }
    if let expectFluency {
      let limit = first.continuationPerplexity * expectFluency
      for row in rows where !(row.continuationPerplexity <= limit) {
        throw CheckFailed(
          "continuation perplexity \(fixed(row.continuationPerplexity, 1)) at \(row.strengths), above \(fixed(limit, 1))"
        )
      }
    }
  }
}
