import ActFormats
import ActIR

/// An activation function by the name that configurations give it.
enum Activation: Hashable, Sendable {
  case function(UnaryFunction)
  case relu
  /// The square of what is above 0.
  case squaredRelu
  /// x · sigmoid(1.702 x)
  case quickGelu
  /// x · tanh(ln(1 + eˣ))
  case mish

  private static let names: [(name: String, activation: Activation)] = [
    ("silu", .function(.silu)), ("swish", .function(.silu)), ("gelu", .function(.gelu)),
    ("gelu_python", .function(.gelu)), ("gelu_pytorch_tanh", .function(.geluTanh)),
    ("gelu_python_tanh", .function(.geluTanh)), ("gelu_new", .function(.geluTanh)),
    ("gelu_fast", .function(.geluTanh)), ("gelu_accurate", .function(.geluTanh)), ("quick_gelu", .quickGelu),
    ("relu", .relu), ("relu2", .squaredRelu), ("leaky_relu", .function(.leakyRelu(slope: 0.01))),
    ("mish", .mish), ("tanh", .function(.tanh)), ("sigmoid", .function(.sigmoid)),
  ]

  /// Reads the name under `key`.
  init(_ c: Configuration, _ key: String, default fallback: String) throws {
    try self.init(c, key, named: c.string(key, default: fallback))
  }

  /// The function of a name that stands under `key`.
  init(_ c: Configuration, _ key: String, named name: String) throws {
    guard let known = Self.names.first(where: { $0.name == name }) else {
      throw FileError.unsupported(
        c.path, key, "`\(name)` is not supported",
        next: "known: \(Self.names.map(\.name).joined(separator: ", "))")
    }
    self = known.activation
  }

  /// Appends the function of a value, where it is a module of its own as the site of its name.
  func append(to graph: inout Graph, _ x: ValueID, name: String, site: String?) -> ValueID {
    let x = site.map { graph.appendInput(x, of: $0) } ?? x
    switch self {
    case .function(let function): return graph.append(.unary(function), x, name: name, site: site)
    case .relu:
      let zero = graph.append(.constant(0), name: "zero")
      return graph.append(.binary(.max), x, zero, name: name, site: site)
    case .squaredRelu:
      let positive = Self.relu.append(to: &graph, x, name: "\(name).positive", site: nil)
      return graph.append(.binary(.mul), positive, positive, name: name, site: site)
    case .quickGelu:
      let factor = graph.append(.constant(1.702), name: "\(name).factor")
      let steeper = graph.append(.binary(.mul), x, factor, name: "\(name).steeper")
      let gate = graph.append(.unary(.sigmoid), steeper, name: "\(name).gate")
      return graph.append(.binary(.mul), x, gate, name: name, site: site)
    case .mish:
      // tanh(ln(1 + e)) = n / (n + 2), n = e (e + 2). Where x is large that is 1, before e overflows.
      func constant(_ value: Float) -> ValueID { graph.append(.constant(value), name: name) }
      let bounded = graph.append(.binary(.min), x, constant(20), name: "\(name).bounded")
      let e = graph.append(.unary(.exp), bounded, name: "\(name).exp")
      let more = graph.append(.binary(.add), e, constant(2), name: "\(name).more")
      let n = graph.append(.binary(.mul), e, more, name: "\(name).n")
      let whole = graph.append(.binary(.add), n, constant(2), name: "\(name).whole")
      let gate = graph.append(.binary(.div), n, whole, name: "\(name).gate")
      return graph.append(.binary(.mul), x, gate, name: name, site: site)
    }
  }
}
