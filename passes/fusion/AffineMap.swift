import ActIR

/// A per-channel map `x·scale + shift` as the folds see it: a node, or a tree that could become one.
struct AffineMap {
  /// What a fold must know of a scale or shift.
  struct Coefficient {
    /// Its value where it is a scalar known now.
    var constant: Float?
    var type: TensorType
    var time: BindingTime

    var isOne: Bool { constant == 1 }
    var isZero: Bool { constant == 0 }
    var isVector: Bool { type.rank == 1 }
  }

  var x: ValueID
  var scale: Coefficient
  var shift: Coefficient
  /// Whether nothing but the map reads x.
  var ownsX: Bool

  /// Whether weights can take the map: vectors, or what changes nothing, known at compile time.
  var isOfWeights: Bool {
    (scale.isOne || scale.isVector) && (shift.isZero || shift.isVector)
      && max(scale.time, shift.time) == .compile
  }
}

extension Graph {
  /// The map that an `affine` node is; nil for other nodes.
  func affineMap(_ id: ValueID) -> AffineMap? {
    guard case .affine = self[id].op else { return nil }
    let inputs = self[id].inputs
    let times = bindingTimes()
    func coefficient(_ id: ValueID) -> AffineMap.Coefficient {
      let constant: Float? = if case .constant(let value) = self[id].op { value } else { nil }
      return .init(constant: constant, type: type(id), time: times[id.index])
    }
    return AffineMap(
      x: inputs[0], scale: coefficient(inputs[1]), shift: coefficient(inputs[2]), ownsX: hasOneUse(inputs[0]))
  }
}
