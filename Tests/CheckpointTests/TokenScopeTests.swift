import ActCompile
import ActFit
import ActFormats
import ActIR
import ActPasses
import ActPlan
import ActRuntime
import ModelChecks
import Testing

/// Maps for some tokens only: the engine owns positions, so a scope means the same however a sequence is cut.
@Suite struct TokenScopeTests {
  private static let scopes = ["all", "prompt", "generated", "last", "3-", "2-9"]
  private static let promptCount = 7

  private let model: Model
  private let tokens = randomPrompt(20)

  init() throws { model = try Model(fixture("tiny-plain")) }

  private func map(_ scope: String, skipping skipped: Int = 0) throws -> MapFile {
    var map = try model.fitRandomMap(at: "*_layernorm", support: .all)
    map.fit.scope = try #require(TokenScope(scope, skippedPositions: skipped))
    return map
  }

  private func languageModel(_ map: MapFile) throws -> LanguageModel {
    var maps = MapSet()
    try maps.add(map, name: steeringMap, path: "the map", model: model)
    let engine = try model.compile(maps).makeEngine(maximumSequences: 4, maximumSlots: 8)
    return try LanguageModel(engine, path: "tiny", tokenizer: nil)
  }

  /// Rows in scope run under the strength, others under none: the same as naming the slots by hand.
  @Test(arguments: scopes, [0, 4])
  func rowsInScopeAreSteered(scope: String, skipped: Int) throws {
    let map = try map(scope, skipping: skipped)
    let steered = try languageModel(map).evaluate(
      tokens, promptCount: Self.promptCount, strengths: [steeringMap: 1])[0].values

    let engine = try languageModel(try self.map("all")).engine
    try engine.setStrengths([steeringMap: 1], slot: 1)
    let tokenScope = try #require(TokenScope(scope, skippedPositions: skipped))
    let sequence = try engine.openSequence(capacity: tokens.count)
    let rows = tokens.enumerated().map { position, token in
      let isSteered = tokenScope.contains(position: position, promptCount: Self.promptCount)
      return Row(token: token, position: Int32(position), sequence: sequence, slot: isSteered ? 1 : 0)
    }
    try engine.step(rows, logitRows: .all)
    let expected = try #require(engine.result("logits"))
    #expect(sameBits(steered, Array(UnsafeBufferPointer(start: expected, count: steered.count))))
  }

  @Test(arguments: scopes)
  func chunksDoNotMatter(scope: String) throws {
    let model = try languageModel(try map(scope, skipping: 2))
    let runs = try [1, 5, 20].map { chunk in
      try model.evaluate(
        tokens, promptCount: Self.promptCount, strengths: [steeringMap: 0.7], chunkSize: chunk)[0].values
    }
    #expect(sameBits(runs[0], runs[1]) && sameBits(runs[0], runs[2]))
  }

  @Test func aPromptIsBareUntilGenerationBegins() throws {
    let model = try languageModel(try map("generated"))
    let bare = try model.evaluate(tokens, promptCount: Self.promptCount)[0].values
    let steered = try model.evaluate(
      tokens, promptCount: Self.promptCount, strengths: [steeringMap: 1])[0].values
    let promptValues = Self.promptCount * (bare.count / tokens.count)
    #expect(sameBits(Array(bare.prefix(promptValues)), Array(steered.prefix(promptValues))))
    #expect(!sameBits(bare, steered))
  }

  @Test func aScopedMapFoldsLikeAnyOther() throws {
    let plan = try languageModel(try map("generated", skipping: 1)).plan
    #expect(plan.stepCount == (try model.compile().plan.stepCount))
    #expect(plan.scopes.map(\.scope) == [TokenScope(.generated, skippedPositions: 1)])
    #expect(try Plan(parsing: plan.description) == plan)
  }

  @Test func aScopedDialCannotBeFrozen() throws {
    var maps = MapSet()
    try maps.add(try map("last"), name: steeringMap, path: "the map", model: model)
    var options = CompileOptions()
    options.frozen = [steeringMap: 1]
    #expect(throws: TransportError.self) { try model.compile(maps, options) }
  }

  /// Positions that are left alone are neither pooled nor transported, and the map file says so.
  @Test func theFitLeavesSkippedPositionsOut() throws {
    var options = FitOptions(method: meanAct)
    options.samples.scope = TokenScope(.all, skippedPositions: 1)
    options.samples.order = .simultaneous
    let site = "model.layers.0.input_layernorm"
    // The first norm sees each token alone, so a sample is the mean over the tokens that count.
    let long = PairedSamples(source: [[9, 5, 6], [9, 7]], target: [[9, 8]])
    let short = PairedSamples(source: [[5, 6], [7]], target: [[8]])
    let skipping = try fit(model, long, sites: [site], options: options)
    options.samples.scope = .all
    let whole = try fit(model, short, sites: [site], options: options)
    #expect(skipping.sites == whole.sites)
    #expect(skipping.fit.scope == TokenScope(.all, skippedPositions: 1))
  }

  @Test(arguments: ["", "none", "5", "9-4", "-3", "a-b", "1-2-3"])
  func malformed(text: String) { #expect(TokenScope(text) == nil) }
}
