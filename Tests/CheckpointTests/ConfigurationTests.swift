import ActFormats
import ActGraphs
import ActIR
import ActPlan
import ModelChecks
import Testing

/// The spellings of one model's configuration that files of different ages have.
@Suite struct ConfigurationTests {
  private let checkpoint: Checkpoint
  private let members: [JSON.Member]

  init() throws {
    checkpoint = try Checkpoint(fixture("tiny-plain"))
    let path = fixture("tiny-plain/config.json")
    members = try #require(try JSON(readingFile: path).members).filter { !$0.key.hasPrefix("rope_") }
  }

  private func rope(_ extra: [JSON.Member]) throws -> RotaryEmbedding? {
    let model = try ModelGraph(
      configuration: .object(members + extra), path: "config.json",
      weightType: { checkpoint.tensor(named: $0).flatMap { TensorType($0.info) } })
    for id in model.graph.order {
      if case .ropeTable(let rope) = model.graph[id].op { return rope }
    }
    return nil
  }

  @Test func theBaseStandsInEitherPlace() throws {
    let theta = JSON.Member("rope_theta", .int(5000))
    let parameters = JSON.object(["rope_type": .string("default"), "rope_theta": .int(7000)])
    #expect(try rope([])?.base == 10_000)
    #expect(try rope([theta])?.base == 5000)
    #expect(try rope([JSON.Member("rope_parameters", parameters)])?.base == 7000)
    #expect(try rope([theta, JSON.Member("rope_parameters", parameters)])?.base == 7000)
    let bare = JSON.object(["rope_type": .string("default")])
    #expect(try rope([theta, JSON.Member("rope_parameters", bare)])?.base == 5000)
  }

  @Test func scalingStandsInEitherPlace() throws {
    let scaling = JSON.object(["rope_type": .string("linear"), "factor": .int(2)])
    for key in ["rope_scaling", "rope_parameters"] {
      #expect(try rope([JSON.Member(key, scaling)])?.scaling == .linear(factor: 2))
    }
    let unknown = JSON.object(["rope_type": .string("yarn"), "factor": .int(2)])
    let error = #expect(throws: FileError.self) { try rope([JSON.Member("rope_scaling", unknown)]) }
    #expect(error?.isUnsupported == true)
  }

  /// Attention to a window is another model; that the key is there does not say that it is used.
  @Test func qwen2UsesNoWindow() throws {
    let checkpoint = try Checkpoint(fixture("tiny-qwen2"))
    let members = try #require(try JSON(readingFile: fixture("tiny-qwen2/config.json")).members)
    func build(_ uses: Bool) throws -> ModelGraph {
      let others = members.filter { $0.key != "use_sliding_window" && $0.key != "sliding_window" }
      let window = [JSON.Member("use_sliding_window", .bool(uses)), JSON.Member("sliding_window", .int(64))]
      return try ModelGraph(
        configuration: .object(others + window), path: "config.json",
        weightType: { checkpoint.tensor(named: $0).flatMap { TensorType($0.info) } })
    }
    #expect(try build(false).contextLength == 512)
    let error = #expect(throws: FileError.self) { try build(true) }
    #expect(error?.isUnsupported == true && error?.place == "use_sliding_window")
  }
}
