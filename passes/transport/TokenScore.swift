import ActIR

/// A score of tokens ready to be inserted: which function, at which sites.
///
/// What conditions are about: a gate tests each token's score in the step, and the host pools the scores of a prompt.
public struct TokenScore: Sendable {
  /// The name by which conditions ask for it.
  public var name: String
  /// The score function, `(%x: f32[T,D], parameters…) -> f32[T,1]`.
  public var function: Graph
  /// The sites whose own values it reads, before any map there; of several, the score is the mean.
  public var sites: [String]
  /// The shape of each parameter at each site.
  public var shapes: [String: [String: [Int]]]
  /// Whether the graph returns it, as `score.NAME`.
  public var isReturned: Bool

  /// A score under a name; ``check(_:)`` says whether its function is one.
  public init(
    name: String, function: Graph, sites: [String], shapes: [String: [String: [Int]]] = [:],
    isReturned: Bool = true
  ) {
    self.name = name
    self.function = function
    self.sites = sites
    self.shapes = shapes
    self.isReturned = isReturned
  }

  /// What owns the parameters of the score of this name; no map has such a name.
  package static func owner(of name: String) -> String { "\(name):score" }

  /// The function's parameters: its inputs but for `x`.
  package var parameterNames: [String] {
    function.inputs.map { function[$0].name }.filter { $0 != "x" }
  }

  /// Checks that a function has the form of a score: an input `x` among its parameters, one number a row as its result,
  /// the ordinary ops only, and a result that reads `x`.
  public static func check(_ function: Graph) throws(TransportError) {
    func failure(_ problem: String) -> TransportError {
      TransportError(problem: "@\(function.name): \(problem)")
    }
    do { try function.verify() } catch { throw failure("\(error)") }
    guard let x = function.inputs.first(where: { function[$0].name == "x" }), function.type(x).rank == 2,
      function.type(x).dtype == .f32
    else { throw failure("expected an input %x: f32[T,D]") }
    if function.inputs.contains(where: { function[$0].name == "strength" }) {
      throw failure("expected a score without %strength")
    }
    let score = TensorType(.f32, [function.type(x).shape[0], .fixed(1)])
    guard function.results.count == 1, function.type(function.results[0].value) == score else {
      throw failure("expected one result of \(score)")
    }
    for id in function.order where !function[id].op.traits.flags.contains(.transports) {
      throw failure("a score is a function of its inputs; found `\(function[id].op.mnemonic)`")
    }
    guard function.upstream(of: [function.results[0].value]).contains(x) else {
      throw failure("the result does not read %x")
    }
  }
}
