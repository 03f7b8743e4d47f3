import FoundationEssentials
import ModelChecks
import Testing

/// The lists of small checkpoints are those of the directories that hold one, each with its records.
@Suite struct SmallCheckpointTests {
  @Test func theListsHaveAll() throws {
    let manager = FileManager.default
    let found = try manager.contentsOfDirectory(atPath: fixture("")).filter {
      manager.fileExists(atPath: fixture("\($0)/config.json"))
    }
    #expect(
      found.sorted()
        == (smallCheckpoints + smallDecoders + smallEncoders + smallClassifiers + smallImageTowers + [
          smallCLIP
        ]
        + smallAutoencoders + smallVariationalAutoencoders + smallTransformers + smallUNets).sorted())
  }

  @Test(arguments: smallCheckpoints, recordedPrompts)
  func everyPromptIsRecorded(checkpoint: String, prompt: String) throws {
    let record = try record(of: prompt, by: checkpoint)
    let tokens = try record.integers("tokens")
    #expect(tokens.allSatisfy { (0..<320).contains($0) })
    #expect(try record.floats("logits").count == tokens.count * 320)
  }

  @Test(arguments: smallDecoders)
  func everyPromptIsRecorded(decoder: String) throws {
    #expect(prompts(of: decoder).starts(with: recordedPrompts))
    for prompt in prompts(of: decoder) {
      let record = try record(of: prompt, by: decoder)
      let tokens = try record.integers("tokens")
      let logits = try record.floats("logits")
      #expect(!tokens.isEmpty && logits.count == tokens.count * 96 && logits.allSatisfy(\.isFinite))
    }
  }

  /// Rows of entries one after another, a pooled value an entry.
  @Test(arguments: smallEncoders, recordedInputs)
  func everyEncodingIsRecorded(checkpoint: String, input: String) throws {
    let record = try record(of: input, by: checkpoint)
    let rows = try record.integers("tokens").count
    let states = try record.floats("last_hidden_state")
    let entries =
      record.names.contains("sequences") ? try record.integers("sequences") : .init(repeating: 0, count: rows)
    #expect(rows > 0 && states.count % rows == 0 && states.allSatisfy(\.isFinite))
    #expect(entries.count == rows && entries.first == 0 && entries == entries.sorted())
    if record.names.contains("pooler_output") {
      let pooled = try record.floats("pooler_output")
      #expect(pooled.count == Set(entries).count * (states.count / rows) && pooled.allSatisfy(\.isFinite))
    }
  }

  @Test(arguments: smallImageTowers + [smallCLIP], recordedCalls)
  func everyImageTowerIsRecorded(checkpoint: String, call: String) throws {
    let record = try record(of: call, by: checkpoint)
    let count = try record.shape("pixel_values")[0]
    let result = try #require(["image_embeds", "pooler_output"].first(where: record.names.contains))
    #expect(try record.shape(result)[0] == count && record.floats(result).allSatisfy(\.isFinite))
  }

  @Test(arguments: smallVariationalAutoencoders, recordedNetworkCalls)
  func everyNetworkIsRecorded(checkpoint: String, call: String) throws {
    let record = try record(of: call, by: checkpoint)
    let names = call.hasPrefix("encoder") ? ["sample", "mean", "logvar", "latents"] : ["z", "sample"]
    for name in names {
      let values = try record.floats(name)
      #expect(!values.isEmpty && values.allSatisfy(\.isFinite))
    }
  }

  @Test(arguments: smallAutoencoders, recordedImages)
  func everyImageIsRecorded(checkpoint: String, call: (file: String, input: String, result: String)) throws {
    let record = try record(of: call.file, by: checkpoint)
    for name in [call.input, call.result] {
      let values = try record.floats(name)
      #expect(!values.isEmpty && values.allSatisfy(\.isFinite))
    }
  }
}
