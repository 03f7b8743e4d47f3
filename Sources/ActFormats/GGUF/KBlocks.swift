// Super-blocks of 256 elements, whose sub-blocks have small integer scales times one f16.

/// Scale and minimum, six bits each, of sub-block `j` of 8, from the 12 bytes that Q4_K and Q5_K pack them into:
/// for j < 4 the low six bits of bytes j and j + 4; above, four bits of byte j + 4 and the top two of the former.
private func scaleAndMinimum(_ packed: UnsafeRawPointer, _ j: Int) -> (scale: Float, minimum: Float) {
  if j < 4 { return (Float(packed.byte(j) & 63), Float(packed.byte(j + 4) & 63)) }
  let scale = packed.byte(j + 4) & 15 | (packed.byte(j - 4) >> 6) << 4
  let minimum = packed.byte(j + 4) >> 4 | (packed.byte(j) >> 6) << 4
  return (Float(scale), Float(minimum))
}

/// f16 d, f16 dmin, 12 bytes of scales, 128 of nibbles: each 32 bytes hold a sub-block in their low nibbles and the
/// next in their high ones; `y = (d·scale)·q − dmin·minimum`.
func decodeQ4_K(_ block: UnsafeRawPointer, _ out: UnsafeMutablePointer<Float>) {
  decodeFourOrFiveBits(block, out, highBits: nil, nibbles: block + 16)
}

/// As Q4_K with 32 bytes before the nibbles: bit j of byte i is the fifth bit of element i of sub-block j.
func decodeQ5_K(_ block: UnsafeRawPointer, _ out: UnsafeMutablePointer<Float>) {
  decodeFourOrFiveBits(block, out, highBits: block + 16, nibbles: block + 48)
}

private func decodeFourOrFiveBits(
  _ block: UnsafeRawPointer, _ out: UnsafeMutablePointer<Float>, highBits: UnsafeRawPointer?,
  nibbles: UnsafeRawPointer
) {
  let d = block.half(0)
  let dmin = block.half(2)
  for j in 0..<8 {
    let factors = scaleAndMinimum(block + 4, j)
    let scale = d * factors.scale
    let minimum = dmin * factors.minimum
    let bytes = nibbles + j / 2 * 32
    for i in 0..<32 {
      let low = j.isMultiple(of: 2) ? bytes.byte(i) & 15 : bytes.byte(i) >> 4
      let high = highBits.map { ($0.byte(i) >> UInt8(j) & 1) << 4 } ?? 0
      out[j * 32 + i] = scale * Float(low | high) - minimum
    }
  }
}

/// 128 bytes of low nibbles, 64 of high bit pairs, 16 signed scales (a sub-block is 16 elements), f16 d;
/// `y = (d·scale)·(q − 32)`.
///
/// Each half of 128 elements has 64 bytes of nibbles and 32 of pairs; its quarter `k` of 32 elements takes byte
/// `32·(k mod 2) + i`, the low nibble for k < 2, and the `k`th pair of byte `i`.
func decodeQ6_K(_ block: UnsafeRawPointer, _ out: UnsafeMutablePointer<Float>) {
  let d = block.half(208)
  for half in 0..<2 {
    let nibbles = block + 64 * half
    let pairs = block + 128 + 32 * half
    for quarter in 0..<4 {
      for i in 0..<32 {
        let byte = nibbles.byte(32 * (quarter % 2) + i)
        let low = quarter < 2 ? byte & 15 : byte >> 4
        let high = pairs.byte(i) >> UInt8(2 * quarter) & 3
        let subBlock = 8 * half + 2 * quarter + i / 16
        let scale = d * Float(Int8(bitPattern: block.byte(192 + subBlock)))
        out[128 * half + 32 * quarter + i] = scale * Float(Int(low | high << 4) - 32)
      }
    }
  }
}

/// 16 bytes of scales, 64 of bit pairs, f16 d, f16 dmin; a sub-block is 16 elements, whose byte holds the scale in its
/// low nibble and the minimum in its high one; `y = (d·scale)·q − dmin·minimum`.
///
/// Each half of 128 elements has 32 bytes of pairs; its quarter `k` of 32 elements takes the `k`th pair of each.
func decodeQ2_K(_ block: UnsafeRawPointer, _ out: UnsafeMutablePointer<Float>) {
  let d = block.half(80)
  let dmin = block.half(82)
  for subBlock in 0..<16 {
    let factors = block.byte(subBlock)
    let scale = d * Float(factors & 15)
    let minimum = dmin * Float(factors >> 4)
    for i in 0..<16 {
      let element = 16 * subBlock + i
      let pair = block.byte(16 + element / 128 * 32 + element % 32) >> UInt8(element % 128 / 32 * 2) & 3
      out[element] = scale * Float(pair) - minimum
    }
  }
}

/// 32 bytes of third bits, 64 of bit pairs as in Q2_K, 12 of scales of six bits each, f16 d; a sub-block is 16 elements;
/// `y = d·(scale − 32)·(q − 4)`.
///
/// Bit `e / 32` of byte `e % 32` is the third bit of element `e`. The low four bits of scale `j` are a nibble of byte
/// `j % 8`, its upper two the pair `j / 4` of byte `8 + j % 4`.
func decodeQ3_K(_ block: UnsafeRawPointer, _ out: UnsafeMutablePointer<Float>) {
  let d = block.half(108)
  let scales = block + 96
  for subBlock in 0..<16 {
    let low = scales.byte(subBlock % 8) >> UInt8(subBlock / 8 * 4) & 15
    let high = scales.byte(8 + subBlock % 4) >> UInt8(subBlock / 4 * 2) & 3
    let scale = d * Float(Int(low | high << 4) - 32)
    for i in 0..<16 {
      let element = 16 * subBlock + i
      let pair = block.byte(32 + element / 128 * 32 + element % 32) >> UInt8(element % 128 / 32 * 2) & 3
      let third = block.byte(element % 32) >> UInt8(element / 32) & 1
      out[element] = scale * Float(Int(pair | third << 2) - 4)
    }
  }
}
