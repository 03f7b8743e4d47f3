/// Where a module of several takes an input from, unless the caller gives it: results of modules before it.
public struct Wire: Hashable, Sendable {
  /// A result of a module.
  public struct Source: Hashable, Sendable {
    /// The result.
    public var result: String
    /// The module that has it.
    public var module: String

    /// The result `result` of `module`.
    public init(_ result: String, of module: String) {
      self.result = result
      self.module = module
    }
  }

  /// Some of the rows of an entry.
  public enum Part: Hashable, Sendable {
    /// The rows of results, side by side along the channels; where the input has more channels, these are 0.
    case results([Source])
    /// So many rows of 0.
    case zeros(Int)
  }

  /// The input.
  public var input: String
  /// The rows of each entry, one part after the other.
  public var parts: [Part]

  /// A wire to `input` from `result` of `module`.
  public init(_ input: String, from result: String, of module: String) {
    self.init(input, [.results([Source(result, of: module)])])
  }

  /// A wire to `input` whose rows are those of `parts`.
  public init(_ input: String, _ parts: [Part]) {
    self.input = input
    self.parts = parts
  }

  /// All results that it leads from.
  public var sources: [Source] {
    parts.flatMap { part -> [Source] in
      if case .results(let sources) = part { return sources }
      return []
    }
  }

  /// The only result that it leads from, as it is; nil for a wire that joins several.
  public var onlySource: Source? {
    guard parts.count == 1, sources.count == 1 else { return nil }
    return sources[0]
  }
}
