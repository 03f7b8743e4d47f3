extension GGMLType {
  /// Decodes whole blocks to f32: `bytes` holds n blocks, `out` gets n × `blockElements` elements.
  ///
  /// The values are those of ggml's reference decoders, rounding included.
  package func dequantize(_ bytes: UnsafeRawBufferPointer, into out: UnsafeMutableBufferPointer<Float>) {
    precondition(bytes.count.isMultiple(of: blockBytes), "a part of a block")
    precondition(out.count == bytes.count / blockBytes * blockElements, "the output has another length")
    guard let source = bytes.baseAddress, let target = out.baseAddress else { return }
    let decode = decoder
    for block in 0..<bytes.count / blockBytes {
      decode(source + block * blockBytes, target + block * blockElements)
    }
  }

  /// Decodes one block.
  private var decoder: (UnsafeRawPointer, UnsafeMutablePointer<Float>) -> Void {
    switch self {
    case .f32: { block, out in out[0] = block.loadUnaligned(as: Float.self) }
    case .f16: { block, out in out[0] = block.half(0) }
    case .bf16: { block, out in out[0] = Float(bfloatBits: block.loadUnaligned(as: UInt16.self)) }
    case .q4_0: decodeQ4_0
    case .q4_1: decodeQ4_1
    case .q5_0: decodeQ5_0
    case .q5_1: decodeQ5_1
    case .q8_0: decodeQ8_0
    case .q2_K: decodeQ2_K
    case .q3_K: decodeQ3_K
    case .q4_K: decodeQ4_K
    case .q5_K: decodeQ5_K
    case .q6_K: decodeQ6_K
    case .iq4_NL: decodeIQ4_NL
    case .iq4_XS: decodeIQ4_XS
    }
  }
}

extension UnsafeRawPointer {
  /// The f16 at `offset`, widened.
  func half(_ offset: Int) -> Float {
    Float(halfBits: loadUnaligned(fromByteOffset: offset, as: UInt16.self))
  }

  func byte(_ offset: Int) -> UInt8 { load(fromByteOffset: offset, as: UInt8.self) }
}
