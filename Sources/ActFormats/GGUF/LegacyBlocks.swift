// Blocks of 32 elements with one scale, and in Q4_1 and Q5_1 one minimum: `y = d·q` or `y = d·q + m`.

/// f16 d; 16 bytes of nibbles, the low ones elements 0–15, the high ones 16–31; `y = d·(q − 8)`.
func decodeQ4_0(_ block: UnsafeRawPointer, _ out: UnsafeMutablePointer<Float>) {
  let scale = block.half(0)
  for i in 0..<16 {
    let pair = block.byte(2 + i)
    out[i] = scale * Float(Int(pair & 15) - 8)
    out[i + 16] = scale * Float(Int(pair >> 4) - 8)
  }
}

/// f16 d, f16 m; nibbles as in Q4_0; `y = d·q + m`.
func decodeQ4_1(_ block: UnsafeRawPointer, _ out: UnsafeMutablePointer<Float>) {
  let scale = block.half(0)
  let minimum = block.half(2)
  for i in 0..<16 {
    let pair = block.byte(4 + i)
    out[i] = scale * Float(pair & 15) + minimum
    out[i + 16] = scale * Float(pair >> 4) + minimum
  }
}

/// f16 d; 32 fifth bits, that of element i bit i; nibbles as in Q4_0; `y = d·(q − 16)`.
func decodeQ5_0(_ block: UnsafeRawPointer, _ out: UnsafeMutablePointer<Float>) {
  let scale = block.half(0)
  decodeFiveBits(block + 2, out) { scale * Float($0 - 16) }
}

/// f16 d, f16 m; fifth bits and nibbles as in Q5_0; `y = d·q + m`.
func decodeQ5_1(_ block: UnsafeRawPointer, _ out: UnsafeMutablePointer<Float>) {
  let scale = block.half(0)
  let minimum = block.half(2)
  decodeFiveBits(block + 4, out) { scale * Float($0) + minimum }
}

private func decodeFiveBits(
  _ bits: UnsafeRawPointer, _ out: UnsafeMutablePointer<Float>, _ value: (Int) -> Float
) {
  let fifths = UInt32(littleEndian: bits.loadUnaligned(as: UInt32.self))
  for i in 0..<16 {
    let pair = bits.byte(4 + i)
    out[i] = value(Int(pair & 15) | Int(fifths >> UInt32(i) & 1) << 4)
    out[i + 16] = value(Int(pair >> 4) | Int(fifths >> UInt32(i + 16) & 1) << 4)
  }
}

/// f16 d; 32 signed bytes; `y = d·q`.
func decodeQ8_0(_ block: UnsafeRawPointer, _ out: UnsafeMutablePointer<Float>) {
  let scale = block.half(0)
  for i in 0..<32 { out[i] = scale * Float(Int8(bitPattern: block.byte(2 + i))) }
}
