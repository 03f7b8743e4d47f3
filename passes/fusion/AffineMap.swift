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
  }

  var x: ValueID
  /// The last axis of x.
  var channels: Dim
  var scale: Coefficient
  var shift: Coefficient
  /// Whether nothing but the map reads x.
  var ownsX: Bool

  /// Whether weights can take the map: vectors, or what changes nothing, known at compile time.
  var isOfWeights: Bool {
    (scale.isOne || isVector(scale)) && (shift.isZero || isVector(shift))
      && max(scale.time, shift.time) == .compile
  }

  /// Whether a coefficient has one number for each channel.
  func isVector(_ coefficient: Coefficient) -> Bool { coefficient.type.shape == [channels] }
}

extension Graph {
  /// The map that an `affine` node is; nil for other nodes.
  func affineMap(_ id: ValueID, _ times: BindingTimes) -> AffineMap? {
    guard case .affine = self[id].op else { return nil }
    let inputs = self[id].inputs
    func coefficient(_ id: ValueID) -> AffineMap.Coefficient {
      let constant: Float? = if case .constant(let value) = self[id].op { value } else { nil }
      return .init(constant: constant, type: type(id), time: times[id])
    }
    return AffineMap(
      x: inputs[0], channels: type(id).shape.last!, scale: coefficient(inputs[1]),
      shift: coefficient(inputs[2]), ownsX: hasOneUse(inputs[0]))
  }
}

extension Graph {
  /// Whether a value is made of parameters of maps, and of no weight of the model.
  package func isOfMaps(_ id: ValueID) -> Bool {
    var hasParameter = false
    // Each value once: a file's function may read one as often as it likes.
    var seen: Set<ValueID> = [id]
    var pending = [id]
    while let id = pending.popLast() {
      switch self[id].op {
      case .mapParameter: hasParameter = true
      case .constant: continue
      default:
        guard !self[id].inputs.isEmpty else { return false }
        pending += self[id].inputs.filter { seen.insert($0).inserted }
      }
    }
    return hasParameter
  }
}
