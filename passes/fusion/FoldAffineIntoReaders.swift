import ActIR

/// Folds a frozen per-channel map into the linear layers and convolutions that read it, where nothing else does.
///
///     %t = affine %x, %s, %b         linear(s·x + b, W) = x (W diag s)ᵀ + W b
///     %y = linear %t, %w         =>  %y = linear %x, (scale_columns %w, %s), (matvec %w, %b)
///
/// A convolution's matrix has a column for each channel of each pixel of the window, and so s and b are repeated. One
/// that is padded takes s alone: the zeros past the image are not shifted.
public let foldAffineIntoReaders = GraphPass(
  "fold-affine-into-readers",
  rules: [
    RewriteRule("fold-affine-into-readers") { id, graph, times in
      guard graph[id].op.isPlainProduct else { return nil }
      let linear = graph[id]
      let t = linear.inputs[0]
      guard let map = graph.affineMap(t, times), graph.readersTake(map, of: t, times) else { return nil }
      let (scale, shift) = (graph[t].inputs[1], graph[t].inputs[2])
      let name = linear.name
      var inputs = [map.x, linear.inputs[1]]
      if !graph.isOne(scale) {
        let columns = graph.columns(scale, of: linear, name: "\(name).scale")
        inputs[1] = graph.append(.scaleColumns, inputs[1], columns, name: "\(name).weight.folded")
      }
      if graph.isZero(shift) {
        inputs += linear.inputs.dropFirst(2)
      } else {
        let columns = graph.columns(shift, of: linear, name: "\(name).shift")
        var bias = graph.append(.matvec, linear.inputs[1], columns, name: "\(name).bias.folded")
        if linear.inputs.count == 3 {
          bias = graph.append(.binary(.add), linear.inputs[2], bias, name: "\(name).bias.folded")
        }
        inputs.append(bias)
      }
      return graph.append(linear.op, inputs, name: name, site: linear.site)
    }
  ])

extension Graph {
  /// Whether all readers of `y`, the map's value, are layers that can take the map into their weights.
  func readersTake(_ map: AffineMap, of y: ValueID, _ times: BindingTimes) -> Bool {
    !isResult(y) && !readers(of: y).isEmpty && map.isOfWeights
      && readers(of: y).allSatisfy { takes(map, in: $0, y, times) }
  }

  /// The most pixels of a window for which a coefficient is repeated.
  private static var mostPixels: Int { 64 }

  /// A coefficient for each column of a layer's matrix, from one for each channel.
  fileprivate mutating func columns(_ coefficient: ValueID, of layer: Node, name: String) -> ValueID {
    guard case .conv(let windows) = layer.op, windows.pixelCount > 1 else { return coefficient }
    return append(.concat(), Array(repeating: coefficient, count: windows.pixelCount), name: name)
  }

  /// Whether `reader` is a layer with constant weights, not packed yet, that can take the map into them, and whose only
  /// use of `value` is as its input.
  private func takes(
    _ map: AffineMap, in reader: ValueID, _ value: ValueID, _ times: BindingTimes
  ) -> Bool {
    let node = self[reader]
    switch node.op {
    case .linear: break
    case .conv(let windows):
      guard windows.pixelCount <= Self.mostPixels, !windows.isPadded || map.shift.isZero else { return false }
    default: return false
    }
    return !node.inputs.dropFirst().contains(value) && times[node.inputs[1]] == .compile
      && type(node.inputs[1]).dtype.isFloat
  }
}
