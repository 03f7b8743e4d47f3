import ActFormats
import ActIR

/// What an architecture makes of a checkpoint.
package struct ModelGraph: Sendable {
  package var graph: Graph
  /// The longest sequence, in tokens, that the model was made for.
  package var contextLength: Int
  /// Of a model of several modules, the inputs that modules before it give.
  package var wires: [Wire]
  /// Of a classifier, what it tells apart.
  package var labels: Labels?

  package init(graph: Graph, contextLength: Int, wires: [Wire] = [], labels: Labels? = nil) {
    self.graph = graph
    self.contextLength = contextLength
    self.wires = wires
    self.labels = labels
  }
}

/// Builds a graph against a configuration and the types of a checkpoint's tensors.
struct ModelBuilder {
  var graph: Graph
  let configuration: Configuration
  let weightType: (String) -> TensorType?
  /// How checkpoints may call tensors other than their modules, by prefixes. That of a base model, which some leave out,
  /// is one.
  var otherNames = [(module: "model.", checkpoint: "")]

  init(name: String, configuration: Configuration, weightType: @escaping (String) -> TensorType?) {
    graph = Graph(name: name)
    self.configuration = configuration
    self.weightType = weightType
  }

  func has(_ name: String) -> Bool { weightType(name) != nil }

  /// What the checkpoint calls a module's tensor.
  func stored(_ name: String) -> String {
    guard !has(name) else { return name }
    let others = otherNames.filter { name.hasPrefix($0.module) }
      .map { $0.checkpoint + name.dropFirst($0.module.count) }
    return others.first(where: has) ?? name
  }

  /// An input of whole numbers, one of each that a symbol counts.
  mutating func input(
    _ name: String, _ symbol: String, _ role: InputRole, at time: BindingTime = .step
  ) -> ValueID {
    let type = TensorType(.i32, [.symbol(symbol)])
    return graph.append(Node(.input(name: name, role: role, time: time), [], type, name: name))
  }

  /// What a module reads, for all that reads it in the module: the site `module:in`. Layers and norms that are declared
  /// here do so by themselves.
  mutating func input(_ x: ValueID, of module: String) -> ValueID { graph.appendInput(x, of: module) }

  /// What a module gives that is what its last one gives, as the site `module`.
  mutating func output(_ x: ValueID, of module: String) -> ValueID { graph.appendOutput(x, of: module) }

  /// A matrix in the checkpoint's own element type.
  mutating func matrix(_ name: String, _ rows: Int, _ columns: Int) throws -> ValueID {
    try weight(name, [rows, columns])
  }

  /// A vector, widened to f32.
  mutating func vector(_ name: String, _ count: Int) throws -> ValueID { try widened(name, [count]) }

  /// A tensor of numbers that multiply or are added, widened to f32.
  mutating func widened(_ name: String, _ shape: [Int]) throws -> ValueID {
    let id = try weight(name, shape)
    return graph.type(id).dtype == .f32 ? id : graph.append(.cast(.f32), id, name: name)
  }

  /// A matrix that the checkpoint has as its transpose.
  mutating func transposed(_ name: String, _ rows: Int, _ columns: Int) throws -> ValueID {
    let stored = try weight(name, [columns, rows])
    return narrowed(graph.append(.permute([1, 0]), stored, name: name), to: graph.type(stored).dtype)
  }

  /// A matrix computed from one of the checkpoint's, in the element type of that.
  mutating func narrowed(_ matrix: ValueID, to dtype: DType) -> ValueID {
    dtype == .f32 ? matrix : graph.append(.cast(dtype), matrix, name: graph[matrix].name)
  }

  /// A tensor of the checkpoint, in its own element type.
  mutating func weight(_ name: String, _ shape: [Int]) throws -> ValueID {
    let expected = shape.map { Dim.fixed($0) }
    let stored = stored(name)
    guard let type = weightType(stored) else {
      throw FileError(configuration.path, name, "expected a tensor \(shape), found none in the checkpoint")
    }
    guard type.shape == expected, type.dtype.isFloat else {
      throw FileError(
        configuration.path, name, "expected floating-point \(shape), as the configuration says, found \(type)"
      )
    }
    return graph.append(Node(.weight(name: stored), [], type, name: name))
  }

  /// A linear layer `prefix.weight`, with `prefix.bias` where `bias` says so, as the site `prefix`.
  mutating func linear(_ x: ValueID, _ prefix: String, _ rows: Int, _ columns: Int, bias: Bool) throws
    -> ValueID
  {
    var inputs = [input(x, of: prefix), try matrix(prefix + ".weight", rows, columns)]
    if bias { inputs.append(try vector(prefix + ".bias", rows)) }
    return graph.append(.linear, inputs, name: prefix, site: prefix)
  }

  /// The embedding of positions, the table `module.weight` of `rows` rows, as the site `module`: position 0 is row
  /// `first`, and no position names those before it.
  mutating func positionEmbedding(
    _ module: String, _ rows: Int, _ width: Int, _ positions: ValueID, from first: Int = 0
  ) throws -> ValueID {
    var table = try matrix("\(module).weight", rows, width)
    if first > 0 {
      let dtype = graph.type(table).dtype
      let wide = dtype == .f32 ? table : graph.append(.cast(.f32), table, name: "\(module).wide")
      let slice = Slice(start: first, count: rows - first, axis: 0)
      table = narrowed(graph.append(.slice(slice), wide, name: "\(module).rows"), to: dtype)
    }
    return graph.append(.embedding, table, positions, name: module, site: module)
  }

  /// Attention of the rows of an entry to all of its rows, or to those so far. Scores are divided by the root of a head's
  /// width unless `scale` says otherwise; `bias` is added to them.
  mutating func attention(
    _ q: ValueID, _ k: ValueID, _ v: ValueID, heads: Int, visible: Attention.Visible = .all,
    scale: Float? = nil, bias: ValueID? = nil, name: String
  ) -> ValueID {
    let headWidth = graph.type(q).shape.last!.fixed! / heads
    let keysAndValues = graph.append(
      .kvPack(KeyValues(heads: heads, headWidth: headWidth)), k, v, name: "\(name).kv")
    let attention = Attention(scale: scale ?? Float(1 / Double(headWidth).squareRoot()), visible: visible)
    return graph.append(.attention(attention), [q, keysAndValues] + (bias.map { [$0] } ?? []), name: name)
  }

  /// The rows that a call chooses: by default the first of each text, or with the role `ending` the last.
  mutating func chosenRows(_ x: ValueID, _ role: InputRole = .chosen, name: String) -> ValueID {
    graph.append(.takeRows, x, input("chosen_rows", "R", role), name: name)
  }

  /// An input of images.
  mutating func image(
    _ name: String, _ size: ImageSize, _ channels: Int, _ role: InputRole = .given
  ) -> ValueID {
    let shape: [Dim] = [.symbol("B"), .fixed(size.height), .fixed(size.width), .fixed(channels)]
    return graph.append(Node(.input(name: name, role: role), [], TensorType(.f32, shape), name: name))
  }

  /// An input of rows of channels that a symbol counts.
  mutating func rows(
    _ name: String, _ symbol: String, _ width: Int, _ role: InputRole = .given, at time: BindingTime = .step
  ) -> ValueID {
    let type = TensorType(.f32, [.symbol(symbol), .fixed(width)])
    return graph.append(Node(.input(name: name, role: role, time: time), [], type, name: name))
  }

  /// A convolution `prefix.weight`, with `prefix.bias` where `bias` says so, as the site `prefix`.
  ///
  /// Its matrix has the columns of a window line by line; the checkpoint has them channel by channel.
  mutating func conv(_ x: ValueID, _ prefix: String, _ channels: Int, _ windows: Windows, bias: Bool) throws
    -> ValueID
  {
    let width = graph.type(x).shape.last!.fixed!
    let stored = try weight("\(prefix).weight", [channels, width] + windows.kernel)
    let permuted = graph.append(.permute([0, 2, 3, 1]), stored, name: "\(prefix).weight.permuted")
    let shape: [Dim] = [.fixed(channels), .fixed(windows.pixelCount * width)]
    let matrix = graph.append(.reshape(shape), permuted, name: "\(prefix).weight")
    var inputs = [input(x, of: prefix), narrowed(matrix, to: graph.type(stored).dtype)]
    if bias { inputs.append(try vector("\(prefix).bias", channels)) }
    return graph.append(.conv(windows), inputs, name: prefix, site: prefix)
  }

  mutating func rmsNorm(_ x: ValueID, _ prefix: String, eps: Float) throws -> ValueID {
    let width = graph.type(x).shape.last!.fixed!
    let gain = try vector(prefix + ".weight", width)
    return graph.append(.rmsNorm(eps: eps), input(x, of: prefix), gain, name: prefix, site: prefix)
  }

  /// A layer norm `prefix.weight` and, where `bias` says so, `prefix.bias`, in old checkpoints `gamma` and `beta`, as the
  /// site `prefix`.
  mutating func layerNorm(_ x: ValueID, _ prefix: String, eps: Float, bias hasBias: Bool = true) throws
    -> ValueID
  {
    let width = graph.type(x).shape.last!.fixed!
    let x = input(x, of: prefix)
    let isOld = has("\(prefix).gamma") && !has("\(prefix).weight")
    let gain = try vector("\(prefix).\(isOld ? "gamma" : "weight")", width)
    guard hasBias else { return graph.append(.layerNorm(eps: eps), x, gain, name: prefix, site: prefix) }
    let bias = try vector("\(prefix).\(isOld ? "beta" : "bias")", width)
    return graph.append(.layerNorm(eps: eps), x, gain, bias, name: prefix, site: prefix)
  }
}
