import ActIR

/// How the activations of a fit become samples, as commands, map files and sample files say it.
package struct SampleDescription: Hashable, Sendable {
  package var order = FitOrder.causal
  package var pooling = Pooling.mean
  /// The tokens to which the maps apply. Positions that it skips at the start of a sequence are left out of the fit too.
  package var scope = TokenScope.all
  /// The steps of denoising at which the maps apply, where pictures are made.
  package var steps = DenoisingSteps.all
  /// Of a network of a pipeline, how prompts become samples.
  package var prompts: PromptDescription?

  package init() {}
}

/// How a map was fitted, as its file says it.
package struct FitDescription: Hashable, Sendable {
  /// What fitted the parameters; information for people, which no program looks up.
  package struct Method: Hashable, Sendable {
    package var name: String
    package var version: String
    /// What was chosen, or stood by default, for each of the method's options.
    package var options: [String: String]

    package init(_ name: String, version: String, options: [String: String] = [:]) {
      self.name = name
      self.version = version
      self.options = options
    }

    /// What was chosen for each option, in the order of their names.
    package var choices: [String] { options.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" } }
  }

  /// One of the words that this version knows, or another, such as a program in another language may write.
  package enum Word<Value: RawRepresentable<String> & Hashable & Sendable>: Hashable, Sendable,
    CustomStringConvertible
  {
    case known(Value)
    case other(String)

    package init(_ text: String) { self = Value(rawValue: text).map(Self.known) ?? .other(text) }

    package var description: String {
      switch self {
      case .known(let value): value.rawValue
      case .other(let text): text
      }
    }
  }

  package var method: Method
  /// The tokens to which the maps apply.
  package var scope = TokenScope.all
  /// The steps of denoising at which the maps apply, where pictures are made.
  package var steps = DenoisingSteps.all
  /// Of a network of a pipeline, how prompts became samples.
  package var prompts: PromptDescription?
  package var support: Word<Support>?
  package var pooling: Word<Pooling>?
  package var order: Word<FitOrder>?

  /// What a file says at least: `method`, on all tokens.
  package init(_ method: Method) { self.method = method }

  /// Maps of `method` under `support`, fitted on `samples`.
  package init(_ method: Method, support: Support, _ samples: SampleDescription) {
    self.init(method)
    scope = samples.scope
    steps = samples.steps
    prompts = samples.prompts
    self.support = .known(support)
    pooling = .known(samples.pooling)
    order = .known(samples.order)
  }
}

// MARK: In a file's metadata

extension TokenScope {
  fileprivate var entries: [(key: String, value: String)] {
    [("token_scope", description), ("skip_first", String(skippedPositions))]
  }
}

/// What a file says of prompts, in its order; nothing where there are none.
private func entries(
  _ steps: DenoisingSteps, _ prompts: PromptDescription?
) -> [(key: String, value: String)] {
  (steps == .all ? [] : [("step_scope", steps.description)])
    + (prompts.map { [("prompts", $0.json.description)] } ?? [])
}

extension SampleDescription {
  /// All of it, in the order of the file.
  package var entries: [(key: String, value: String)] {
    scope.entries + [("pooling", pooling.rawValue), ("fit_order", order.rawValue)]
      + ActFormats.entries(steps, prompts)
  }

  init(_ entries: FileMetadata) throws(FileError) {
    scope = try entries.scope()
    pooling = try entries.word("pooling")
    order = try entries.word("fit_order")
    steps = try entries.steps()
    prompts = try entries.prompts()
  }
}

extension FitDescription {
  /// All but the method, in the order of the file.
  package var entries: [(key: String, value: String)] {
    var entries = scope.entries
    let words = [
      ("support", support?.description), ("pooling", pooling?.description), ("fit_order", order?.description),
    ]
    for (key, word) in words { if let word { entries.append((key, word)) } }
    return entries + ActFormats.entries(steps, prompts)
  }

  init(_ entries: FileMetadata) throws(FileError) {
    method = Method(
      try entries.text("method"), version: try entries.text("method_version"),
      options: try entries.dictionary("method_options", \.string))
    scope = try entries.scope()
    steps = try entries.steps()
    prompts = try entries.prompts()
    support = entries.file.metadata("support").map { Word($0) }
    pooling = entries.file.metadata("pooling").map { Word($0) }
    order = entries.file.metadata("fit_order").map { Word($0) }
  }
}

extension FitDescription.Method {
  var entries: [(key: String, value: String)] {
    let options = options.isEmpty ? nil : FileMetadata.object(options, JSON.string)
    return [("method", name), ("method_version", version)] + (options.map { [("method_options", $0)] } ?? [])
  }
}

extension FileMetadata {
  fileprivate func scope() throws(FileError) -> TokenScope {
    let text = try text("token_scope")
    guard let scope = TokenScope(text, skippedPositions: try count("skip_first")) else {
      throw failure(
        "token_scope", "expected \(TokenScope.expected), found `\(text)`")
    }
    return scope
  }

  fileprivate func steps() throws(FileError) -> DenoisingSteps {
    guard file.metadata("step_scope") != nil else { return .all }
    let text = try text("step_scope")
    guard let steps = DenoisingSteps(text) else {
      throw failure("step_scope", "expected \(DenoisingSteps.expected), found `\(text)`")
    }
    return steps
  }

  fileprivate func prompts() throws(FileError) -> PromptDescription? {
    guard file.metadata("prompts") != nil else { return nil }
    guard let prompts = PromptDescription(try json("prompts")) else {
      throw failure("prompts", "expected how prompts became samples", next: "use a newer actc")
    }
    return prompts
  }

  fileprivate func word<Value: RawRepresentable<String> & CaseIterable>(
    _ key: String
  ) throws(FileError) -> Value {
    let text = try text(key)
    guard let value = Value(rawValue: text) else {
      let known = Value.allCases.map(\.rawValue).joined(separator: ", ")
      throw failure(key, "expected \(known), found `\(text)`", next: "use a newer actc")
    }
    return value
  }
}

// MARK: Comparing

extension SampleDescription {
  /// The first of `entries`, those of a file, that says something else: its key, what is found, what this says.
  package func difference(
    in entries: [(key: String, value: String)]
  ) -> (key: String, found: String, expected: String)? {
    for (key, expected) in self.entries {
      let found = entries.first { $0.key == key }?.value
      if found != expected { return (key, found ?? "nothing", expected) }
    }
    return nil
  }
}
