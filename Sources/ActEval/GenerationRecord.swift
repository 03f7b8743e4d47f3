import ActFormats
import ActRuntime

/// One continuation, with all that is needed to make it again: a line of a file of generations.
package struct GenerationRecord: Hashable, Sendable {
  package static let format = "act-generation/1"

  /// Which continuation of a run it is.
  package struct Key: Hashable, Sendable {
    /// Without maps that are off, which change nothing.
    package var strengths: Steering
    package var promptIndex: Int
    package var sample: Int

    package init(strengths: Steering, promptIndex: Int, sample: Int) {
      self.strengths = strengths.reduced
      self.promptIndex = promptIndex
      self.sample = sample
    }
  }

  /// From 0, in the order of the prompts.
  package var promptIndex: Int
  /// The line of the prompt's record in its file, from 1; nil for a prompt that is in none.
  package var line: Int?
  /// From 0.
  package var sample: Int
  /// The sample's own seed: a run over this prompt alone gives the same text with it.
  package var seed: UInt64
  package var strengths: Steering
  package var prompt: String
  /// What comes after the prompt.
  package var text: String
  package var tokens: [Int32]
  package var promptTokenCount: Int
  package var finish: Generation.Finish
  package var settings: GenerationSettings

  package var key: Key { Key(strengths: strengths, promptIndex: promptIndex, sample: sample) }
}

extension GenerationRecord {
  /// The record as one JSON object, which begins with its format.
  package var json: JSON {
    var members: [JSON.Member] = [
      .init("format", .string(Self.format)), .init("prompt_index", .int(promptIndex)),
    ]
    if let line { members.append(.init("line", .int(line))) }
    members += [
      .init("sample", .int(sample)), .init("seed", .number("\(seed)")),
      .init("strengths", strengthsJSON(strengths)),
    ]
    if strengths.reduced.readsPromptAgain { members.append(.init("condition_on", .string("prompt"))) }
    members += [
      .init("prompt", .string(prompt)), .init("text", .string(text)),
      .init("tokens", .array(tokens.map { .int(Int($0)) })), .init("prompt_tokens", .int(promptTokenCount)),
      .init("finish", .string(finish.rawValue)), .init("sampling", settings.sampling),
      .init("plan", settings.plan),
    ]
    return .object(members)
  }

  /// The record that a line of a file holds; `failure` makes the error of what is wrong with it.
  package init(_ json: JSON, failure: (String) -> FileError) throws(FileError) {
    func required<Value>(
      _ key: String, _ expected: String, _ read: (JSON) -> Value?
    ) throws(FileError) -> Value {
      guard let member = json[key] else { throw failure("expected `\(key)`, found none") }
      guard let value = read(member) else { throw failure("expected \(expected) in `\(key)`") }
      return value
    }
    func count(_ key: String) throws(FileError) -> Int {
      try required(key, "an integer from 0") { $0.int.flatMap { $0 >= 0 ? $0 : nil } }
    }
    let format = try required("format", "a text") { $0.string }
    guard format == Self.format else {
      throw failure("expected the format \(Self.format), found `\(format)`")
    }
    promptIndex = try count("prompt_index")
    line = json["line"]?.int
    sample = try count("sample")
    seed = try required("seed", "an integer from 0") { json in
      if case .number(let text) = json { UInt64(text) } else { nil }
    }
    strengths = try required("strengths", "a finite number for each map, or what stands after NAME=") {
      json in
      guard let members = json.members else { return nil }
      var strengths = Steering()
      for member in members {
        guard let term = Steering.Term(json: member.value) else { return nil }
        strengths.terms[member.key] = term
      }
      return strengths
    }
    if let word = json["condition_on"] {
      guard word.string == "prompt" else { throw failure("expected prompt in `condition_on`, found \(word)") }
      strengths.readsPromptAgain = true
    }
    prompt = try required("prompt", "a text") { $0.string }
    text = try required("text", "a text") { $0.string }
    tokens = try required("tokens", "an array of tokens") { json in
      guard let values = json.array else { return nil }
      let tokens = values.compactMap { $0.int.flatMap { Int32(exactly: $0) } }
      return tokens.count == values.count ? tokens : nil
    }
    promptTokenCount = try count("prompt_tokens")
    finish = try required("finish", "end or length") { $0.string.flatMap(Generation.Finish.init(rawValue:)) }
    settings = GenerationSettings(
      sampling: try required("sampling", "an object") { $0.members == nil ? nil : $0 },
      plan: try required("plan", "an object") { $0.members == nil ? nil : $0 })
  }
}

/// Strengths by map name, the names in order: numbers, and texts where a strength changes or hangs on scores.
package func strengthsJSON(_ strengths: Steering) -> JSON {
  .object(
    strengths.terms.sorted { $0.key < $1.key }.map { name, term in
      .init(name, term.strength.map { .number("\($0)") } ?? .string("\(term)"))
    })
}

extension Steering.Term {
  /// What ``strengthsJSON(_:)`` writes; nil for anything else.
  fileprivate init?(json: JSON) {
    switch json {
    case .number(let text):
      guard let value = Float(text), value.isFinite else { return nil }
      self.init(value)
    case .string(let text):
      guard let term = try? Steering.Term(parsing: text) else { return nil }
      self = term
    default: return nil
    }
  }
}
