/// What a node computes.
///
/// Closed, so that a `switch` names every place that a new op must touch; attributes are plain values, so that `==` on
/// ops is exactly the question that common subexpression elimination asks. Everything else that is to be known of an
/// op, its definition says: a type for each in `Ops/`. `S` is any shape, and `…` any leading dimensions.
public enum Op: Hashable, Sendable {
  // MARK: Leaves

  /// A tensor given at every call, or with ``BindingTime/prompt`` once for several. `-> declared`
  case input(name: String, role: InputRole = .given, time: BindingTime = .step)
  /// A tensor of the checkpoint. `-> declared`
  case weight(name: String)
  /// A parameter of a map at a site: `slope`, `source_mean`, … `-> declared`
  case mapParameter(map: String, site: String, name: String)
  /// A scalar known now. `-> f32[]`
  case constant(Float)
  /// A steering strength, turned at run time; 0 for the tokens outside its scope. `-> f32[]`
  case dial(name: String, scope: TokenScope = .all)
  /// An end of the range of scores in which a map acts, turned at run time. `-> f32[]`
  case gateBound(Gate, GateEnd)

  // MARK: Elementwise, broadcast as NumPy does

  /// `x: [S] -> [S]`
  case unary(UnaryFunction)
  /// `a: [S], b: [S] -> [S]`
  case binary(BinaryFunction)
  /// `condition: bool[S], a: [S], b: [S] -> [S]`
  case select
  /// A per-channel map, `x·scale + shift`. `x: [S], scale and shift: what repeats to [S] -> [S]`
  case affine
  /// Several elementwise nodes in one. `inputs: f32 | bool… -> f32[S]`
  case fused(Expression)

  // MARK: Dense

  /// `x: f32[…,K], w: [N,K] (, bias: f32[N]) -> f32[…,N]`; w may be packed
  case linear
  /// A linear layer and what follows it in registers: `$0` is the product, `$1…` the operands.
  /// `x: f32[…,K], w: [N,K], operands: f32 or bool that repeats to […,N] -> f32[…,N]`
  case linearEpilogue(Expression)

  // MARK: Experts, of which each row runs through some

  /// The columns of the greatest scores of each row, the greatest first. `scores: f32[T,E] -> i32[T,count]`
  case choose(count: Int)
  /// The channels of each row that were chosen for it. `x: f32[T,E], chosen: i32[T,k] -> f32[T,k]`
  case takeChannels
  /// Each row times the matrices that were chosen for it.
  /// `x: f32[T,K] or f32[T,k,K], w: [E,N,K], chosen: i32[T,k] -> f32[T,k,N]`; w may be packed
  case expertLinear
  /// The sum of a row's parts, each times its weight. `x: f32[T,k,D], weights: f32[T,k] -> f32[T,D]`
  case weightedSum

  // MARK: Images, whose rows are pixels

  /// The product of every window with a matrix, whose columns are the channels of the window's pixels, line by line.
  /// `x: f32[B,H,W,C], w: [O,kh·kw·C] (, bias: f32[O]) -> f32[B,H',W',O]`; w may be packed
  case conv(Windows)
  /// A convolution and what follows it in registers: `$0` is the product, `$1…` the operands.
  /// `x: f32[B,H,W,C], w: [O,kh·kw·C], operands: f32 or bool that repeats to [B,H',W',O] -> f32[B,H',W',O]`
  case convEpilogue(Windows, Expression)
  /// The nearest pixel of an image of another size. `x: f32[B,H,W,C] -> f32[B,H',W',C]`
  case upsampleNearest(height: Int, width: Int)
  /// Means over windows of pixels. `x: f32[B,H,W,C] -> f32[B,H',W',C]`
  case averagePool(AveragePool)
  /// The mean and the variance of each channel over the rows of each entry. `x: f32[B,…,C] -> f32[B,2,C]`
  case moments
  /// The mean of each channel over the pixels of an image, and a row of anything else itself: what a map moves that acts
  /// on images as wholes.
  case pixelMean

  // MARK: Normalisation and reductions, over channels

  /// `x: f32[…,D] (, gain (, bias)), which repeat to x -> f32[…,D]`
  case rmsNorm(eps: Float)
  /// `x: f32[…,D] (, gain (, bias)), which repeat to x -> f32[…,D]`
  case layerNorm(eps: Float)
  /// One number of each row. `x: f32[…,D] -> f32[…,1]`
  case reduce(ReduceFunction)
  /// `x: f32[…,D] -> f32[…,D]`
  case softmax

  // MARK: Tables, by channel

  /// A piecewise-linear function of each channel. `x: f32[…,D], knots: f32[K,D], values: f32[K,D] -> f32[…,D]`
  case interpolate

  /// Cosines and sines of a number a row. `t: f32[…,1] -> f32[…,W]`
  case sinusoids(Sinusoids)

  // MARK: Attention

  /// Cosines and sines of rotary embedding. `positions: i32[T] -> f32[T,W]`
  case ropeTable(RotaryEmbedding)
  /// Rotates every head. `x: f32[…,H·headWidth], table: f32[…,W] -> f32[…,H·headWidth]`
  case rope(headWidth: Int, pairs: RotaryPairs = .halves)
  /// Keeps keys and values in a cache, after those of the earlier rows of each sequence.
  /// `k: f32[T,G·W], v: f32[T,G·W] -> kv[S,G,W]`
  case kvAppend(KeyValues, cache: Int)
  /// Keys and values of a call that holds whole entries. `k: f32[…,G·W], v: f32[…,G·W] -> kv[…,G,W]`
  case kvPack(KeyValues)
  /// Attention of each row over the keys and values of its entry; a bias by relative position is added to the scores.
  /// `q: f32[…,H·W], kv: kv[…,G,W] (, bias: f32[H,2·R+1]) -> f32[…,H·W]`
  case attention(Attention)
  /// The row of a table for each relative position up to a distance. `table: [N,H] -> f32[2·distance+1,H]`
  case relativeRows(distance: Int)

  // MARK: Rows and columns

  /// `table: [V,D], tokens: i32[T] -> f32[T,D]`; the table may be packed
  case embedding
  /// `x: f32[T,…], rows: i32[R] -> f32[R,…]`
  case takeRows
  /// The rows of text and those of the image of each entry, one after the other.
  /// `text: f32[T,D], image: f32[P,D] or f32[B,…,D] -> f32[T+P,D] or f32[T+N,D]`
  case joinRows
  /// The rows of one kind, whose axes before the channels these are, out of joined ones.
  /// `x: f32[T+P,D] or f32[T+N,D] -> f32[T,D], f32[P,D] or f32[B,…,D]`
  case partRows([Dim])
  /// Some of the elements along an axis. `x: f32[S] -> f32[S']`
  case slice(Slice)
  /// Joins along an axis; one that is 1 along all axes before is repeated. `a: […,N,…], b: […,M,…], … -> […,N+M+…,…]`
  case concat(axis: Int = 0)
  /// The same elements under another shape. `[S] -> [S']`
  case reshape([Dim])

  // MARK: Weight arithmetic

  /// `w: [N,K], s: f32[N] -> f32[N,K]`, row n times `s[n]`
  case scaleRows
  /// `w: [N,K], s: f32[K] -> f32[N,K]`, column k times `s[k]`
  case scaleColumns
  /// `w: [N,K], v: f32[K] -> f32[N]`
  case matvec
  /// Axis i of the result is axis `axes[i]` of the operand. `w: [S] -> f32[S']`
  case permute([Int])
  /// Matrices one after the other. `a: [N,K], b: [N,K], … -> [E,N,K]`; they may be packed
  case stack
  /// `[S] -> dtype[S]`, round to nearest even
  case cast(DType)
  /// `w: [N,K] or [E,N,K] -> dtype, the same shape`, rounded or quantised and laid out for linear layers
  case pack(DType)
}

extension Op {
  /// What the compiler knows of the op.
  var definition: any OpDefinition {
    switch self {
    case .input(let name, let role, let time): InputOp(name: name, role: role, time: time)
    case .weight(let name): WeightOp(name: name)
    case .mapParameter(let map, let site, let name): MapParameterOp(map: map, site: site, name: name)
    case .constant(let value): ConstantOp(value: value)
    case .dial(let name, let scope): DialOp(name: name, scope: scope)
    case .gateBound(let gate, let end): GateBoundOp(gate: gate, end: end)
    case .unary(let function): UnaryOp(function: function)
    case .binary(let function): BinaryOp(function: function)
    case .select: SelectOp()
    case .affine: AffineOp()
    case .fused(let body): FusedOp(body: body)
    case .linear: LinearOp()
    case .linearEpilogue(let body): LinearEpilogueOp(body: body)
    case .choose(let count): ChooseOp(count: count)
    case .takeChannels: TakeChannelsOp()
    case .expertLinear: ExpertLinearOp()
    case .weightedSum: WeightedSumOp()
    case .conv(let windows): ConvOp(windows: windows)
    case .convEpilogue(let windows, let body): ConvEpilogueOp(windows: windows, body: body)
    case .upsampleNearest(let height, let width): UpsampleNearestOp(height: height, width: width)
    case .averagePool(let pooling): AveragePoolOp(pooling: pooling)
    case .moments: MomentsOp()
    case .pixelMean: PixelMeanOp()
    case .rmsNorm(let eps): RMSNormOp(eps: eps)
    case .layerNorm(let eps): LayerNormOp(eps: eps)
    case .reduce(let function): ReduceOp(function: function)
    case .softmax: SoftmaxOp()
    case .interpolate: InterpolateOp()
    case .sinusoids(let sinusoids): SinusoidsOp(sinusoids: sinusoids)
    case .ropeTable(let rope): RopeTableOp(rope: rope)
    case .rope(let headWidth, let pairs): RopeOp(headWidth: headWidth, pairs: pairs)
    case .kvAppend(let keyValues, let cache): KVAppendOp(keyValues: keyValues, cache: cache)
    case .kvPack(let keyValues): KVPackOp(keyValues: keyValues)
    case .attention(let attention): AttentionOp(attention: attention)
    case .relativeRows(let distance): RelativeRowsOp(distance: distance)
    case .embedding: EmbeddingOp()
    case .takeRows: TakeRowsOp()
    case .joinRows: JoinRowsOp()
    case .partRows(let leading): PartRowsOp(leading: leading)
    case .slice(let slice): SliceOp(slice: slice)
    case .concat(let axis): ConcatOp(axis: axis)
    case .reshape(let shape): ReshapeOp(shape: shape)
    case .scaleRows: ScaleRowsOp()
    case .scaleColumns: ScaleColumnsOp()
    case .matvec: MatvecOp()
    case .permute(let axes): PermuteOp(axes: axes)
    case .stack: StackOp()
    case .cast(let dtype): CastOp(dtype: dtype)
    case .pack(let dtype): PackOp(dtype: dtype)
    }
  }

  /// Every op once, in the order above, with attributes that mean nothing: what the parser starts from.
  public static let prototypes: [Op] =
    ([
      InputOp(), WeightOp(), MapParameterOp(), ConstantOp(), DialOp(), GateBoundOp(),
    ] as [any OpDefinition]).map(\.op)
    + UnaryFunction.prototypes.map(Op.unary) + BinaryFunction.allCases.map(Op.binary)
    + ([
      SelectOp(), AffineOp(), FusedOp(),
      LinearOp(), LinearEpilogueOp(),
      ChooseOp(), TakeChannelsOp(), ExpertLinearOp(), WeightedSumOp(),
      ConvOp(), ConvEpilogueOp(), UpsampleNearestOp(), AveragePoolOp(), MomentsOp(), PixelMeanOp(),
      RMSNormOp(), LayerNormOp(),
    ] as [any OpDefinition]).map(\.op)
    + ReduceFunction.allCases.map(Op.reduce)
    + ([
      SoftmaxOp(), InterpolateOp(), SinusoidsOp(),
      RopeTableOp(), RopeOp(), KVAppendOp(), KVPackOp(), AttentionOp(), RelativeRowsOp(),
      EmbeddingOp(), TakeRowsOp(), JoinRowsOp(), PartRowsOp(), SliceOp(), ConcatOp(), ReshapeOp(),
      ScaleRowsOp(), ScaleColumnsOp(), MatvecOp(), PermuteOp(), StackOp(), CastOp(), PackOp(),
    ] as [any OpDefinition]).map(\.op)

  private static let prototypesByMnemonic = Dictionary(
    uniqueKeysWithValues: prototypes.map { ($0.mnemonic, $0) })

  /// The op's name in the text form.
  public var mnemonic: String { definition.mnemonic }

  /// What passes, lowering and the verifiers ask of the op.
  public var traits: OpTraits { definition.traits }

  /// The attributes, in printing order.
  public var attributes: [(key: String, value: Attribute)] {
    var coder = AttributeCoder()
    var definition = definition
    do { try definition.code(&coder) } catch { preconditionFailure("printing cannot fail: \(error)") }
    return coder.printed
  }

  /// The result type that the op gives for operands of these types; nil for leaves, whose type is declared.
  public func resultType(of inputs: [TensorType]) throws(TypeMismatch) -> TensorType? {
    try definition.resultType(of: Operands(inputs))
  }

  /// Builds an op from its text form; the inverse of ``mnemonic`` and ``attributes``.
  ///
  /// A body's inputs are counted by the node's operands, and the declared type tells a `cast` its target.
  init(
    mnemonic: String, attributes: inout AttributeReader, inputCount: Int, type: TensorType
  ) throws(ParseError) {
    guard var definition = Self.prototypesByMnemonic[mnemonic]?.definition else {
      throw attributes.failure("unknown op `\(mnemonic)`")
    }
    var coder = AttributeCoder(reading: attributes, operandCount: inputCount, type: type)
    try definition.code(&coder)
    attributes = coder.rest ?? attributes
    self = definition.op
  }

  /// Whether the op works element by element, so that it may join a fused body.
  public var isElementwise: Bool { traits.elementwise != nil }

  /// A slice of columns, those of the last axis.
  public static func slice(start: Int, count: Int) -> Op { .slice(Slice(start: start, count: count)) }
}
