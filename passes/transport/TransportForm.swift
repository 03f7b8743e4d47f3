import ActIR

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

  /// The form of a function `(x, parameters…, strength) -> y`.
  public init(of function: Graph) {
    var forms: [ValueID: Dependence] = [:]
    guard let x = function.inputs.first(where: { function[$0].name == "x" }), let y = function.results.first
    else {
      self = .nonlinear
      return
    }
    let channels = function.type(x).shape.last
    for id in function.order {
      forms[id] = id == x ? Dependence(.diagonal) : function.dependence(of: id, forms, channels)
    }
    let form = forms[y.value] ?? Dependence(.other)
    self =
      switch form.mixing {
      case .other: .nonlinear
      case _ where form.isGated: .gated
      case .none, .diagonal: .diagonal
      case .inner, .lowRank: .lowRank
      case .dense: .dense
      }
  }
}

extension SteeringMethod {
  /// The form of the method's maps.
  public var form: TransportForm {
    guard let function = try? Graph(parsing: transport) else { preconditionFailure("\(name): no function") }
    return TransportForm(of: function)
  }
}

/// How a value depends on the activation.
private struct Dependence {
  /// Ordered: a sum is as mixed as its most mixed term.
  enum Mixing: Int, Comparable {
    case none, diagonal, inner, lowRank, dense, other

    static func < (a: Mixing, b: Mixing) -> Bool { a.rawValue < b.rawValue }
  }

  var mixing: Mixing
  var isGated = false

  init(_ mixing: Mixing, isGated: Bool = false) {
    self.mixing = mixing
    self.isGated = isGated
  }

  var isNone: Bool { mixing == .none }
}

extension Graph {
  /// How a node depends on the activation, from what its operands do.
  ///
  /// A mask that depends on it counts as `other`: only a choice between values may read one.
  fileprivate func dependence(
    of id: ValueID, _ known: [ValueID: Dependence], _ channels: Dim?
  ) -> Dependence {
    let node = self[id]
    let operands = node.inputs.map { operand in
      var form = known[operand] ?? Dependence(.none)
      // A few numbers a row that go to all channels.
      if form.mixing == .inner, type(operand).shape.last != channels, node.type.shape.last == channels {
        form.mixing = .lowRank
      }
      return form
    }
    guard operands.contains(where: { !$0.isNone }) else { return Dependence(.none) }
    func sum(_ operands: some Sequence<Dependence>) -> Dependence {
      operands.reduce(into: Dependence(.none)) { sum, operand in
        sum.mixing = max(sum.mixing, operand.mixing)
        sum.isGated = sum.isGated || operand.isGated
      }
    }
    let others = operands.dropFirst()
    switch node.op {
    case .binary(.add), .binary(.sub), .unary(.neg): return sum(operands)
    case .binary(.mul) where operands.count(where: { !$0.isNone }) == 1: return sum(operands)
    case .binary(.div) where others.allSatisfy(\.isNone), .affine where others.allSatisfy(\.isNone):
      return operands[0]
    case .select:
      var chosen = sum(others)
      chosen.isGated = chosen.isGated || !operands[0].isNone
      return chosen
    case .linear where others.allSatisfy(\.isNone) && operands[0].mixing < .other:
      let mixing: Dependence.Mixing =
        type(id).shape.last != channels
        ? .inner : type(node.inputs[0]).shape.last == channels ? .dense : .lowRank
      return Dependence(mixing, isGated: operands[0].isGated)
    case .reduce(.sum) where operands[0].mixing < .other, .reduce(.mean) where operands[0].mixing < .other:
      return Dependence(.inner, isGated: operands[0].isGated)
    default: return Dependence(.other)
    }
  }
}
