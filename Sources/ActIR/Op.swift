/// What a node computes. Closed, so that a `switch` names every place that a new op must touch; attributes are plain
/// values, so that `==` on ops is exactly the question that common subexpression elimination asks.
public enum Op: Hashable, Sendable {
  // MARK: Leaves

  /// A tensor given at every call: `tokens`, `positions`, `logit_rows`.
  case input(name: String)
  /// A tensor of the checkpoint.
  case weight(name: String)
  /// A parameter of a map at a site: `slope`, `source_mean`, …
  case mapParameter(map: String, site: String, name: String)
  /// A scalar known now. `-> f32[]`
  case constant(Float)
  /// A steering strength, turned at run time; 0 for the tokens outside its scope. `-> f32[]`
  case dial(name: String, scope: TokenScope = .all)

  // MARK: Elementwise

  /// `x: [S] -> [S]`
  case unary(UnaryFunction)
  /// `a: [S], b: [S] -> [S]`; the operand of lower rank is repeated over the leading axes of the other.
  case binary(BinaryFunction)
  /// `condition: bool[S], a: [S], b: [S] -> [S]`; a mask is repeated as any operand is.
  case select
  /// A per-channel map, `x·scale + shift`. `x: [T,D], scale: [D] or [], shift: [D] or [] -> [T,D]`
  case affine
  /// Several elementwise nodes in one. `inputs: f32[S] | bool[S]… -> f32[S]`
  case fused(Expression)

  // MARK: Dense

  /// `x: f32[T,K], w: [N,K] (, bias: f32[N]) -> f32[T,N]`; w may be packed
  case linear
  /// A linear layer and what follows it in registers. `x: f32[T,K], w: [N,K], operands: [T,N] | [N] | []… -> f32[T,N]`,
  /// of f32 or bool; `$0` is the product, `$1…` the operands.
  case linearEpilogue(Expression)

  // MARK: Normalisation

  /// `x: f32[T,D], gain: f32[D] (, bias: f32[D]) -> f32[T,D]`
  case rmsNorm(eps: Float)
  /// `x: f32[T,D], gain: f32[D] (, bias: f32[D]) -> f32[T,D]`
  case layerNorm(eps: Float)

  // MARK: Attention

  /// Cosines and sines of rotary embedding. `positions: i32[T] -> f32[T,W]`
  case ropeTable(RotaryEmbedding)
  /// Rotates every head. `x: f32[T,H·headWidth], table: f32[T,W] -> f32[T,H·headWidth]`
  case rope(headWidth: Int)
  /// Causal attention of each row over its own sequence, through the KV cache.
  /// `q: f32[T,H·W], k: f32[T,G·W], v: f32[T,G·W] -> f32[T,H·W]`
  case attention(Attention)

  // MARK: Rows and columns

  /// `table: [V,D], tokens: i32[T] -> f32[T,D]`; the table may be packed
  case embedding
  /// `x: f32[T,D], rows: i32[R] -> f32[R,D]`
  case takeRows
  /// Columns `start ..< start + count`. `x: f32[T,D] -> f32[T,count]`
  case slice(start: Int, count: Int)

  // MARK: Weight arithmetic

  /// `w: [N,K], s: f32[N] -> f32[N,K]`, row n times `s[n]`
  case scaleRows
  /// `w: [N,K], s: f32[K] -> f32[N,K]`, column k times `s[k]`
  case scaleColumns
  /// `w: [N,K], v: f32[K] -> f32[N]`
  case matvec
  /// Stacks along the first axis. `a: [N,…], b: [M,…], … -> [N+M+…,…]`
  case concat
  /// `[S] -> dtype[S]`, round to nearest even
  case cast(DType)
  /// `w: [N,K] -> dtype[N,K]`, rounded or quantised and laid out for linear layers
  case pack(DType)
}

/// Rotary position embedding (RoFormer, arXiv 2104.09864), with the scalings that checkpoints use.
public struct RotaryEmbedding: Hashable, Sendable {
  /// How frequencies are changed for contexts longer than those of the training.
  public enum Scaling: Hashable, Sendable {
    /// They are not.
    case none
    /// All frequencies divided by `factor` (position interpolation, arXiv 2306.15595).
    case linear(factor: Double)
    /// Low frequencies divided by `factor`, high ones kept, a ramp between (Llama 3.1).
    case llama3(factor: Double, lowFrequency: Double, highFrequency: Double, originalContext: Int)
  }

  /// Channels of a head that are rotated; even.
  public var width: Int
  /// Frequency i is `base^(-2i / width)`.
  public var base: Double
  /// What is done to the frequencies.
  public var scaling: Scaling

  /// An embedding of `width` channels, which must be even.
  public init(width: Int, base: Double, scaling: Scaling = .none) {
    self.width = width
    self.base = base
    self.scaling = scaling
  }
}

/// The attributes of an attention node.
public struct Attention: Hashable, Sendable {
  /// Which of the model's caches the node owns; its layer.
  public var cache: Int
  /// Heads of the queries.
  public var heads: Int
  /// Heads of the keys and values; a divisor of `heads`, whose groups share one.
  public var keyValueHeads: Int
  /// Channels of a head.
  public var headWidth: Int
  /// Factor of the scores before the softmax.
  public var scale: Float
  /// How many of the latest positions a row sees; 0: all.
  public var window: Int
  /// Scores become `cap · tanh(score / cap)`; 0: they do not.
  public var softCap: Float

  /// Causal attention over all earlier positions, unless a window says otherwise.
  public init(
    cache: Int, heads: Int, keyValueHeads: Int, headWidth: Int, scale: Float, window: Int = 0,
    softCap: Float = 0
  ) {
    self.cache = cache
    self.heads = heads
    self.keyValueHeads = keyValueHeads
    self.headWidth = headWidth
    self.scale = scale
    self.window = window
    self.softCap = softCap
  }
}
