// Blocks whose nibbles choose from 16 values that lie closer together around 0.

private let nonlinearValues: [Float] = [
  -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
]

/// f16 d; 16 bytes of nibbles, the low ones elements 0–15, the high ones 16–31; `y = d·value(q)`.
func decodeIQ4_NL(_ block: UnsafeRawPointer, _ out: UnsafeMutablePointer<Float>) {
  decodeNonlinear(block + 2, out, scale: block.half(0))
}

/// f16 d, 8 pairs of upper bits of scales, 8 nibbles of lower ones, 128 bytes of nibbles: 8 sub-blocks as of IQ4_NL;
/// `y = d·(scale − 32)·value(q)`.
func decodeIQ4_XS(_ block: UnsafeRawPointer, _ out: UnsafeMutablePointer<Float>) {
  let d = block.half(0)
  let upper = UInt16(littleEndian: block.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
  for subBlock in 0..<8 {
    let low = Int(block.byte(4 + subBlock / 2) >> UInt8(subBlock % 2 * 4) & 15)
    let high = Int(upper >> UInt16(2 * subBlock) & 3)
    decodeNonlinear(
      block + 8 + 16 * subBlock, out + 32 * subBlock, scale: d * Float((low | high << 4) - 32))
  }
}

private func decodeNonlinear(
  _ nibbles: UnsafeRawPointer, _ out: UnsafeMutablePointer<Float>, scale: Float
) {
  nonlinearValues.withUnsafeBufferPointer { values in
    for i in 0..<16 {
      let pair = nibbles.byte(i)
      out[i] = scale * values[Int(pair & 15)]
      out[i + 16] = scale * values[Int(pair >> 4)]
    }
  }
}
