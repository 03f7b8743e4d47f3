import ActFormats
import ActPlan
import ActRuntime
import ActTerminal
import ArgumentParser

struct EmbedCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "embed", abstract: "Embeds texts: a line of JSON for each, with its vector.",
    usage: "actrun embed <plan> <file> [<options>]",
    discussion: """
      The hidden states of a text's tokens are pooled and brought to length 1, so that the dot product of two \
      embeddings is the cosine of their angle. A tower with a projection gives its own embedding.

      Examples:
        actrun embed MiniLM.plan texts.txt > embeddings.jsonl
        actrun embed MiniLM.plan --prompt 'a cat on a mat'
        actrun embed BERT.plan texts.jsonl --field review --pooling cls
      """)

  @OptionGroup var texts: EncodedTexts
  @Option(help: "What stands for a text: the mean of its tokens, the first (cls) or the last.")
  var pooling = TextEncoder.Pooling.mean
  @Flag(help: "Leave the vectors as long as they are.") var noNormalize = false
  @OptionGroup var steering: SteeringOptions

  func validate() throws { try steering.validateSingle() }

  func run() throws {
    let encoder = try TextEncoder(PlanFile(texts.plan), threads: steering.threads)
    let strengths = try steering.strengths(for: encoder.model.engine)
    try texts.forEachBatch(encoder) { batch in
      let embeddings = try encoder.embeddings(
        batch, pooling, isNormalized: !noNormalize, strengths: strengths)
      for (text, embedding) in zip(batch, embeddings) {
        print(
          JSON.object([
            "text": .string(text), "embedding": .array(embedding.map { JSON.double(Double($0)) }),
          ]))
      }
    }
  }
}

extension TextEncoder.Pooling: ExpressibleByArgument {}
