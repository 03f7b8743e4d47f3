/// The nearest pixel of an image of another size. `x: f32[B,H,W,C] -> f32[B,H',W',C]`
struct UpsampleNearestOp: OpDefinition {
  var height = 0
  var width = 0

  let mnemonic = "upsample_nearest"
  var op: Op { .upsampleNearest(height: height, width: width) }
  var traits: OpTraits {
    OpTraits(.compile, in: .step, [.cheap], elementwise: nil, matrix: nil, index: nil, overwrites: .none)
  }

  /// The declared type names the size.
  mutating func code(_ coder: inout AttributeCoder) {
    guard let shape = coder.declaredType?.shape, shape.count == 4 else { return }
    (height, width) = (shape[1].fixed ?? 0, shape[2].fixed ?? 0)
  }

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expect(1)
    let x = try operands.image(0)
    let sizes = 1...Int(Int32.max)
    guard sizes.contains(height), sizes.contains(width) else {
      throw operands.mismatch("an image [B,H,W,C] of fixed sizes as the result")
    }
    return TensorType(.f32, [x.entries, .fixed(height), .fixed(width), .fixed(x.channels)])
  }
}

/// The mean of each channel over windows of pixels. `x: f32[B,H,W,C] -> f32[B,H',W',C]`
struct AveragePoolOp: OpDefinition {
  var pooling = AveragePool(windows: Windows(side: 0))

  let mnemonic = "average_pool"
  var op: Op { .averagePool(pooling) }
  var traits: OpTraits {
    OpTraits(.compile, in: .step, [.cheap], elementwise: nil, matrix: nil, index: nil, overwrites: .none)
  }

  mutating func code(_ coder: inout AttributeCoder) throws(ParseError) {
    try pooling.windows.code(&coder)
    var word = pooling.counts.rawValue
    try coder.word("counts", &word, default: AveragePool.Counts.window.rawValue)
    guard let counts = AveragePool.Counts(rawValue: word) else {
      throw coder.failure("attribute `counts`: expected window or image, found \(word)")
    }
    pooling.counts = counts
  }

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expect(1)
    return TensorType(
      .f32, try operands.pixels(of: pooling.windows) + [.fixed(try operands.image(0).channels)])
  }
}

/// The attributes of an average pooling.
public struct AveragePool: Hashable, Sendable {
  /// The pixels of a window whose number the sum is divided by.
  public enum Counts: String, Hashable, Sendable, CaseIterable {
    /// All of them, zeros past the image too.
    case window
    /// Those of the image.
    case image
  }

  /// What a mean is taken over.
  public var windows: Windows
  /// What the sum is divided by.
  public var counts: Counts

  /// Means over windows.
  public init(windows: Windows, counts: Counts = .window) {
    self.windows = windows
    self.counts = counts
  }
}
