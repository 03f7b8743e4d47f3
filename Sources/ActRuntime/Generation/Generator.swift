import ActFormats

/// A text to continue.
package struct GenerationRequest: Sendable {
  /// Token ids.
  package var prompt: [Int32]
  package var maximumTokens: Int
  /// By map name; maps that are not named are off.
  package var strengths: [String: Float] = [:]
  package var sampling = SamplingOptions()
  /// Tokens that end the text.
  package var stopTokens: Set<Int32> = []

  package init(prompt: [Int32], maximumTokens: Int) {
    self.prompt = prompt
    self.maximumTokens = maximumTokens
  }
}

/// What came of a request.
package struct Generation: Hashable, Sendable {
  /// The tokens after the prompt, without the one that ended them.
  package var tokens: [Int32] = []
}

/// How long the parts of a generation took.
package struct GenerationTiming: Hashable, Sendable {
  package var promptTokens = 0
  package var generatedTokens = 0
  package var prefill: Duration = .zero
  package var decode: Duration = .zero
}

extension LanguageModel {
  /// Continues all requests together: prompts in chunks of rows, then a row a sequence and step.
  ///
  /// A request's tokens depend on itself only, whatever runs beside it.
  /// - Parameters:
  ///   - requests: what to continue, in the order of the result.
  ///   - onToken: called for each token as it comes, with the request's index.
  /// - Returns: the continuations, in the order of the requests, and how long they took.
  /// - Throws: `EngineError` for an empty prompt, a dial that does not exist, or more than the plan holds.
  package func generate(
    _ requests: [GenerationRequest], onToken: (_ request: Int, _ token: Int32) -> Void = { _, _ in }
  ) throws -> (generations: [Generation], timing: GenerationTiming) {
    let run = GenerationRun(self)
    defer { run.close() }
    for request in requests { try run.add(request) }
    var timing = GenerationTiming()
    let clock = ContinuousClock()
    timing.prefill = try clock.measure { try run.prefill(onToken) }
    timing.decode = try clock.measure { try run.decode(onToken) }
    timing.promptTokens = requests.reduce(0) { $0 + $1.prompt.count }
    let generations = run.generations
    timing.generatedTokens = generations.reduce(0) { $0 + $1.tokens.count }
    return (generations, timing)
  }
}

/// Requests on their way through the engine.
private final class GenerationRun {
  private struct Continuation {
    let request: GenerationRequest
    let sequence: Int32
    var sampler: Sampler
    var generation = Generation()
  }

  private let model: LanguageModel
  private let engine: Engine
  private var slots: SlotAssignment
  private var continuations: [Continuation] = []
  /// The rows of the next decoding steps, and the continuation of each.
  private var rows: [Row] = []
  private var owners: [Int] = []

  init(_ model: LanguageModel) {
    self.model = model
    engine = model.engine
    slots = SlotAssignment(model.plan)
  }

  var generations: [Generation] { continuations.map(\.generation) }

  func add(_ request: GenerationRequest) throws {
    guard !request.prompt.isEmpty else {
      throw EngineError("an empty prompt; the model needs at least one token")
    }
    // Unknown dials are found before anything runs.
    _ = try slot(request, at: 0)
    let sequence = try engine.openSequence(capacity: request.prompt.count + request.maximumTokens)
    var sampler = Sampler(request.sampling, vocabularySize: model.vocabularySize)
    for token in request.prompt { sampler.observe(token) }
    var continuation = Continuation(request: request, sequence: sequence, sampler: sampler)
    continuation.generation.tokens.reserveCapacity(request.maximumTokens)
    continuations.append(continuation)
  }

  func close() {
    for continuation in continuations { engine.closeSequence(continuation.sequence) }
  }

  /// Reads all prompts, and takes the first token of each continuation.
  func prefill(_ onToken: (Int, Int32) -> Void) throws {
    var chunk: [Row] = []
    var ends: [Int32] = []
    var finished: [Int] = []
    func flush() throws {
      guard !chunk.isEmpty else { return }
      try engine.step(chunk, logitRows: ends)
      for (position, index) in finished.enumerated() { try advance(index, model.logits(position), onToken) }
      chunk.removeAll(keepingCapacity: true)
      ends = []
      finished = []
    }
    for (index, continuation) in continuations.enumerated() {
      let request = continuation.request
      for (position, token) in request.prompt.enumerated() {
        chunk.append(
          Row(
            token: token, position: Int32(position), sequence: continuation.sequence,
            slot: try slot(request, at: position)))
        if position == request.prompt.count - 1 {
          ends.append(Int32(chunk.count - 1))
          finished.append(index)
        }
        if chunk.count == engine.maximumRows { try flush() }
      }
    }
    try flush()
  }

  /// Takes tokens until every continuation has ended.
  func decode(_ onToken: (Int, Int32) -> Void) throws {
    var (current, currentOwners): ([Row], [Int]) = ([], [])
    while !rows.isEmpty {
      swap(&current, &rows)
      swap(&currentOwners, &owners)
      rows.removeAll(keepingCapacity: true)
      owners.removeAll(keepingCapacity: true)
      // More sequences than rows of a step take several.
      for start in stride(from: 0, to: current.count, by: engine.maximumRows) {
        let end = min(start + engine.maximumRows, current.count)
        try engine.step(current[start..<end], logitRows: 0..<Int32(end - start))
        for index in start..<end { try advance(currentOwners[index], model.logits(index - start), onToken) }
      }
    }
  }

  /// Takes the next token of a continuation and, unless that ended it, its row for the next step.
  private func advance(
    _ index: Int, _ logits: UnsafeBufferPointer<Float>, _ onToken: (Int, Int32) -> Void
  ) throws {
    let request = continuations[index].request
    guard request.maximumTokens > 0 else { return }
    let token = continuations[index].sampler.sample(logits)
    if request.stopTokens.contains(token) { return }
    continuations[index].generation.tokens.append(token)
    onToken(index, token)
    let count = continuations[index].generation.tokens.count
    guard count < request.maximumTokens else { return }
    let position = request.prompt.count + count - 1
    rows.append(
      Row(
        token: token, position: Int32(position), sequence: continuations[index].sequence,
        slot: try slot(request, at: position)))
    owners.append(index)
  }

  private func slot(_ request: GenerationRequest, at position: Int) throws -> Int32 {
    try slots.slot(request.strengths, position: position, promptCount: request.prompt.count, on: engine)
  }
}
