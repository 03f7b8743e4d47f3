import ActFormats
import ActPlan
import ActRuntime
import ActTerminal
import ArgumentParser

struct ClassifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "classify", abstract: "Classifies texts: a line of JSON for each, with its labels.",
    usage: "actrun classify <plan> <file> [<options>]",
    discussion: """
      Each line has the likeliest label and the probability of every label. The labels are those of the model's \
      configuration; where they exclude each other, their probabilities add up to 1.

      Examples:
        actrun classify toxicity.plan comments.txt
        actrun classify sentiment.plan --prompt 'What a day!'
        actrun classify toxicity.plan generations.jsonl --field text
      """)

  @OptionGroup var texts: EncodedTexts
  @OptionGroup var steering: SteeringOptions

  func validate() throws { try steering.validateSingle() }

  func run() throws {
    let file = try PlanFile(texts.plan)
    guard let labels = file.labels else {
      throw FileError(
        texts.plan, nil, "expected a classifier's plan, found one without labels",
        next: "compile a model with a classification head")
    }
    let encoder = try TextEncoder(file, threads: steering.threads)
    let strengths = try steering.strengths(for: encoder.model.engine)
    try texts.forEachBatch(encoder) { batch in
      for (text, row) in zip(batch, try encoder.rows(batch, result: "logits", strengths: strengths)) {
        guard row.values.count == labels.count else {
          throw FileError(
            texts.plan, "labels", "expected \(row.values.count), as logits, found \(labels.count)")
        }
        let probabilities = labels.probabilities(row.values)
        let best = probabilities.indices.max { probabilities[$0] < probabilities[$1] }!
        print(
          JSON.object([
            "text": .string(text), "label": .string(labels.names[best]),
            "score": .double(probabilities[best]),
            "scores": .object(zip(labels.names, probabilities).map { JSON.Member($0, .double($1)) }),
          ]))
      }
    }
  }
}
