import ActFormats

/// A text to continue.
public struct GenerationRequest: Sendable {
  public var prompt: [Int32]
  public var maximumTokens: Int
  public var strengths: [String: Float] = [:]
  public var sampling = SamplingOptions()
  /// Tokens that end the text.
  public var stopTokens: Set<Int32> = []

  public init(prompt: [Int32], maximumTokens: Int) {
    self.prompt = prompt
    self.maximumTokens = maximumTokens
  }
}

/// What came of a request.
public struct Generation: Hashable, Sendable {
  /// The tokens after the prompt, without the one that ended them.
  public var tokens: [Int32] = []
}

/// How long the parts of a generation took.
public struct GenerationTiming: Hashable, Sendable {
  public var promptTokens = 0
  public var generatedTokens = 0
  public var prefill: Duration = .zero
  public var decode: Duration = .zero
}

extension LanguageModel {
  /// Continues all requests together: prompts in chunks of rows, then a row a sequence and step.
  ///
  /// A request's tokens depend on itself only, whatever runs beside it.
  /// - Parameter onToken: called for each token as it comes, with the request's index.
  public func generate(
    _ requests: [GenerationRequest], onToken: (_ request: Int, _ token: Int32) -> Void = { _, _ in }
  ) throws -> (generations: [Generation], timing: GenerationTiming) {
    let slots = try assignSlots(requests.map(\.strengths))
    var sequences: [Int32] = []
    defer { for sequence in sequences { engine.closeSequence(sequence) } }
    for request in requests {
      guard !request.prompt.isEmpty else { throw EngineError("an empty prompt; the model needs at least one token") }
      sequences.append(try engine.openSequence(capacity: request.prompt.count + request.maximumTokens))
    }
    var samplers = requests.map { request in
      var sampler = Sampler(request.sampling, vocabularySize: vocabularySize)
      for token in request.prompt { sampler.observe(token) }
      return sampler
    }
    var generations = Array(repeating: Generation(), count: requests.count)
    var active = [Bool](repeating: true, count: requests.count)
    var timing = GenerationTiming()
    let clock = ContinuousClock()

    /// Samples for each request in `indices`, whose logits are the step's, in order; returns the rows to run next.
    func advance(_ indices: [Int], _ rows: inout [Row]) {
      for (position, index) in indices.enumerated() {
        let request = requests[index]
        guard generations[index].tokens.count < request.maximumTokens else {
          active[index] = false
          continue
        }
        let token = samplers[index].sample(logits(position))
        if request.stopTokens.contains(token) {
          active[index] = false
          continue
        }
        generations[index].tokens.append(token)
        timing.generatedTokens += 1
        onToken(index, token)
        guard generations[index].tokens.count < request.maximumTokens else {
          active[index] = false
          continue
        }
        rows.append(
          Row(
            token: token, position: Int32(request.prompt.count + generations[index].tokens.count - 1),
            sequence: sequences[index], slot: slots[index]))
      }
    }

    var next: [Row] = []
    timing.prefill = try clock.measure {
      var chunk: [Row] = []
      var wanted: [Int32] = []
      var finished: [Int] = []
      func flush() throws {
        guard !chunk.isEmpty else { return }
        try engine.step(chunk, logitRows: wanted)
        advance(finished, &next)
        chunk.removeAll(keepingCapacity: true)
        wanted = []
        finished = []
      }
      for (index, request) in requests.enumerated() {
        timing.promptTokens += request.prompt.count
        for (position, token) in request.prompt.enumerated() {
          chunk.append(
            Row(token: token, position: Int32(position), sequence: sequences[index], slot: slots[index]))
          if position == request.prompt.count - 1 {
            wanted.append(Int32(chunk.count - 1))
            finished.append(index)
          }
          if chunk.count == engine.maximumRows { try flush() }
        }
      }
      try flush()
    }
    timing.decode = try clock.measure {
      var (running, indices): ([Row], [Int]) = ([], [])
      while !next.isEmpty {
        swap(&running, &next)
        next.removeAll(keepingCapacity: true)
        // More sequences than rows of a step take several.
        for start in stride(from: 0, to: running.count, by: engine.maximumRows) {
          let part = running[start..<min(start + engine.maximumRows, running.count)]
          try engine.step(part, logitRows: 0..<Int32(part.count))
          indices.removeAll(keepingCapacity: true)
          for row in part { indices.append(sequences.firstIndex(of: row.sequence)!) }
          advance(indices, &next)
        }
      }
    }
    return (generations, timing)
  }

  /// Gives each distinct set of strengths a slot and sets it; the bare model is slot 0.
  func assignSlots(_ strengths: [[String: Float]]) throws -> [Int32] {
    var slots: [[String: Float]: Int32] = [:]
    return try strengths.map { strengths in
      if let slot = slots[strengths] { return slot }
      let bare = strengths.values.allSatisfy { $0 == 0 }
      let used = Int32(slots.values.filter { $0 != 0 }.count)
      let slot = bare ? 0 : used + 1
      // Also for slot 0, so that an unknown dial is an error at strength 0 too.
      try engine.setStrengths(strengths, slot: Int(slot))
      slots[strengths] = slot
      return slot
    }
  }
}
