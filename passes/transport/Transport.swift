import ActErrors
import ActIR

/// A map ready to be inserted: which function, at which sites, under which dial.
public struct Transport: Sendable {
  /// The name of the map, of its dial and of its parameters' owner.
  public var name: String
  /// The transport function, `(%x, parameters…, %strength) -> y`.
  public var function: Graph
  /// The sites at which it is inserted, by name.
  public var sites: [String]
  /// The tokens to which the map applies.
  public var scope: TokenScope
  /// The shape of each parameter at each site, from which the function's symbols are solved. A parameter without one has
  /// sizes that the function itself or the type at the site gives.
  public var shapes: [String: [String: [Int]]]
  /// The scores by which its tokens may be tested at run time, by name.
  public var gates: [String] = []

  /// A map under the name of its dial; ``check(_:)`` says whether its function is a transport.
  public init(
    name: String, function: Graph, sites: [String], scope: TokenScope = .all,
    shapes: [String: [String: [Int]]] = [:]
  ) {
    self.name = name
    self.function = function
    self.sites = sites
    self.scope = scope
    self.shapes = shapes
  }

  /// The most numbers that a value of the function may have at a site, and how many times those of `x` it may have for
  /// each row of a call. A function of a few lines could ask for any amount of memory: by the outer product of two long
  /// vectors, or by joining columns again and again.
  static let (mostElements, mostElementsOfRow, mostTimesX) = (1 << 28, 1 << 20, 16)

  /// The function's parameters at a site: its inputs but for `x` and `strength`.
  public var parameterNames: [String] {
    function.inputs.map { function[$0].name }.filter { $0 != "x" && $0 != "strength" }
  }

  /// Checks that a function has the form of a transport: inputs `x` and `strength` among its parameters, one result of
  /// x's type, the ordinary ops only, and a result that reads the strength.
  public static func check(_ function: Graph) throws(TransportError) {
    func failure(_ problem: String) -> TransportError {
      TransportError(problem: "@\(function.name): \(problem)")
    }
    do { try function.verify() } catch { throw failure("\(error)") }
    let inputs = Dictionary(uniqueKeysWithValues: function.inputs.map { (function[$0].name, $0) })
    guard let x = inputs["x"], function.type(x).rank == 2, function.type(x).dtype == .f32 else {
      throw failure("expected an input %x: f32[T,D]")
    }
    guard let strength = inputs["strength"], function.type(strength) == TensorType(.f32, []) else {
      throw failure("expected an input %strength: f32[]")
    }
    guard function.results.count == 1, function.type(function.results[0].value) == function.type(x) else {
      throw failure("expected one result of \(function.type(x))")
    }
    for id in function.order where !function[id].op.traits.flags.contains(.transports) {
      throw failure("a transport is a function of its inputs; found `\(function[id].op.mnemonic)`")
    }
    var reads: Set<ValueID> = [strength]
    for id in function.order where !reads.isDisjoint(with: function[id].inputs) { reads.insert(id) }
    guard reads.contains(function.results[0].value) else {
      throw failure("the result does not read %strength")
    }
  }
}

/// A transport that cannot be inserted.
public struct TransportError: ToolError, Hashable {
  /// What was expected of it, and what was found.
  public var problem: String
  public var exitStatus: ExitStatus { .badFile }
  public var description: String { problem }
}
