extension LanguageModel {
  /// Continues all requests, as many together as the engine has sequences; the next one starts where one ends.
  ///
  /// A request's tokens depend on itself only, whatever runs beside it.
  /// - Parameters:
  ///   - requests: what to continue, in the order of the result.
  ///   - onToken: called for each token as it comes, with the request's index.
  ///   - onEnd: called for each request as it ends, with its index. What it throws ends the run.
  ///   - isStopped: asked after each step; once it is true, what has not ended stays as it is.
  /// - Returns: the continuations, in the order of the requests, and how long they took.
  /// - Throws: `EngineError` for an empty prompt, a dial that does not exist, or more than the plan holds, before
  ///   anything runs.
  package func generate(
    _ requests: [GenerationRequest], onToken: (_ request: Int, _ token: Int32) -> Void = { _, _ in },
    onEnd: (_ request: Int, _ generation: Generation) throws -> Void = { _, _ in },
    isStopped: () -> Bool = { false }
  ) throws -> (generations: [Generation], timing: GenerationTiming) {
    let run = try GenerationRun(self, requests)
    defer { run.close() }
    while try run.round(onToken, onEnd), !isStopped() {}
    run.keepUnfinished()
    return (run.generations, run.timing)
  }
}

/// Requests on their way through the engine.
private final class GenerationRun {
  /// A request that has a sequence.
  private struct Continuation {
    let index: Int
    let sequence: SteeredSequence
    var sampler: Sampler
    /// What comes after the prompt.
    var tokens: [Int32] = []
    /// How many tokens of the prompt and after it the model has read.
    var readCount = 0
    var finish: Generation.Finish?
  }

  private let model: LanguageModel
  private let engine: Engine
  private let requests: [GenerationRequest]
  private var live: [Continuation] = []
  /// How many may be live together.
  private let together: Int
  /// The first request that has not started.
  private var next = 0
  private(set) var generations: [Generation]
  private(set) var timing = GenerationTiming()

  /// The step in the making.
  private var queue: SteeredQueue
  private var promptRowCount = 0

  init(_ model: LanguageModel, _ requests: [GenerationRequest]) throws {
    self.model = model
    engine = model.engine
    self.requests = requests
    queue = SteeredQueue(model)
    generations = Array(repeating: Generation(), count: requests.count)
    together = model.mostTogether(requests.lazy.map(\.strengths))
    // Whatever cannot run is found before anything does.
    for request in requests {
      guard !request.prompt.isEmpty else {
        throw EngineError("an empty prompt; the model needs at least one token")
      }
      try engine.check(request.strengths)
      let length = request.prompt.count + request.maximumTokens
      guard length <= model.contextLength else {
        throw EngineError("a sequence of \(length) tokens; the plan's context is \(model.contextLength)")
      }
    }
    live.reserveCapacity(min(together, requests.count))
  }

  /// Takes over the tokens of what has not ended.
  func keepUnfinished() {
    for continuation in live {
      generations[continuation.index].tokens = continuation.tokens
      generations[continuation.index].finish = .stopped
    }
  }

  func close() {
    for continuation in live { model.close(continuation.sequence) }
    live = []
  }

  /// Starts what there is room for, reads what each sequence has not read, and takes the next token of each; whether
  /// there was anything to do.
  func round(
    _ onToken: (Int, Int32) -> Void, _ onEnd: (Int, Generation) throws -> Void
  ) throws -> Bool {
    while live.count < together, next < requests.count {
      try start(next)
      next += 1
    }
    if live.isEmpty { return false }
    for index in live.indices {
      let request = requests[live[index].index]
      let sequence = live[index].sequence
      if sequence.beginsAgain {
        live[index].readCount = 0
        sequence.begin()
      }
      let length = request.prompt.count + live[index].tokens.count
      let isWanted = !sequence.isProvisional
      while live[index].readCount < length {
        let position = live[index].readCount
        let isPrompt = position < request.prompt.count
        let token = isPrompt ? request.prompt[position] : live[index].tokens[position - request.prompt.count]
        let owner = isWanted && position == length - 1 ? index : nil
        while try !queue.add(token, at: position, of: sequence, owner: owner) { try step(onToken) }
        live[index].readCount += 1
        if isPrompt { promptRowCount += 1 }
      }
    }
    try step(onToken)
    try finish(onEnd)
    return true
  }

  private func start(_ index: Int) throws {
    let request = requests[index]
    let sequence = try model.open(
      request.strengths, promptCount: request.prompt.count,
      capacity: request.prompt.count + request.maximumTokens)
    var sampler = Sampler(request.sampling, vocabularySize: model.vocabularySize)
    for token in request.prompt { sampler.observe(token) }
    live.append(Continuation(index: index, sequence: sequence, sampler: sampler))
    live[live.count - 1].tokens.reserveCapacity(request.maximumTokens)
    timing.promptTokens += request.prompt.count
  }

  /// Runs the rows that have come together, and takes a token for each wanted one.
  private func step(_ onToken: (Int, Int32) -> Void) throws {
    let rowCount = queue.count
    guard rowCount > 0 else { return }
    let started = ContinuousClock.now
    try queue.run { owner, index in advance(owner, model.logits(index), onToken) }
    let time = ContinuousClock.now - started
    let prefill = time * Double(promptRowCount) / Double(rowCount)
    timing.prefill += prefill
    timing.decode += time - prefill
    promptRowCount = 0
  }

  /// Takes the next token of a continuation, or ends it.
  private func advance(
    _ index: Int, _ logits: UnsafeBufferPointer<Float>, _ onToken: (Int, Int32) -> Void
  ) {
    let request = requests[live[index].index]
    guard request.maximumTokens > 0 else {
      live[index].finish = .length
      return
    }
    let token = live[index].sampler.sample(logits)
    if request.stopTokens.contains(token) {
      live[index].finish = .end
      return
    }
    live[index].tokens.append(token)
    timing.generatedTokens += 1
    onToken(live[index].index, token)
    if live[index].tokens.count == request.maximumTokens { live[index].finish = .length }
  }

  /// Hands out the continuations that have ended, and closes their sequences.
  private func finish(_ onEnd: (Int, Generation) throws -> Void) throws {
    var index = 0
    while index < live.count {
      guard let finish = live[index].finish else {
        index += 1
        continue
      }
      let ended = live.remove(at: index)
      model.close(ended.sequence)
      generations[ended.index].tokens = ended.tokens
      generations[ended.index].finish = finish
      try onEnd(ended.index, generations[ended.index])
    }
  }
}
