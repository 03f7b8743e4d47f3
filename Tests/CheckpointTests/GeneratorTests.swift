import ActCompile
import ActRuntime
import ModelChecks
import Testing

@Suite struct GeneratorTests {
  private let checkpoint: Model

  init() throws { checkpoint = try Model(fixture("tiny-plain")) }

  private func model(rows: Int = 24, maximumSequences: Int = 8, maximumSlots: Int = 4) throws -> LanguageModel
  {
    let map = try checkpoint.fitRandomMap(at: "re:model\\.(norm|.*o_proj)")
    let engine = try checkpoint.makeEngine(
      steeredBy: map, rows: rows, maximumSequences: maximumSequences, maximumSlots: maximumSlots)
    return try LanguageModel(engine, path: "tiny-plain", tokenizer: nil)
  }

  private func request(_ length: Int, tokens: Int = 20, seed: UInt64 = 0, strength: Float = 0)
    -> GenerationRequest
  {
    var request = GenerationRequest(prompt: randomPrompt(length, seed: seed + 100), maximumTokens: tokens)
    request.sampling.seed = seed
    request.sampling.temperature = 1.5
    if strength != 0 { request.strengths = [steeringMap: strength] }
    return request
  }

  /// Greedy text is what repeated whole forward passes give.
  @Test(arguments: [0, 1] as [Float])
  func greedyEqualsArgmaxOfWholeForwards(strength: Float) throws {
    let model = try model(rows: 64)
    var request = request(7, strength: strength)
    request.sampling = .greedy
    let tokens = try model.generate([request]).generations[0].tokens
    #expect(tokens.count == 20)
    var text = request.prompt
    for token in tokens {
      let logits = try #require(try model.evaluate(text, strengths: request.strengths).first).values.suffix(
        320)
      let highest = try #require(logits.max())
      #expect(logits.firstIndex(of: highest).map { Int32($0 - logits.startIndex) } == token)
      text.append(token)
    }
  }

  /// Prompts longer than a step, of several strengths and seeds: together each as alone, at any number of rows.
  @Test(arguments: [3, 24, 100])
  func aBatchEqualsEachAlone(rows: Int) throws {
    let model = try model(rows: rows)
    let strengths: [Float] = [0, 0.5, 1, 0.5, 0, 1]
    let requests = strengths.enumerated().map { index, strength in
      request(5 + 9 * index, tokens: 6 + 5 * index, seed: UInt64(index), strength: strength)
    }
    let together = try model.generate(requests).generations
    for (request, generation) in zip(requests, together) {
      #expect(generation.tokens.count == request.maximumTokens)
      #expect(try model.generate([request]).generations == [generation])
    }
    #expect(Set(together.map { $0.tokens.prefix(6) }).count == 6)
    #expect(try model.generate(requests).generations == together)
  }

  @Test func threadsDoNotMatter() throws {
    let requests = (0..<4).map { request(6 + $0, seed: UInt64($0)) }
    let texts = try [1, 2, 3].map { threads in
      let engine = try checkpoint.makeEngine(threads: threads)
      return try LanguageModel(engine, path: "tiny-plain", tokenizer: nil).generate(requests).generations
    }
    #expect(texts[0] == texts[1])
    #expect(texts[0] == texts[2])
  }

  @Test func strengthAndSeedChangeTheText() throws {
    let model = try model()
    var other = request(9, strength: 1)
    let bare = try model.generate([request(9)]).generations
    #expect(try model.generate([other]).generations != bare)
    other.strengths = [steeringMap: 0]
    #expect(try model.generate([other]).generations == bare)
    other.sampling.seed = 77
    #expect(try model.generate([other]).generations != bare)
  }

  /// More requests than sequences: one starts where another ends, and each is as alone.
  @Test(arguments: [1, 2, 5])
  func theNextOneStartsWhereOneEnds(sequences: Int) throws {
    let requests = (0..<9).map { request(3 + 7 * $0 % 20, tokens: 1 + 5 * $0 % 17, seed: UInt64($0)) }
    let alone = try requests.map { try model().generate([$0]).generations[0] }
    let together = try model(maximumSequences: sequences)
    var (tokens, ended): ([Int: [Int32]], [Int: Generation]) = ([:], [:])
    let (generations, timing) = try together.generate(
      requests, onToken: { tokens[$0, default: []].append($1) },
      onEnd: { index, generation in
        #expect(ended.updateValue(generation, forKey: index) == nil)
      })
    #expect(generations == alone)
    #expect(requests.indices.allSatisfy { ended[$0] == alone[$0] && tokens[$0] == alone[$0].tokens })
    #expect(timing.promptTokens == requests.reduce(0) { $0 + $1.prompt.count })
    #expect(timing.generatedTokens == requests.reduce(0) { $0 + $1.maximumTokens })
    #expect(timing.prefill > .zero && timing.decode > .zero)
  }

  /// What a caller throws ends the run, and its sequences are closed.
  @Test func aCallerMayEndTheRun() throws {
    struct Enough: Error {}
    let model = try model(maximumSequences: 2)
    var count = 0
    #expect(throws: Enough.self) {
      try model.generate((0..<6).map { request(9, tokens: 3, seed: $0) }) { _, _ in
      } onEnd: { _, _ in
        count += 1
        if count == 3 { throw Enough() }
      }
    }
    #expect(count == 3)
    #expect(try model.generate([request(9), request(8)]).generations.count == 2)
  }

  @Test func stopTokensEndTheText() throws {
    let model = try model()
    let free = try model.generate([request(9)]).generations[0].tokens
    let index = try #require(free.indices.first { $0 >= 4 && !free[..<$0].contains(free[$0]) })
    var stopped = request(9)
    stopped.stopTokens = [free[index]]
    var seen: [Int32] = []
    let (generations, timing) = try model.generate([stopped, request(4, seed: 5)]) {
      if $0 == 0 { seen.append($1) }
    }
    #expect(generations[0].tokens == Array(free[..<index]))
    #expect(generations.map(\.finish) == [.end, .length])
    #expect(seen == generations[0].tokens)
    #expect(generations[1].tokens.count == 20)
    #expect(timing.generatedTokens == index + 20)
    #expect(timing.promptTokens == 13)
  }

  @Test func limits() throws {
    let model = try model(maximumSequences: 2, maximumSlots: 2)
    #expect(try model.generate([request(9, tokens: 0)]).generations.map(\.tokens) == [[]])
    #expect(try model.generate([request(9, tokens: 1)]).generations[0].tokens.count == 1)
    #expect(try model.generate([]).generations.isEmpty)
    #expect(throws: EngineError.self) {
      try model.generate([GenerationRequest(prompt: [], maximumTokens: 3)])
    }
    #expect(throws: EngineError.self) { try model.generate([request(9, tokens: 512)]) }
    // One at a time, where there are fewer slots than strengths.
    let strengths = [request(9, strength: 1), request(9, strength: 2)]
    let alone = try strengths.map { try self.model().generate([$0]).generations[0] }
    #expect(try model.generate(strengths).generations == alone)
    var unknown = request(9)
    unknown.strengths = ["absent": 0]
    #expect(throws: EngineError.self) { try model.generate([unknown]) }
    // What failed has closed its sequences.
    #expect(try model.generate([request(9), request(8)]).generations.count == 2)
    #expect(try model.generate([request(12, tokens: 500)]).generations[0].tokens.count == 500)
  }
}
