import ActFormats
import Testing

@Suite struct NarrowFloatTests {
  @Test func everyHalfRoundTrips() {
    for bits in UInt16.min ... .max {
      let value = Float(halfBits: bits)
      #expect(value.isNaN ? Float(halfBits: value.halfBits).isNaN : value.halfBits == bits)
    }
    #expect(Float(halfBits: 0x3555) == 0.333_251_95)
    #expect(Float(halfBits: 0x8001) == -0x1p-24)
    #expect(Float(halfBits: 0xFC00) == -.infinity)
  }

  /// Between two neighbouring halves, the nearer one; in the middle, the even one.
  @Test func halvesRoundToNearestEven() {
    for bits in UInt16(0)..<0x7BFF {
      let (low, high) = (Float(halfBits: bits), Float(halfBits: bits + 1))
      let middle = (low + high) / 2
      #expect(middle.halfBits == (bits.isMultiple(of: 2) ? bits : bits + 1))
      #expect(middle.nextDown.halfBits == bits)
      #expect((-middle.nextUp).halfBits == bits + 1 | 0x8000)
    }
    #expect(Float(65519.99).halfBits == 0x7BFF)
    #expect(Float(65520).halfBits == 0x7C00)
    #expect((-Float.greatestFiniteMagnitude).halfBits == 0xFC00)
  }

  @Test func bfloatsRoundToNearestEven() {
    for bits in stride(from: UInt16(0), to: 0x7F80, by: 7) {
      let (low, high) = (UInt32(bits) << 16, UInt32(bits + 1) << 16)
      let middle = Float(bitPattern: (low + high) / 2)
      #expect(Float(bfloatBits: bits).bfloatBits == bits)
      #expect(middle.bfloatBits == (bits.isMultiple(of: 2) ? bits : bits + 1))
      #expect(middle.nextDown.bfloatBits == bits)
      #expect((-middle.nextUp).bfloatBits == bits + 1 | 0x8000)
    }
    #expect(Float(bfloatBits: Float(bitPattern: 0x7F80_0001).bfloatBits).isNaN)
  }
}
