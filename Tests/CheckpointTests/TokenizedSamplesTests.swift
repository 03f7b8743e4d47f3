import ActFit
import ActFormats
import ActText
import Testing

@Suite struct TokenizedSamplesTests {
  /// Letters and spaces, of which `a b` (`aĠ`, then `b`) merges over a seam.
  private func tokenizer() throws -> Tokenizer {
    try Tokenizer(
      parsing: """
        {"version": "1.0", "added_tokens": [], "normalizer": null, "pre_tokenizer": null, "post_processor": null,
         "decoder": null, "model": {"type": "BPE",
          "vocab": {"a": 0, "b": 1, "c": 2, " ": 3, "ab": 4, "c ": 5}, "merges": [["a", "b"], ["c", " "]]}}
        """, path: "tokenizer.json")
  }

  private func samples(
    _ pairs: [(context: String, text: String)], maximumTokens: Int = 100, skipped: Int = 0
  ) throws -> TokenizedSamples {
    let samples = pairs.enumerated().map { index, pair in
      var sample = TextSample(pair.context + pair.text)
      sample.context = pair.context
      (sample.path, sample.line) = ("f", index + 1)
      return sample
    }
    let set = DataSet(path: "f", samples: samples, sha256: "")
    return try TokenizedSamples(
      set, try tokenizer(), maximumTokens: maximumTokens, skippedPositions: skipped
    ) { () throws(FileError) in throw FileError("f", nil, "no template is needed") }
  }

  @Test func pooledFromTheSeam() throws {
    let sequences = try samples([("", "abc"), ("ab", "c"), ("ca", "bb"), ("c", " a"), ("b ", "a")]).sequences
    #expect(sequences.map(\.tokens) == [[4, 2], [4, 2], [2, 4, 1], [5, 0], [1, 3, 0]])
    // A token over the seam counts.
    #expect(sequences.map(\.pooledFrom) == [0, 1, 1, 0, 2])
  }

  @Test func cuts() throws {
    let cut = try samples([("", "aaaa"), ("", "cc"), ("b", "aaaa")], maximumTokens: 3)
    #expect(cut.sequences.map(\.tokens) == [[0, 0, 0], [2, 2], [1, 0, 0]])
    #expect(cut.cutCount == 2)
  }

  @Test func refusals() throws {
    for (pair, maximum, skipped, problem) in [
      (("bbb", "a"), 3, 0, "f: line 1: the prompt fills all of 3 tokens"),
      (("", "ab"), 9, 1, "f: line 1: expected more than 1 tokens, of which none is pooled, found 1"),
      (("ca", ""), 9, 0, "f: line 1: expected more than 2 tokens"),
    ] {
      let error = #expect(throws: FileError.self) {
        try samples([pair], maximumTokens: maximum, skipped: skipped)
      }
      #expect(error?.description.contains(problem) == true, "\(String(describing: error))")
    }
  }
}
