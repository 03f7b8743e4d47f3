import ActCompile
import ActFormats
import ActIR
import ActLowering
import ActPasses
import ActPlan
import ActRuntime
import ActStatistics

/// The adapter of PEFT (LoRA, arXiv 2106.09685) that does to a model what a frozen map does to the outputs of its linear
/// layers.
///
/// Behind a layer `y = W h + b` a map `s ∘ y + U (V y) + t` changes W by `(diag(s − 1) + U V) W`, which is of the rank of
/// what stands before W, and b by `(s − 1) ∘ b + U (V b) + t`. The first is a pair of matrices, `B = U`, `A = V W`; the
/// second is the bias of B, which adapters have where their `lora_bias` says so.
package struct LowRankExport {
  private struct Layer {
    var site: MapFile.Site
    /// `[out, in]`, of f32, and the bias of the layer.
    var matrix: ValueID
    var bias: ValueID?
    var shape: [Int]
    var rank: Int
  }

  private let map: FrozenMap
  private let model: Model
  private let graph: Graph
  private let layers: [Layer]
  package var layerCount: Int { layers.count }
  /// Of all pairs: those of a lower rank are filled up with zeros, since not every reader takes ranks of their own.
  package let rank: Int
  /// Whether layers are shifted, so that the adapter needs `lora_bias`.
  package let hasBias: Bool
  /// Modules that are shifted and have no bias themselves: into those an adapter cannot be merged.
  package let modulesWithoutBias: [String]
  private let isTransposed: Bool

  /// Finds out what the adapter takes.
  ///
  /// - Throws: `FileError` where a site is no output of a linear layer with a matrix of its own, where the map is not
  ///   affine there, and where it changes nothing.
  package init(_ map: FrozenMap, model: Model) throws {
    self.map = map
    self.model = model
    var graph = model.graph
    var layers: [Layer] = []
    var transposed: Set<Bool> = []
    var withoutBias: [String] = []
    var hasBias = false
    for site in map.file.sites {
      let (found, isTransposed) = try Self.layer(of: site, map, &graph)
      var layer = found
      let transport = try map.transport(at: site)
      let bias = try layer.bias.map { try Self.constants(graph, [$0], model)[0] }
      let shift = transport.change(ofBias: bias ?? [])
      let isShifted = shift.contains { $0 != 0 }
      layer.rank = transport.rankOfChange(columns: layer.shape[1])
      guard layer.rank > 0 || isShifted else { continue }
      if isShifted {
        hasBias = true
        if layer.bias == nil { withoutBias.append(site.name) }
      }
      transposed.insert(isTransposed)
      layers.append(layer)
    }
    guard !layers.isEmpty else {
      throw map.unsupported(
        map.file.sites[0].name, "expected a map that changes something, found none", next: "see --strength")
    }
    guard transposed.count == 1 else {
      throw map.unsupported(
        layers[0].site.name, "expected matrices that are all [out, in] or all [in, out], found both",
        next: "convert the sites of each kind by themselves")
    }
    self.graph = graph
    self.layers = layers
    self.hasBias = hasBias
    modulesWithoutBias = withoutBias
    isTransposed = transposed.contains(true)
    rank = max(1, layers.map(\.rank).max()!)
  }

  /// The linear layer whose output a site is.
  private static func layer(
    of site: MapFile.Site, _ map: FrozenMap, _ graph: inout Graph
  ) throws -> (Layer, isTransposed: Bool) {
    func failure(_ found: String) -> FileError {
      map.unsupported(
        site.name, "expected the output of a linear layer with a matrix of its own, found \(found)",
        next: "adapters change the matrices of linear layers")
    }
    guard let value = graph.value(at: site.name) else { throw failure("no such site") }
    let node = graph[value]
    guard case .linear = node.op else { throw failure("`\(node.op.mnemonic)`") }
    var matrix = node.inputs[1]
    var (stored, isTransposed) = (matrix, false)
    search: while true {
      switch graph[stored].op {
      case .weight: break search
      case .cast: break
      case .permute([1, 0]): isTransposed.toggle()
      default: throw failure("a matrix that is computed from others")
      }
      stored = graph[stored].inputs[0]
    }
    if graph.type(matrix).dtype != .f32 {
      matrix = graph.append(.cast(.f32), matrix, name: "\(node.name).weight.wide")
    }
    let bias = node.inputs.count == 3 ? node.inputs[2] : nil
    return (
      Layer(
        site: site, matrix: matrix, bias: bias, shape: graph.type(matrix).shape.compactMap(\.fixed), rank: 0),
      isTransposed
    )
  }

  private static func constants(_ graph: Graph, _ ids: [ValueID], _ model: Model) throws -> [[Float]] {
    var values: [[Float]] = []
    for id in ids {
      try ConstantEvaluator().run(CompileProgram(computing: id, of: graph, name: graph[id].name)) { op in
        guard case .weight(let name) = op, let tensor = model.checkpoint.tensor(named: name) else {
          throw UsageError("no data for `\(op.mnemonic)`")
        }
        try model.checkpoint.checkFinite(tensor)
        return tensor.elements
      } sink: { _, value, _ in
        values.append(Array(value.bytes.bindMemory(to: Float.self)))
      }
    }
    return values
  }

  // MARK: Writing

  /// Writes the adapter's directory, which is made where there is none: `adapter_model.safetensors`, layer by layer, and
  /// `adapter_config.json`. Both appear, or neither.
  package func write(to directory: String, progress: (Double) -> Void = { _ in }) throws {
    let output = try OutputDirectory(directory)
    var entries: [SafetensorsWriter.Entry] = []
    for layer in layers {
      entries.append(.init(name(layer, "lora_A.weight"), .f32, [rank, layer.shape[1]]))
      entries.append(.init(name(layer, "lora_B.weight"), .f32, [layer.shape[0], rank]))
      if hasBias { entries.append(.init(name(layer, "lora_B.bias"), .f32, [layer.shape[0]])) }
    }
    let writer = try SafetensorsWriter(
      output.file("adapter_model.safetensors"), entries, metadata: [("format", "pt")], pads: false)
    for (index, layer) in layers.enumerated() {
      let values = try Self.constants(graph, [layer.matrix, layer.bias].compactMap { $0 }, model)
      let weight = Matrix(
        rows: layer.shape[0], columns: layer.shape[1], values[0].map(Double.init))
      let transport = try map.transport(at: layer.site)
      let pair = transport.change(of: weight)
      var bias: [Double] = []
      if hasBias { bias = transport.change(ofBias: values.count > 1 ? values[1] : []) }
      try append(
        pair?.right.values ?? [], filling: rank * weight.columns, name(layer, "lora_A.weight"), writer)
      try append(
        pair.map { $0.left.widened(to: rank) } ?? [], filling: weight.rows * rank,
        name(layer, "lora_B.weight"), writer)
      if hasBias { try append(bias, filling: weight.rows, name(layer, "lora_B.bias"), writer) }
      progress(Double(index + 1) / Double(layers.count))
    }
    try output.finish(writer, [("adapter_config.json", configuration.pretty)])
  }

  private func name(_ layer: Layer, _ part: String) -> String {
    "base_model.model.\(layer.site.name).\(part)"
  }

  /// Appends numbers as floats, and zeros up to `count`.
  private func append(
    _ values: [Double], filling count: Int, _ name: String, _ writer: SafetensorsWriter
  ) throws {
    var floats = try values.map { try map.float($0) }
    floats += [Float](repeating: 0, count: count - floats.count)
    try floats.withUnsafeBytes { try writer.append($0, to: name) }
  }

  private var configuration: JSON {
    .object([
      "peft_type": .string("LORA"), "base_model_name_or_path": .null, "task_type": .null,
      "r": .int(rank), "lora_alpha": .int(rank), "lora_dropout": .int(0), "lora_bias": .bool(hasBias),
      "bias": .string("none"), "fan_in_fan_out": .bool(isTransposed), "use_rslora": .bool(false),
      "use_dora": .bool(false), "inference_mode": .bool(true), "init_lora_weights": .bool(true),
      "target_modules": .array(layers.map { .string($0.site.name) }),
    ])
  }
}

extension AffineFunction {
  /// The channels that are scaled.
  private var scaledChannels: [Int] {
    guard let scale else { return Array(0..<width) }
    return scale.indices.filter { scale[$0] != 1 }
  }

  /// The rank of what the map adds to a matrix of as many columns before it; no more than the matrix itself has.
  func rankOfChange(columns: Int) -> Int { min(scaledChannels.count + rank, width, columns) }

  /// What it adds to a matrix before it, as `left right`; nil: nothing.
  func change(of weight: Matrix) -> (left: Matrix, right: Matrix)? {
    let (channels, rank) = (scaledChannels, rankOfChange(columns: weight.columns))
    guard rank > 0 else { return nil }
    if channels.count + self.rank > rank { return fullChange(of: weight) }
    var (left, right) = (Matrix(zeros: width, rank), Matrix(zeros: rank, weight.columns))
    for (index, channel) in channels.enumerated() {
      left[channel, index] = (scale?[channel] ?? 0) - 1
      right.copyRow(channel, of: weight, to: index)
    }
    var next = channels.count
    for product in products {
      let turned = product.right.product(weight)
      for row in 0..<product.rank {
        right.copyRow(row, of: turned, to: next + row)
        for channel in 0..<width {
          left[channel, next + row] = product.left?[channel, row] ?? (channel == row ? 1 : 0)
        }
      }
      next += product.rank
    }
    return (left, right)
  }

  /// A change of full rank: the matrix itself, or the identity, is one of both factors.
  private func fullChange(of weight: Matrix) -> (left: Matrix, right: Matrix) {
    var change = matrix
    for channel in 0..<width { change[channel, channel] -= 1 }
    if width <= weight.columns { return (change, weight) }
    return (change.product(weight), Matrix(identity: weight.columns))
  }

  /// What it adds to the bias of a layer before it, or where that is empty, to 0.
  func change(ofBias bias: [Float]) -> [Double] {
    guard !bias.isEmpty else { return shift }
    let bias = bias.map(Double.init)
    var change = shift
    for channel in 0..<width { change[channel] += ((scale?[channel] ?? 0) - 1) * bias[channel] }
    for product in products {
      var along = product.right.product(vector: bias)
      if let left = product.left { along = left.product(vector: along) }
      for channel in 0..<width { change[channel] += along[channel] }
    }
    return change
  }
}

extension Matrix {
  fileprivate mutating func copyRow(_ row: Int, of other: Matrix, to index: Int) {
    for column in 0..<columns { self[index, column] = other[row, column] }
  }

  /// The elements with zeros after the columns.
  fileprivate func widened(to count: Int) -> [Double] {
    var wide = Matrix(zeros: rows, count)
    for row in 0..<rows { for column in 0..<columns { wide[row, column] = self[row, column] } }
    return wide.values
  }
}
