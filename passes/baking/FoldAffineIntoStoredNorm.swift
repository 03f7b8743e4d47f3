import ActIR

/// Folds a per-channel map into what the norm before it has of gain and bias, so that the norm stays one that its
/// checkpoint can hold.
///
///     %n = rms_norm %h, %g           %g2 = mul %g, %s
///     %y = affine %n, %s, %t     =>  %n2 = rms_norm %h, %g2
///                                    %y = affine %n2, 1, %t
///
/// A norm with a bias takes the shift as well; the readers may take that of another.
public let foldAffineIntoStoredNorm = GraphPass(
  "fold-affine-into-stored-norm",
  rules: [
    RewriteRule("fold-affine-into-stored-norm") { id, graph, times in
      guard let map = graph.affineMap(id, times), graph.normTakes(map), map.isOfWeights else { return nil }
      let norm = graph[map.x]
      if norm.inputs.count == 3 || norm.inputs.count == 2 && map.shift.isZero {
        return graph.fold(id, intoNorm: map.x)
      }
      guard norm.inputs.count == 2, !map.scale.isOne else { return nil }
      let (scale, shift) = (graph[id].inputs[1], graph[id].inputs[2])
      let gain = graph.scaled(norm.inputs[1], by: scale, name: "\(norm.name).gain")
      let scaled = graph.append(norm.op, norm.inputs[0], gain, name: norm.name)
      let one = graph.append(.constant(1), name: "\(norm.name).one")
      return graph.append(.affine, scaled, one, shift, name: graph[id].name, site: graph[id].site)
    }
  ])
