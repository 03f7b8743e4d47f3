// Blocks of 32 elements with one scale, and in Q4_1 one minimum: `y = d·q` or `y = d·q + m`.

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

/// f16 d; 32 signed bytes; `y = d·q`.
func decodeQ8_0(_ block: UnsafeRawPointer, _ out: UnsafeMutablePointer<Float>) {
  let scale = block.half(0)
  for i in 0..<32 { out[i] = scale * Float(Int8(bitPattern: block.byte(2 + i))) }
}
