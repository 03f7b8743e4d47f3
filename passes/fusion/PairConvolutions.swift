import ActIR

/// Makes two neighbouring pixels at once of a convolution whose windows are three pixels wide and one apart, with four
/// multiplications for six: Winograd's filter F(2, 3) along the lines (Lavin and Gray, arXiv 1509.09308, section 4.1).
///
///     %y = conv %x, %w   =>   %y = conv %x, (stack %g0, %sum, %difference, %g2)
///
/// Of the columns g of the three pixels of a line, sum and difference are (g0 ± g1 + g2) / 2. The verifier takes the
/// three axes of the stack for what they are, and so does the kernel; nothing else changes.
///
/// Weights of four bits are not paired: the sums would be rounded to steps too coarse for them. Nor are convolutions of so
/// few channels or pixels that the sums cost more than they save.
public func pairConvolutions(_ weights: WeightType?) -> GraphPass {
  GraphPass("pair-convolutions") { graph in
    guard weights != .q4 else { return false }
    let times = graph.bindingTimes()
    var paired: [ValueID: ValueID] = [:]
    for id in graph.order where times[id.index].isOfCall {
      var node = graph[id]
      guard let windows = node.op.convolution, windows.kernel[1] == 3, windows.stride[1] == 1,
        let channels = graph.type(node.inputs[0]).shape.last?.fixed, channels >= leastChannels,
        let width = node.type.shape[2].fixed, width >= leastWidth
      else { continue }
      let weight = node.inputs[1]
      let type = graph.type(weight)
      guard times[weight.index] == .compile, type.rank == 2, type.dtype.isFloat,
        let count = type.shape[0].fixed, count >= leastChannels
      else { continue }
      paired[weight] =
        paired[weight] ?? graph.pairs(of: weight, lines: windows.kernel[0], channels: channels)
      node.inputs[1] = paired[weight]!
      graph.replace(id, with: graph.append(node))
    }
    return !paired.isEmpty
  }
}

/// The fewest channels, of the image and of the result, and the fewest pixels of a line that are worth the sums.
private let (leastChannels, leastWidth) = (64, 8)

extension Graph {
  /// The four matrices of a matrix `[O,lines·3·C]`, in its own type where that is bf16, else in f32.
  fileprivate mutating func pairs(of weight: ValueID, lines: Int, channels: Int) -> ValueID {
    let (name, count) = (self[weight].name, type(weight).shape[0])
    let matrix = [count, .fixed(lines * channels)]
    let window = append(
      .reshape([count, .fixed(lines), .fixed(3), .fixed(channels)]),
      wide(weight, name: "\(name).wide"), name: "\(name).window")
    let column = (0..<3).map { index in
      let pixel = append(.slice(Slice(start: index, count: 1, axis: 2)), window, name: "\(name).\(index)")
      return append(.reshape(matrix), pixel, name: "\(name).g\(index)")
    }
    let half = append(.constant(0.5), name: "half")
    let ends = append(.binary(.add), column[0], column[2], name: "\(name).ends")
    let halfEnds = append(.binary(.mul), ends, half, name: "\(name).half_ends")
    let halfMiddle = append(.binary(.mul), column[1], half, name: "\(name).half_middle")
    let sum = append(.binary(.add), halfEnds, halfMiddle, name: "\(name).sum")
    let difference = append(.binary(.sub), halfEnds, halfMiddle, name: "\(name).difference")
    let matrices = [column[0], sum, difference, column[2]].map { rounded($0, as: weight) }
    return append(.stack, matrices, name: "\(name).pairs")
  }
}
