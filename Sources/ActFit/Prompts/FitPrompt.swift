import ActDiffusion
import ActFormats
import ActPasses

/// A prompt of one side of a fit.
package struct FitPrompt: Hashable, Sendable {
  package var text: String
  /// The index by which its noise is drawn.
  package var sample: Int

  package init(_ text: String, sample: Int) {
    self.text = text
    self.sample = sample
  }

  /// The prompts of a side: that of record `i` of the source has the noise of sample `2i`, of the target that of
  /// `2i + 1`.
  ///
  /// - Parameters:
  ///   - texts: the prompts, and the places of their records in the data, counted from 0.
  ///   - side: the side.
  ///   - phrases: what is appended to each; nil: nothing.
  ///   - seed: of what is drawn.
  /// - Returns: a prompt a text.
  package static func prompts(
    _ texts: [(record: Int, text: String)], _ side: Side, appending phrases: AppendedPhrases?, seed: UInt64
  ) -> [FitPrompt] {
    texts.map { record, text in
      let sample = 2 * record + (side == .target ? 1 : 0)
      return FitPrompt(phrases?.append(to: text, seed: seed, sample: sample) ?? text, sample: sample)
    }
  }
}

/// The prompts of each side.
package struct PairedPrompts: Hashable, Sendable {
  package var source: [FitPrompt]
  package var target: [FitPrompt]

  package init(source: [FitPrompt], target: [FitPrompt]) {
    self.source = source
    self.target = target
  }

  package subscript(side: Side) -> [FitPrompt] { side == .source ? source : target }

  /// The prompts of both sides.
  package var count: Int { source.count + target.count }
}

/// Phrases of which some are appended to each prompt: tags of a style, or words for a concept.
package struct AppendedPhrases: Sendable {
  private let phrases: [String]
  package let counts: PromptDescription.Appended
  /// Of the file's bytes, in hexadecimal digits.
  package let sha256: String

  /// Reads a data file of phrases.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - counts: how many are appended: the first of the file, and others drawn of the rest.
  /// - Throws: `FileError` for a file that cannot be used, or that has too few.
  package init(reading path: String, _ counts: PromptDescription.Appended) throws(FileError) {
    let set = try DataSet(reading: path)
    let wanted = counts.fixed + counts.drawn
    guard set.samples.count >= wanted else {
      throw FileError(
        set.path, nil,
        "expected at least \(wanted) phrases, \(counts.fixed) fixed and \(counts.drawn) drawn, found "
          + "\(set.samples.count)", next: "add some, or give fewer by --append-fixed and --append-drawn")
    }
    phrases = set.texts
    sha256 = set.sha256
    self.counts = counts
  }

  /// A prompt with its phrases after it, after commas: those that are fixed, and then those drawn by the seed and the
  /// sample; see `SampleNoise.choice`.
  package func append(to prompt: String, seed: UInt64, sample: Int) -> String {
    let rest = phrases.dropFirst(counts.fixed)
    let drawn = SampleNoise(seed: seed, sample: sample).choice(counts.drawn, of: rest.count)
    let appended = phrases.prefix(counts.fixed) + drawn.map { rest[rest.startIndex + $0] }
    return ([prompt] + appended).joined(separator: ", ")
  }
}
