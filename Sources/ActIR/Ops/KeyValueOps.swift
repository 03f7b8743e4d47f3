import ActLimits

/// Keeps keys and values in a cache, after those of the earlier rows of each sequence.
/// `k: f32[T,G·W], v: f32[T,G·W] -> kv[S,G,W]`
struct KVAppendOp: OpDefinition {
  var keyValues = KeyValues(heads: 0, headWidth: 0)
  var cache = 0

  let mnemonic = "kv_append"
  var op: Op { .kvAppend(keyValues, cache: cache) }
  var traits: OpTraits {
    OpTraits(.step, in: .step, [], elementwise: nil, matrix: nil, index: nil, overwrites: .none)
  }

  mutating func code(_ coder: inout AttributeCoder) throws(ParseError) {
    try coder.int("cache", &cache)
    try keyValues.code(&coder)
  }

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    _ = try operands.keysAndValues(keyValues)
    return keyValues.type([.symbol("S")])
  }
}

/// Keys and values of a call that holds whole entries. `k: f32[…,G·W], v: f32[…,G·W] -> kv[…,G,W]`
struct KVPackOp: OpDefinition {
  var keyValues = KeyValues(heads: 0, headWidth: 0)

  let mnemonic = "kv_pack"
  var op: Op { .kvPack(keyValues) }
  var traits: OpTraits {
    OpTraits(.compile, in: .step, [], elementwise: nil, matrix: nil, index: nil, overwrites: .none)
  }

  mutating func code(_ coder: inout AttributeCoder) throws(ParseError) { try keyValues.code(&coder) }

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    keyValues.type(try operands.keysAndValues(keyValues))
  }
}

/// How keys and values are held for attention: in blocks of positions, each a run of heads, of a multiple of some channels
/// each; first all keys, then all values.
public struct KeyValues: Hashable, Sendable {
  /// Positions of a block.
  public static var blockPositions: Int { ACT_KV_BLOCK }
  /// A head's channels are padded to a multiple of this.
  public static var laneChannels: Int { ACT_KV_LANES }

  /// The type of an element, f32 or bf16.
  public var element: DType
  /// Heads of the keys and values.
  public var heads: Int
  /// Channels of a head.
  public var headWidth: Int

  /// Keys and values of so many heads, in f32 unless told otherwise.
  public init(_ element: DType = .f32, heads: Int, headWidth: Int) {
    self.element = element
    self.heads = heads
    self.headWidth = headWidth
  }

  /// The type over the rows of `leading`.
  func type(_ leading: [Dim]) -> TensorType {
    TensorType(element == .bf16 ? .kvbf16 : .kvf32, leading + [.fixed(heads), .fixed(headWidth)])
  }

  /// The declared type says everything.
  mutating func code(_ coder: inout AttributeCoder) throws(ParseError) {
    guard let type = coder.declaredType else { return }
    guard let element = type.dtype.keyValueElement, type.rank >= 3,
      let heads = type.shape[type.rank - 2].fixed,
      let width = type.shape[type.rank - 1].fixed
    else { throw coder.failure("expected a type of keys and values as kvf32[S,3,64], found `\(type)`") }
    self = KeyValues(element, heads: heads, headWidth: width)
  }

  /// The blocks that so many positions of one entry lie in.
  package static func blockCount(of positions: Int) -> Int {
    (positions + blockPositions - 1) / blockPositions
  }

  /// The bytes of keys and values of `sizes` [rows…, heads, channels] in so many entries, whose last blocks are not full;
  /// nil where they overflow.
  static func byteCount(_ element: DType, _ sizes: [Int], entries: Int) -> Int? {
    guard sizes.count >= 3 else { return nil }
    var rows = 1
    for size in sizes.dropLast(2) {
      let (product, overflow) = rows.multipliedReportingOverflow(by: size)
      guard !overflow else { return nil }
      rows = product
    }
    return KeyValues(element, heads: sizes[sizes.count - 2], headWidth: sizes[sizes.count - 1])
      .byteCount(blocks: rows / blockPositions + entries)
  }

  /// The bytes of the keys and values of so many blocks; nil where they overflow.
  package func byteCount(blocks: Int) -> Int? {
    guard let bytes = element.byteWidth else { return nil }
    let padded = (headWidth + Self.laneChannels - 1) / Self.laneChannels * Self.laneChannels
    var count = 2 * bytes * Self.blockPositions
    for size in [blocks, heads, padded] {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard !overflow else { return nil }
      count = product
    }
    return count
  }
}

extension Operands {
  /// Checks keys and values; returns their rows.
  fileprivate func keysAndValues(_ keyValues: KeyValues) throws(TypeMismatch) -> [Dim] {
    try expect(2)
    let (k, v) = (try rows(0), try rows(1))
    guard keyValues.heads > 0, keyValues.headWidth > 0, k.type == v.type,
      k.channels.fixed == keyValues.heads * keyValues.headWidth
    else { throw mismatch("k and v [T,\(keyValues.heads)·\(keyValues.headWidth)]") }
    return k.leading
  }
}
