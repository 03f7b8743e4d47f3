import ActFormats
import ActIR

/// An activation function by the name that configurations give it.
enum Activation: Hashable, Sendable {
  case function(UnaryFunction)
  case relu

  private static let names: [(name: String, activation: Activation)] = [
    ("silu", .function(.silu)), ("swish", .function(.silu)), ("gelu", .function(.gelu)),
    ("gelu_pytorch_tanh", .function(.geluTanh)), ("gelu_new", .function(.geluTanh)), ("relu", .relu),
    ("tanh", .function(.tanh)),
  ]

  /// Reads the name under `key`.
  init(_ c: Configuration, _ key: String, default fallback: String) throws {
    let name = try c.string(key, default: fallback)
    guard let known = Self.names.first(where: { $0.name == name }) else {
      throw FileError.unsupported(
        c.path, key, "`\(name)` is not supported",
        next: "known: \(Self.names.map(\.name).joined(separator: ", "))")
    }
    self = known.activation
  }

  /// Appends the function of a value.
  func append(to graph: inout Graph, _ x: ValueID, name: String, site: String?) -> ValueID {
    switch self {
    case .function(let function): return graph.append(.unary(function), x, name: name, site: site)
    case .relu:
      let zero = graph.append(.constant(0), name: "zero")
      return graph.append(.binary(.max), x, zero, name: name, site: site)
    }
  }
}
