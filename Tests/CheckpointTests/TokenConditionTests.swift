import ActCompile
import ActFit
import ActFormats
import ActIR
import ActPasses
import ActPlan
import ActRuntime
import Glibc
import ModelChecks
import Testing

/// Conditions on each token, which gates in the step decide.
@Suite struct TokenConditionTests {
  private let tokens = randomPrompt(20)
  private let conditioned: ConditionedModel

  init() throws { conditioned = try ConditionedModel() }

  /// The formula in double, on the activations that the plan gives.
  @Test func scoresAreTheFormula() throws {
    let model = try conditioned.model(.inserted)
    let sites = conditioned.scoring.sites
    #expect(sites.count == 2)
    let results = try model.evaluate(tokens, sites: Set(sites.map(\.name)))
    var expected = [Double](repeating: 0, count: tokens.count)
    for site in sites {
      let x = try #require(results.first { $0.name == site.name }).values.map(Double.init)
      let c = try #require(site.parameters["condition"]).values.map(Double.init)
      for row in tokens.indices {
        let h = Array(x[row * c.count..<(row + 1) * c.count])
        let along = zip(h, c).reduce(0) { $0 + $1.0 * $1.1 }
        let bent = c.map { tanh(along * $0) }
        func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
        expected[row] += dot(h, bent) / (dot(h, h) * dot(bent, bent)).squareRoot() / Double(sites.count)
      }
    }
    for (score, expected) in zip(try model.scores(tokens), expected) {
      #expect((Double(score) - expected).magnitude <= 1e-5)
      #expect(score.magnitude <= 1)
    }
    #expect(Set(try model.scores(tokens)).count > 10)
  }

  private static let tests = ["> {}", ">= {}", "< {}", "<= {}"]

  /// The same as naming the slots by hand, token by token, of a model without gates.
  @Test(arguments: tests, [false, true])
  func rowsInRangeAreSteered(test: String, isNegated: Bool) throws {
    let model = try conditioned.model()
    let scores = try model.scores(tokens)
    let threshold = Double(scores.sorted()[8])
    let text = "cos(s) \(test.replacing("{}", with: "\(threshold)"))"
    let condition = isNegated ? "not \(text)" : text
    let steered = try model.evaluate(tokens, strengths: steering("map=0.7 when \(condition)"))[0].values
    let acts = scores.map { score in
      let holds =
        switch test.first! {
        case ">": test.hasPrefix(">=") ? Double(score) >= threshold : Double(score) > threshold
        default: test.hasPrefix("<=") ? Double(score) <= threshold : Double(score) < threshold
        }
      return holds != isNegated
    }
    #expect(acts.contains(true) && acts.contains(false))
    let expected = try conditioned.model(gated: false).logits(tokens, strengths: acts.map { $0 ? 0.7 : 0 })
    #expect(Deviation(steered, from: expected).normalizedSquaredError <= 1e-10)
    let bare = try model.evaluate(tokens)[0].values
    #expect(Deviation(steered, from: bare).normalizedSquaredError > 1e-8)
  }

  @Test func allVariantsAgree() throws {
    let threshold = try conditioned.model().scores(tokens).sorted()[10]
    let strengths = try steering("map=1 when cos(s) > \(threshold)")
    let reference = try conditioned.model(.reference).evaluate(tokens, strengths: strengths)[0].values
    for variant in [Variant.inserted, .live] {
      let values = try conditioned.model(variant).evaluate(tokens, strengths: strengths)[0].values
      #expect(Deviation(values, from: reference).normalizedSquaredError <= 1e-10, "\(variant)")
    }
  }

  /// What no condition is asked of is as if there were no gate, and a bare slot is the bare model.
  @Test func gatesThatAreNotAskedForLetAllThrough() throws {
    let (gated, free) = (try conditioned.model(), try conditioned.model(gated: false))
    let bare = try gated.evaluate(tokens)[0].values
    for text in [
      "map=0", "map=0 when cos(s) > 0", "map=1 when cos(s) > 1.5", "map=1 when cos(s)>0 and cos(s)<-0.1",
    ] {
      #expect(sameBits(try gated.evaluate(tokens, strengths: steering(text))[0].values, bare), "\(text)")
    }
    let open = try gated.evaluate(tokens, strengths: ["map": 1])[0].values
    #expect(
      sameBits(try gated.evaluate(tokens, strengths: steering("map=1 when cos(s) > -1.5"))[0].values, open))
    let expected = try free.evaluate(tokens, strengths: ["map": 1])[0].values
    #expect(Deviation(open, from: expected).normalizedSquaredError <= 1e-10)
  }

  /// Each of several gates must let a token through.
  @Test func gatesJoin() throws {
    var maps = try conditioned.maps(gated: false)
    let other = try conditioned.checkpoint.fitRandomMap(caa, at: "re:model\\.layers\\.1")
    try maps.add(
      scoreOf: other, name: "other", path: "the other", model: conditioned.checkpoint, isReturned: false)
    for score in ["s", "other"] { try maps.add(Gate(map: "map", score: score)) }
    var options = CompileOptions()
    options.weights = .f32
    let model = try LanguageModel(
      conditioned.checkpoint.compile(maps, options).makeEngine(maximumSlots: 8), path: "x", tokenizer: nil)
    #expect(model.plan.scores == ["s"] && Set(model.plan.gates.map(\.score)) == ["s", "other"])
    let both = "cos(s) > -1.5 and cos(other) > -1.5"
    let open = try model.evaluate(tokens, strengths: ["map": 1])[0].values
    #expect(sameBits(try model.evaluate(tokens, strengths: steering("map=1 when \(both)"))[0].values, open))
    let bare = try model.evaluate(tokens)[0].values
    for closed in ["cos(s) > 1.5 and cos(other) < 1.5", "cos(s) < 1.5 and cos(other) > 1.5"] {
      #expect(
        sameBits(try model.evaluate(tokens, strengths: steering("map=1 when \(closed)"))[0].values, bare))
    }
  }

  @Test func plansSurviveTheirText() throws {
    let plan = try conditioned.model().plan
    #expect(try Plan(parsing: plan.description) == plan)
    #expect(plan.gates == [Gate(map: "map", score: "s")])
    let bare = try conditioned.checkpoint.compile().plan.description
    #expect(!bare.contains("gate_bound") && !bare.contains("score."))
  }

  /// Encoders test each token too, and read no prompt.
  @Test func encodersTestEachToken() throws {
    let checkpoint = try Model(fixture("tiny-bert"))
    let sites = checkpoint.sites.map(\.name)
    let first = try #require(sites.first { $0.contains("layer.0.output") })
    let last = try #require(sites.last { $0.contains("output") && $0.contains("layer") })
    let map = try checkpoint.randomMap(at: last)
    var scoring = try checkpoint.randomMap(at: first)
    scoring.score = """
      graph @s(%x: f32[T,D], %slope: f32[D]) {
        %p = mul %x, %slope : f32[T,D]
        %y = reduce_mean %p : f32[T,1]
        return %y
      }
      """
    var maps = MapSet()
    try maps.add(map, name: "map", path: "x", model: checkpoint)
    try maps.add(scoreOf: scoring, name: "s", path: "y", model: checkpoint)
    try maps.add(Gate(map: "map", score: "s"))
    var options = CompileOptions()
    options.weights = .f32
    let model = try EntryModel(
      checkpoint.compile(maps, options).makeEngine(maximumSlots: 8), path: "tiny-bert")
    let texts = [EncoderText([5, 6, 7, 8, 9], types: [0, 0, 0, 0, 0])]
    let bare = try model.run(texts)
    let open = try model.run(texts, strengths: ["map": 1])
    #expect(bare != open)
    #expect(try model.run(texts, strengths: steering("map=1 when cos(s) > -1e9")) == open)
    #expect(try model.run(texts, strengths: steering("map=1 when cos(s) > 1e9")) == bare)
    let scores = try model.run(texts, result: "score.s")[0].sorted()
    let some = try model.run(texts, strengths: steering("map=1 when cos(s) > \(scores[2])"))
    #expect(some != bare && some != open)
    #expect(throws: FileError.self) {
      try model.run(texts, strengths: steering("map=1 when mean(s) > 0"))
    }
    #expect(model.slots.holderCount == 0)
  }

  // MARK: What cannot be

  @Test(arguments: [
    ("map=1 when cos(t) > 0", "no score `t`; scores: s"),
    ("map=1 when max(t) > 0", "no score `t`; scores: s"),
    ("other=1 when cos(s) > 0", "no dial `other`"),
  ])
  func unknownNames(text: String, problem: String) throws {
    let error = try #require(throws: EngineError.self) {
      try conditioned.model().evaluate(tokens, strengths: steering(text))
    }
    #expect(error.description.contains(problem))
  }

  @Test func whatWasNotCompiledIn() throws {
    let error = try #require(throws: EngineError.self) {
      try conditioned.model(gated: false).evaluate(tokens, strengths: steering("map=1 when cos(s) > 0"))
    }
    #expect(error.description == "`map` has no gate of `s`; compile the plan with --gate map=s")
    var maps = MapSet()
    try maps.add(conditioned.map, name: "map", path: "x", model: conditioned.checkpoint)
    try maps.add(
      scoreOf: conditioned.scoring, name: "s", path: "y", model: conditioned.checkpoint, isReturned: false)
    try maps.add(Gate(map: "map", score: "s"))
    let model = try LanguageModel(
      conditioned.checkpoint.compile(maps).makeEngine(), path: "x", tokenizer: nil)
    let unreturned = try #require(throws: EngineError.self) {
      try model.evaluate(tokens, strengths: steering("map=1 when max(s) > 0"))
    }
    #expect(unreturned.description == "the plan does not return the score `s`; compile it with --score s")
  }

  @Test func scoresThatComeTooLate() throws {
    let late = try ConditionedModel(at: "re:model\\.layers\\.1")
    // At its own site a map is tested by what it finds there.
    for sites in [nil, ["model.layers.0"], ["model.layers.1"]] {
      #expect(throws: Never.self) { try late.checkpoint.compile(late.maps(scoredAt: sites)) }
    }
    let early = try ConditionedModel(at: "re:model\\.layers\\.0\\.input_layernorm")
    let refused = #expect(throws: TransportError.self) { try early.model() }
    #expect(
      refused?.problem.contains("score `s` at model.layers.0 comes after model.layers.0.input_layernorm")
        == true)
  }

  @Test func gatedMapsAreNotFrozen() throws {
    var options = CompileOptions()
    options.frozen = ["map": 1]
    let error = #expect(throws: TransportError.self) {
      try conditioned.checkpoint.compile(conditioned.maps(), options)
    }
    #expect(error?.problem.contains("a gate of `s` decides at run time") == true)
    #expect(throws: Never.self) {
      try conditioned.checkpoint.compile(conditioned.maps(gated: false), options)
    }
  }

  @Test func mapsWithoutAScore() throws {
    var maps = MapSet()
    let error = #expect(throws: FileError.self) {
      try maps.add(scoreOf: conditioned.map, name: "s", path: "x", model: conditioned.checkpoint)
    }
    #expect(error?.description.contains("expected a score function, found none") == true)
    for gate in [Gate(map: "absent", score: "s"), Gate(map: "map", score: "absent")] {
      var maps = try conditioned.maps(gated: false)
      #expect(throws: UsageError.self) { try maps.add(gate) }
    }
  }
}
