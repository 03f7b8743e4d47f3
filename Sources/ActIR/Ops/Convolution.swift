/// The product of every window of an image with a matrix, whose columns are the channels of the window's pixels, line by
/// line. `x: f32[B,H,W,C], w: [O,kh·kw·C] (, bias: f32[O]) -> f32[B,H',W',O]`
///
/// A stack `[4,O,kh·C]` in place of the matrix makes two neighbouring pixels at once, of windows three pixels wide and
/// one apart (Winograd's F(2, 3)). Where the three pixels of a line have the columns g, it holds g0, (g0 + g1 + g2) / 2,
/// (g0 - g1 + g2) / 2 and g2.
struct ConvOp: OpDefinition {
  var windows = Windows(side: 0)

  let mnemonic = "conv"
  var op: Op { .conv(windows) }
  var traits: OpTraits {
    OpTraits(.compile, in: .step, [], elementwise: nil, matrix: 1, index: nil, overwrites: .none)
  }

  mutating func code(_ coder: inout AttributeCoder) throws(ParseError) { try windows.code(&coder) }

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expect(2...3)
    let result = try operands.convolution(windows)
    if operands.count == 3 { try operands.vector(2, result.shape[3], "a bias") }
    return result
  }
}

/// A convolution and what follows it in registers.
/// `x: f32[B,H,W,C], w: [O,kh·kw·C], operands: what repeats to [B,H',W',O] -> f32[B,H',W',O]`
struct ConvEpilogueOp: OpDefinition {
  var windows = Windows(side: 0)
  var body = Expression(inputCount: 0, instructions: [])

  let mnemonic = "conv_epilogue"
  var op: Op { .convEpilogue(windows, body) }
  var traits: OpTraits {
    OpTraits(.compile, in: .step, [.repeats], elementwise: nil, matrix: 1, index: nil, overwrites: .from(2))
  }

  mutating func code(_ coder: inout AttributeCoder) throws(ParseError) {
    try windows.code(&coder)
    try coder.epilogue(&body)
  }

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expectEpilogue(body)
    let result = try operands.convolution(windows)
    try operands.epilogue(body, of: result)
    return result
  }
}

extension Operands {
  /// The type of the products of operand 0's windows with operand 1, transposed.
  fileprivate func convolution(_ windows: Windows) throws(TypeMismatch) -> TensorType {
    let pixels = try pixels(of: windows)
    let x = try image(0)
    if types[1].rank == 3 {
      let (w, isPaired) = (types[1], windows.kernel[1] == 3 && windows.stride[1] == 1)
      let (columns, overflow) = windows.kernel[0].multipliedReportingOverflow(by: x.channels)
      guard w.dtype.isFloat || w.dtype.packedFormat != nil, isPaired, !overflow,
        w.shape[0] == .fixed(4), w.shape[2] == .fixed(columns), w.shape[1].fixed != nil
      else {
        throw mismatch(
          "w [4,O,\(windows.kernel[0])·C] for x [B,H,W,C], a kernel of three pixels a line, stride 1")
      }
      return TensorType(.f32, pixels + [w.shape[1]])
    }
    let w = try layer(1)
    let (columns, overflow) = windows.pixelCount.multipliedReportingOverflow(by: x.channels)
    guard !overflow, w.shape[1] == .fixed(columns) else {
      throw mismatch("w [O,\(windows.kernel[0])·\(windows.kernel[1])·C] for x [B,H,W,C]")
    }
    return TensorType(.f32, pixels + [w.shape[0]])
  }
}
