import ActFormats
import ActIR
import ActPlan

extension Graph {
  /// Adds adapters to the matrices of a model, as arithmetic on its weights: several at one matrix are summed.
  ///
  /// The graph was built with those matrices in f32 (``Swift/Array/adaptedWeights(of:)``), so that what is added is not
  /// rounded to the checkpoint's type.
  ///
  /// - Parameters:
  ///   - adapters: the adapters; their tensors become weights named by ``LowRankAdapter/weightName(_:_:)``.
  ///   - checkpoint: the model's own weights.
  /// - Throws: `FileError` for a module that the graph does not read a matrix of, or one of another size.
  mutating func add(_ adapters: [LowRankAdapter], to checkpoint: Checkpoint) throws(FileError) {
    var leaves: [String: ValueID] = [:]
    for id in order { if case .weight(let name) = self[id].op { leaves[name] = id } }
    var deltas: [ValueID: [ValueID]] = [:]
    var targets: [ValueID] = []
    func name(of module: String, _ adapter: LowRankAdapter) throws(FileError) -> String {
      if let name = checkpoint.weight(of: module), leaves[name] != nil { return name }
      throw FileError(
        adapter.path, module, "the model reads no matrix of this module",
        next: "is it an adapter of another model, or of a tied head?")
    }
    for (index, adapter) in adapters.enumerated() {
      for (module, tensor) in adapter.baseLayers {
        let own = checkpoint.tensor(named: try name(of: module, adapter))
        guard let own, let copy = adapter.bytes(tensor.name), own.info.dtype == tensor.dtype,
          own.info.shape == tensor.shape,
          withExtendedLifetime(own.elements.owner, { own.bytes.elementsEqual(copy) })
        else {
          throw FileError.unsupported(
            adapter.path, tensor.name, "expected the model's own matrix, found another",
            next: "adapters that replace layers are not supported; merge it with PEFT")
        }
      }
      for pair in adapter.pairs {
        let leaf = leaves[try name(of: pair.module, adapter)]!
        if deltas[leaf] == nil { targets.append(leaf) }
        deltas[leaf, default: []].append(try delta(pair, of: leaf, adapter, index))
        if let bias = pair.bias { try add(bias, pair, to: leaf, adapter, index) }
      }
    }
    for leaf in targets {
      var own = self[leaf]
      let name = own.name
      guard case .weight(let tensor) = own.op, let info = checkpoint.info(of: tensor),
        let type = TensorType(info)
      else { preconditionFailure("a weight of the checkpoint") }
      own.type = type
      let stored = append(own)
      var sum = type.dtype == .f32 ? stored : append(.cast(.f32), stored, name: "\(name).wide")
      for delta in deltas[leaf]! { sum = append(.binary(.add), sum, delta, name: "\(name).adapted") }
      replace(leaf, with: sum)
    }
  }

  /// Adds a bias to the layers that a matrix is of, in f32.
  private mutating func add(
    _ bias: TensorInfo, _ pair: LowRankAdapter.Pair, to leaf: ValueID, _ adapter: LowRankAdapter, _ index: Int
  ) throws(FileError) {
    // The matrix as it is stored, and turned.
    var (matrices, layers) = ([leaf], [ValueID]())
    while let matrix = matrices.popLast() {
      for reader in Set(readers(of: matrix)).sorted() {
        switch self[reader].op {
        case .permute, .cast: matrices.append(reader)
        case .linear where self[reader].inputs[1] == matrix: layers.append(reader)
        default: break
        }
      }
    }
    guard !layers.isEmpty else {
      throw FileError.unsupported(
        adapter.path, bias.name, "expected the matrix of a linear layer, to which a bias can be added",
        next: "merge it with PEFT")
    }
    let name = "\(pair.module).lora\(index).bias"
    let scale = append(.constant(Float(pair.scale * adapter.weight)), name: "\(name).scale")
    let part = append(.binary(.mul), try wide(bias, name, adapter, index), scale, name: name)
    for layer in layers {
      var node = self[layer]
      guard type(part).shape == [node.type.shape.last!] else {
        throw FileError(
          adapter.path, bias.name, "expected \(node.type.shape.last!) numbers, found \(bias.shape[0])",
          next: "is it an adapter of another model?")
      }
      if node.inputs.count == 3 {
        node.inputs[2] = append(.binary(.add), node.inputs[2], part, name: "\(node.name).bias.adapted")
      } else {
        node.inputs.append(part)
      }
      replace(layer, with: append(node))
    }
  }

  /// A tensor of an adapter as a value of f32.
  private mutating func wide(
    _ tensor: TensorInfo, _ name: String, _ adapter: LowRankAdapter, _ index: Int
  ) throws(FileError) -> ValueID {
    guard let type = TensorType(tensor) else {
      throw FileError(adapter.path, tensor.name, "expected floats, found \(tensor.dtype.rawValue)")
    }
    let weight = Op.weight(name: LowRankAdapter.weightName(index, tensor.name))
    let id = append(Node(weight, [], type, name: name))
    return type.dtype == .f32 ? id : append(.cast(.f32), id, name: "\(name).wide")
  }

  /// What a pair adds to a matrix, in f32 and in the matrix's own layout.
  private mutating func delta(
    _ pair: LowRankAdapter.Pair, of leaf: ValueID, _ adapter: LowRankAdapter, _ index: Int
  ) throws(FileError) -> ValueID {
    let name = "\(pair.module).lora\(index)"
    let a = matrix(try wide(pair.a, "\(name).a", adapter, index))
    let b = rows(pair.rows, of: matrix(try wide(pair.b, "\(name).b", adapter, index)))
    // Matrices [in, out], and tables of embeddings, take the transpose of b · a.
    let isTransposed = adapter.isTransposed || pair.isEmbedding
    let turned = append(.permute([1, 0]), a, name: "\(name).a.turned")
    let product =
      isTransposed
      ? append(.linear, turned, b, name: "\(name).product")
      : append(.linear, b, turned, name: "\(name).product")
    guard let own = type(leaf).shape.compactMap(\.fixed).asMatrix,
      type(product).shape.compactMap(\.fixed) == own
    else {
      throw FileError(
        adapter.path, pair.module,
        "expected a product of \(type(leaf).shape.compactMap(\.fixed)), as the model's matrix, found "
          + "\(type(product).shape.compactMap(\.fixed))", next: "is it an adapter of another model?")
    }
    let scale = append(.constant(Float(pair.scale * adapter.weight)), name: "\(name).scale")
    let delta = append(.binary(.mul), product, scale, name: name)
    let shape = type(leaf).shape
    return shape == type(delta).shape ? delta : append(.reshape(shape), delta, name: "\(name).windows")
  }

  /// Some rows of a matrix, one range after the other.
  private mutating func rows(_ ranges: [Range<Int>]?, of x: ValueID) -> ValueID {
    guard let ranges else { return x }
    let name = self[x].name
    let parts = ranges.map { range in
      append(
        .slice(Slice(start: range.lowerBound, count: range.count, axis: 0)), x,
        name: "\(name).\(range.lowerBound)")
    }
    return parts.count == 1 ? parts[0] : append(.concat(axis: 0), parts, name: "\(name).rows")
  }

  /// A tensor with all axes but the first as one: of a convolution, the columns of a window channel by channel.
  private mutating func matrix(_ x: ValueID) -> ValueID {
    let shape = type(x).shape
    guard shape.count != 2, let matrix = shape.compactMap(\.fixed).asMatrix else { return x }
    return append(.reshape(matrix.map { .fixed($0) }), x, name: "\(self[x].name).matrix")
  }
}

extension [Int] {
  /// All axes but the first as one; nil where there is one alone.
  fileprivate var asMatrix: [Int]? { count < 2 ? nil : [self[0], dropFirst().reduce(1, *)] }
}

extension Checkpoint {
  /// The tensor that is a module's matrix: an adapter of a base model leaves out the prefix that a head's model has, and
  /// the other way round.
  func weight(of module: String) -> String? {
    let prefixes = [
      "", "model.", "text_model.", "transformer.", "bert.", "roberta.", "distilbert.", "gpt_neox.",
    ]
    let bare = module.split(separator: ".").dropFirst().joined(separator: ".")
    let names = prefixes.map { "\($0)\(module).weight" } + ["\(bare).weight"]
    return names.first { info(of: $0) != nil }
  }
}

extension LowRankAdapter {
  private static let prefix = "adapter"

  /// The name of a tensor of the adapter at `index` among the weights of a graph.
  static func weightName(_ index: Int, _ tensor: String) -> String { "\(prefix)\(index)/\(tensor)" }
}

extension [LowRankAdapter] {
  /// The tensors of a checkpoint to which something is added.
  func adaptedWeights(of checkpoint: Checkpoint) -> Set<String> {
    Set(flatMap { $0.pairs.compactMap { checkpoint.weight(of: $0.module) } })
  }

  /// The elements of a weight that ``LowRankAdapter/weightName(_:_:)`` named; nil for one of the model's own.
  func elements(ofWeight name: String) throws(FileError) -> OwnedBytes? {
    for (index, adapter) in enumerated() {
      let prefix = LowRankAdapter.weightName(index, "")
      guard name.hasPrefix(prefix) else { continue }
      let tensor = String(name.dropFirst(prefix.count))
      try adapter.checkFinite(tensor)
      // A bias that nothing changes is a tensor of the plan as it is, and outlives the model.
      return adapter.bytes(tensor).map { OwnedBytes($0, owner: adapter) }
    }
    return nil
  }

  /// Stands for a model with the adapters: its own fingerprint where there are none.
  func fingerprint(of model: String) -> String {
    guard !isEmpty else { return model }
    let text = ([model] + map { "\($0.sha256) \($0.weight)" }).joined(separator: "\n")
    return SHA256.hex(of: [UInt8](text.utf8))
  }
}
