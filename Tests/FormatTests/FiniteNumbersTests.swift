import ActFormats
import Testing

@Suite struct FiniteNumbersTests {
  @Test(arguments: [1, 2, 7, 4095, 4096, 4097, 20_000])
  func findsTheFirstOfFloats(count: Int) {
    for bad in [Float.nan, .signalingNaN, .infinity, -.infinity] {
      for place in Set([0, count / 2, count - 1]) {
        var values = [Float](repeating: .greatestFiniteMagnitude, count: count)
        #expect(values.withUnsafeBufferPointer { $0.firstNonFinite } == nil)
        values[place] = bad
        values[count - 1] = bad
        #expect(values.withUnsafeBufferPointer { $0.firstNonFinite } == place)
      }
    }
  }

  /// Every half and every bfloat, each by itself.
  @Test(arguments: [StorageType.f16, .bf16])
  func knowsEveryNarrowFloat(type: StorageType) {
    for bits in UInt16.min ... .max {
      let value = type == .f16 ? Float(halfBits: bits) : Float(bfloatBits: bits)
      let found = withUnsafeBytes(of: bits) { type.firstNonFinite($0) }
      #expect((found == nil) == value.isFinite, "\(bits)")
    }
  }

  @Test func knowsWhatIsFiniteOfFloats() {
    var random = SplitMix64(state: 1)
    for _ in 0..<100_000 {
      let value = Float(bitPattern: UInt32.random(in: .min ... .max, using: &random))
      #expect(([value].withUnsafeBufferPointer { $0.firstNonFinite } == nil) == value.isFinite, "\(value)")
    }
  }

  @Test func otherTypesHaveNone() {
    let bytes = [UInt8](repeating: 0xFF, count: 64)
    for type in [StorageType.i32, .u8, .bool, .i64] {
      #expect(bytes.withUnsafeBytes { type.firstNonFinite($0) } == nil)
    }
  }

  /// A scale of a block that is no number is in every element that it scales.
  @Test(arguments: [
    (GGMLType.q4_0, 0), (.q4_1, 0), (.q4_1, 2), (.q8_0, 0), (.q4_K, 0), (.q4_K, 2), (.q5_K, 0), (.q5_K, 2),
    (.q6_K, 208),
  ])
  func scalesOfBlocks(type: GGMLType, offset: Int) {
    for bits in [UInt16(0x7E00), 0x7C00, 0xFC00] {
      var block = [UInt8](repeating: 0, count: type.blockBytes)
      block[offset] = UInt8(bits & 0xFF)
      block[offset + 1] = UInt8(bits >> 8)
      var values = [Float](repeating: 0, count: type.blockElements)
      block.withUnsafeBytes { block in
        values.withUnsafeMutableBufferPointer { type.dequantize(block, into: $0) }
      }
      #expect(values.withUnsafeBufferPointer { $0.firstNonFinite } == 0)
    }
  }

  @Test func saysWhere() {
    let error = FileError.notFinite("x", "t", "nan", at: 2 * 12 + 1 * 4 + 3, shape: [3, 3, 4])
    #expect(error.description.hasPrefix("x: t: expected finite numbers, found nan at [2, 1, 3]"))
    #expect(FileError.notFinite("x", "t", "inf", at: 0, shape: []).description.contains("inf at []"))
  }
}
