extension Float {
  /// The value of an IEEE half, given its bits; NaNs stay NaN.
  package init(halfBits bits: UInt16) {
    let sign = UInt32(bits >> 15) << 31
    let exponent = UInt32(bits >> 10 & 31)
    let fraction = UInt32(bits & 1023)
    switch exponent {
    case 0:
      let magnitude = Float(fraction) * 0x1p-24
      self = sign == 0 ? magnitude : -magnitude
    case 31: self.init(bitPattern: sign | 0x7F80_0000 | fraction << 13)
    default: self.init(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
  }

  /// The bits of the nearest IEEE half, ties to even; too large becomes infinite, NaN stays NaN.
  package var halfBits: UInt16 {
    let sign = UInt16(bitPattern >> 16 & 0x8000)
    let magnitude = bitPattern & 0x7FFF_FFFF
    if magnitude > 0x7F80_0000 { return sign | 0x7E00 }
    // 65520, from where the nearest half is infinite.
    if magnitude >= 0x477F_F000 { return sign | 0x7C00 }
    // Below the least normal half, 2^-14: a count of 2^-24, which f32 rounds for us.
    if magnitude < 0x3880_0000 {
      return sign | UInt16((Float(bitPattern: magnitude) * 0x1p24).rounded(.toNearestOrEven))
    }
    let rounded = magnitude + 0xFFF + (magnitude >> 13 & 1)
    return sign | UInt16((rounded >> 13) - (112 << 10))
  }

  /// The value of a bfloat16, given its bits.
  package init(bfloatBits bits: UInt16) { self.init(bitPattern: UInt32(bits) << 16) }

  /// The bits of the nearest bfloat16, ties to even; NaN stays NaN.
  package var bfloatBits: UInt16 {
    if isNaN { return UInt16(bitPattern >> 16) | 0x40 }
    return UInt16((bitPattern + 0x7FFF + (bitPattern >> 16 & 1)) >> 16)
  }
}
