import FoundationEssentials
import ModelChecks
import Testing

/// The list of small checkpoints is that of the directories that hold one, each with its records.
@Suite struct SmallCheckpointTests {
  @Test func theListHasAll() throws {
    let manager = FileManager.default
    let found = try manager.contentsOfDirectory(atPath: fixture("")).filter {
      manager.fileExists(atPath: fixture("\($0)/config.json"))
    }
    #expect(Set(found) == Set(smallCheckpoints))
    #expect(found.count == smallCheckpoints.count)
  }

  @Test(arguments: smallCheckpoints, recordedPrompts)
  func everyPromptIsRecorded(checkpoint: String, prompt: String) throws {
    let record = try record(of: prompt, by: checkpoint)
    let tokens = try record.integers("tokens")
    #expect(tokens.allSatisfy { (0..<320).contains($0) })
    #expect(try record.floats("logits").count == tokens.count * 320)
  }
}
