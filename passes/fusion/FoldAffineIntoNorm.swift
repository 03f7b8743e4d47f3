import ActIR

/// Folds a per-channel map into the gain and bias of the norm before it.
///
///     %n = rms_norm %h, %g       %g2 = mul %g, %s
///     %y = affine %n, %s, %t =>  %y = rms_norm %h, %g2, %t
///
/// The new gain and bias are known when scale and shift are, so a live dial costs nothing in the step.
public let foldAffineIntoNorm = GraphPass(
  "fold-affine-into-norm",
  rules: [
    RewriteRule("fold-affine-into-norm") { id, graph, times in
      guard let map = graph.affineMap(id, times), graph.normTakes(map) else { return nil }
      return graph.fold(id, intoNorm: map.x)
    }
  ])

extension Graph {
  /// Whether the map's x is a norm that can take the map into its gain and bias.
  func normTakes(_ map: AffineMap) -> Bool {
    let norm = self[map.x]
    switch norm.op {
    case .rmsNorm, .layerNorm: break
    default: return false
    }
    guard map.ownsX else { return false }
    switch norm.inputs.count {
    case 1: return map.isVector(map.scale) && (map.shift.isZero || map.isVector(map.shift))
    case 2:
      // Where each head has a gain of its own, a map of their channels is the same for all.
      return map.shift.isZero || map.shift.type == type(norm.inputs[1])
        || map.isVector(map.shift) && (map.scale.isOne || map.isVector(map.scale))
    default: return true
    }
  }

  /// The norm whose gain and bias have taken the map that `affine` is.
  mutating func fold(_ affine: ValueID, intoNorm id: ValueID) -> ValueID {
    let (norm, scale, shift) = (self[id], self[affine].inputs[1], self[affine].inputs[2])
    let name = norm.name
    let gain =
      norm.inputs.count == 1 ? scale : self.scaled(norm.inputs[1], by: scale, name: "\(name).gain")
    var inputs = [norm.inputs[0], gain]
    if norm.inputs.count == 3 {
      let scaled = self.scaled(norm.inputs[2], by: scale, name: "\(name).bias")
      inputs.append(append(.binary(.add), scaled, shift, name: "\(name).bias"))
    } else if !isZero(shift) {
      inputs.append(shift)
    }
    return append(norm.op, inputs, name: name, site: self[affine].site(after: norm))
  }

  func isZero(_ id: ValueID) -> Bool { self[id].op == .constant(0) }
  func isOne(_ id: ValueID) -> Bool { self[id].op == .constant(1) }

  /// `vector · scale`, which is the vector itself where the scale is the constant 1.
  mutating func scaled(_ vector: ValueID, by scale: ValueID, name: String) -> ValueID {
    isOne(scale) ? vector : append(.binary(.mul), vector, scale, name: name)
  }
}
