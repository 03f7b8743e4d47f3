/// Attention of each row over the keys and values of its entry. `q: f32[…,H·W], kv: kv[…,G,W] -> f32[…,H·W]`
///
/// The rows of keys and values may be others of the same entries, as those of text that the rows of an image attend to;
/// each row then sees all of them.
///
/// A third operand, `bias: f32[H,2·R+1]`, is added to the scores of each head: element R + r for a position r later, where
/// r counts as R at most, and as −R at least.
struct AttentionOp: OpDefinition {
  var attention = Attention(scale: 0)

  let mnemonic = "attention"
  var op: Op { .attention(attention) }
  var traits: OpTraits {
    OpTraits(.compile, in: .step, [], elementwise: nil, matrix: nil, index: nil, overwrites: .none)
  }

  mutating func code(_ coder: inout AttributeCoder) throws(ParseError) {
    try coder.float("scale", &attention.scale)
    var visible = attention.visible.rawValue
    try coder.word("visible", &visible, default: Attention.Visible.causal.rawValue)
    guard let known = Attention.Visible(rawValue: visible) else {
      throw coder.failure("unknown span `\(visible)`; expected causal or all")
    }
    attention.visible = known
    try coder.int("window", &attention.window, default: 0)
    try coder.float("soft_cap", &attention.softCap, default: 0)
  }

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expect(2...3)
    let (q, kv) = (try operands.rows(0), operands[1])
    guard kv.dtype.keyValueElement != nil, kv.rank >= 3, let heads = kv.shape[kv.rank - 2].fixed,
      let width = kv.shape[kv.rank - 1].fixed, let channels = q.channels.fixed,
      channels.isMultiple(of: heads * width)
    else { throw operands.mismatch("q [T,H·W] and keys and values [S,G,W], H a multiple of G") }
    try operands.entries(attention)
    guard operands.count == 3 else { return q.type }
    let bias = try operands.float(2)
    guard bias.rank == 2, bias.shape[0] == .fixed(channels / width), let relative = bias.shape[1].fixed,
      relative % 2 == 1
    else { throw operands.mismatch("a bias [\(channels / width),2·R+1]") }
    guard attention.softCap == 0 else { throw operands.mismatch("a bias or a cap of scores, not both") }
    return q.type
  }
}

extension Operands {
  /// Checks that the rows of q and those of the keys and values stand in the same entries. Only of rows of one kind is
  /// one earlier than another.
  fileprivate func entries(_ attention: Attention) throws(TypeMismatch) {
    // A cache is of the sequences that the rows of q belong to.
    let isCached = types[1].shape.first == .symbol("S")
    guard !isCached, types[0].shape.dropLast() != types[1].shape.dropLast(2) else { return }
    guard let own = types[0].rowKind, let others = types[1].rowKind else {
      throw mismatch("q and keys and values of rows of entries: [T,…], [P,…], [T+P,…] or [B,…]")
    }
    guard own == others || attention.visible == .all && attention.window == 0 && count == 2 else {
      throw mismatch("visible = all, no window and no bias, where keys and values are of other rows")
    }
  }
}

/// The attributes of an attention node.
public struct Attention: Hashable, Sendable {
  /// The positions of its entry that a row sees.
  public enum Visible: String, Hashable, Sendable {
    /// Those up to its own.
    case causal
    /// All of them.
    case all
  }

  /// Factor of the scores before the softmax.
  public var scale: Float
  /// Which positions a row sees.
  public var visible: Visible
  /// How many of the latest positions a row sees; 0: all.
  public var window: Int
  /// Scores become `cap · tanh(score / cap)`; 0: they do not.
  public var softCap: Float

  /// Causal attention over all earlier positions, unless its arguments say otherwise.
  public init(scale: Float, visible: Visible = .causal, window: Int = 0, softCap: Float = 0) {
    self.scale = scale
    self.visible = visible
    self.window = window
    self.softCap = softCap
  }
}
