import ActIR

/// How the activations of a fit become samples, as commands, map files and sample files say it.
package struct SampleDescription: Hashable, Sendable {
  package var order = FitOrder.causal
  package var pooling = Pooling.mean
  /// The tokens to which the maps apply. Positions that it skips at the start of a sequence are left out of the fit too.
  package var scope = TokenScope.all

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
  package var support: Word<Support>?
  package var pooling: Word<Pooling>?
  package var order: Word<FitOrder>?

  /// What a file says at least: `method`, on all tokens.
  package init(_ method: Method) { self.method = method }

  /// Maps of `method` under `support`, fitted on `samples`.
  package init(_ method: Method, support: Support, _ samples: SampleDescription) {
    self.init(method)
    scope = samples.scope
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

extension SampleDescription {
  /// All of it, in the order of the file.
  package var entries: [(key: String, value: String)] {
    scope.entries + [("pooling", pooling.rawValue), ("fit_order", order.rawValue)]
  }

  init(_ entries: FileMetadata) throws(FileError) {
    scope = try entries.scope()
    pooling = try entries.word("pooling")
    order = try entries.word("fit_order")
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
    return entries
  }

  init(_ entries: FileMetadata) throws(FileError) {
    method = Method(
      try entries.text("method"), version: try entries.text("method_version"),
      options: try entries.dictionary("method_options", \.string))
    scope = try entries.scope()
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
