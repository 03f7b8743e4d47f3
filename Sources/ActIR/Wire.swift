/// Where a module of several takes an input from, unless the caller gives it: a result of a module before it.
public struct Wire: Hashable, Sendable {
  /// The input.
  public var input: String
  /// The result that it is.
  public var result: String
  /// The module that has the result.
  public var module: String

  /// A wire to `input` from `result` of `module`.
  public init(_ input: String, from result: String, of module: String) {
    self.input = input
    self.result = result
    self.module = module
  }
}
