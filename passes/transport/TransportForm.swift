import ActIR
import Glibc

/// What a transport function makes of an activation's channels, which tells where its maps fold.
public enum TransportForm: String, Hashable, Sendable, CaseIterable {
  /// Each channel by an affine function of itself.
  case diagonal
  /// That, and what a few numbers per row, which are affine in it, add to the channels.
  case lowRank = "low rank"
  /// Each channel by an affine function of all.
  case dense
  /// One of these where a condition on the row or the channel holds, and another where it does not.
  case gated
  /// Anything else.
  case nonlinear

  /// Where maps of this form go when a model is compiled.
  public var placement: String {
    switch self {
    case .diagonal:
      "into a norm at any strength; frozen, into the linear layers beside the site; else a layer's epilogue"
    case .lowRank: "frozen, into the linear layers beside the site; else thin products of its own"
    case .dense: "frozen, into the linear layers beside the site; else a product of its own"
    case .gated, .nonlinear:
      "into a layer's epilogue or a fused node where all of it is elementwise; else nodes of its own"
    }
  }

  /// The form of a function `(x, parameters…, strength) -> y`: that of its maps at a site of many channels, with made-up
  /// parameters of which no symbol but the channels' is large.
  public init(of function: Graph) {
    let (channels, others) = (64, 2)
    let inputs = function.inputs.map { (name: function[$0].name, shape: function.type($0).shape) }
    let symbol = inputs.first { $0.name == "x" }?.shape.last
    let width = symbol?.fixed ?? channels
    let parameters = inputs.filter { !["x", "strength"].contains($0.name) }.map { input in
      let shape = input.shape.map { $0.fixed ?? ($0 == symbol ? width : others) }
      let values = (0..<shape.reduce(1, *)).map { Float(0.5 + 0.3 * sin(Double($0 * $0 + 3 * $0))) }
      return (input.name, MapParameter(values, shape: shape))
    }
    do {
      let map = try function.affineFunction(
        width: width, Dictionary(uniqueKeysWithValues: parameters), strength: 0.7)
      self = map.isDiagonal ? .diagonal : map.rank < width ? .lowRank : .dense
    } catch { self = error.isGate ? .gated : .nonlinear }
  }
}

extension SteeringMethod {
  /// The form of the method's maps, where options are left as they are.
  public var form: TransportForm {
    guard let function = try? Graph(parsing: transport) else { preconditionFailure("\(name): no function") }
    return TransportForm(of: function)
  }
}
