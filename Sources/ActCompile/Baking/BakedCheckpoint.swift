import ActFormats
import ActGraphs
import ActIR
import ActLowering
import ActPlan
import ActRuntime

extension BakedModel {
  /// Writes the checkpoint: its tensors in files like the model's own, `config.json`, and what the model has of tokenizer
  /// and generation.
  ///
  /// - Parameters:
  ///   - directory: receives the files.
  ///   - progress: receives the share of bytes written, 0 to 1.
  /// - Throws: `FileError` where a file cannot be written, and what computing tensors throws.
  package func write(to directory: AtomicDirectory, progress: (Double) -> Void = { _ in }) throws {
    let files = layout
    let evaluator = ConstantEvaluator()
    let total = files.flatMap(\.entries).reduce(0) { $0 + $1.byteCount }
    var written = 0
    for file in files {
      let writer = try SafetensorsWriter(
        directory.file(file.name), file.entries, metadata: file.metadata, pads: false)
      for entry in file.entries {
        try append(entry, to: writer, evaluator)
        written += entry.byteCount
        progress(total == 0 ? 1 : Double(written) / Double(total))
      }
      try writer.finish()
    }
    // One file of the plain name needs no index.
    if let first = files.first?.name, files.count > 1 || first.contains("-of-") {
      let stem = first.hasPrefix("diffusion") ? "diffusion_pytorch_model" : "model"
      try AtomicFile.write(index(of: files).pretty, to: directory.file("\(stem).safetensors.index.json"))
    }
    try AtomicFile.write(configuration.pretty, to: directory.file("config.json"))
    for (name, contents) in try model.files.companions() {
      let file = try AtomicFile(directory.file(name))
      try contents.write(to: file)
      try file.commit()
    }
  }

  /// `config.json`, whose element type is that of the tensors.
  private var configuration: JSON {
    var configuration = form.configuration
    guard let name = options.precision.dtype?.frameworkName else { return configuration }
    configuration.set(configuration["dtype"] == nil ? "torch_dtype" : "dtype", .string(name))
    return configuration
  }

  // MARK: Files and tensors

  private struct File {
    var name: String
    var metadata: [(key: String, value: String)]
    var entries: [SafetensorsWriter.Entry]
  }

  /// The files with their tensors. A new tensor stands beside that of its module, or with the last.
  private var layout: [File] {
    var files = model.checkpoint.files.map { file in
      File(
        name: file.name, metadata: file.metadata,
        entries: file.tensors.compactMap { name in
          model.checkpoint.info(of: name).map { info in
            SafetensorsWriter.Entry(name, storageType(of: name) ?? info.dtype, info.shape)
          }
        })
    }
    for (name, type) in addedTypes.sorted(by: { $0.key < $1.key }) {
      let module = name.split(separator: ".").dropLast().joined(separator: ".")
      let home = files.lastIndex { $0.entries.contains { $0.name == "\(module).weight" } } ?? files.count - 1
      let entry = SafetensorsWriter.Entry(name, type.dtype.storageType, type.shape.compactMap(\.fixed))
      let place = files[home].entries.lastIndex { $0.name == "\(module).weight" }
      files[home].entries.insert(entry, at: place.map { $0 + 1 } ?? files[home].entries.count)
    }
    return files.map { file in
      var file = file
      // The widest elements first, so that each tensor begins at a multiple of its element's width.
      file.entries = file.entries.enumerated()
        .sorted { ($1.element.dtype.width, $0.offset) < ($0.element.dtype.width, $1.offset) }
        .map { $0.element }
      return file
    }
  }

  /// The element type in which a tensor of floats is written; nil for others.
  private func storageType(of name: String) -> StorageType? {
    guard let type = model.checkpoint.info(of: name).flatMap({ TensorType($0) }), type.dtype.isFloat else {
      return nil
    }
    return (options.precision.dtype ?? type.dtype).storageType
  }

  private func append(
    _ entry: SafetensorsWriter.Entry, to writer: SafetensorsWriter, _ evaluator: ConstantEvaluator
  ) throws {
    switch tensors[entry.name] ?? .unchanged {
    case .zeros: try writer.append(zeros: entry.byteCount, to: entry.name)
    case .value(let value):
      let program = CompileProgram(computing: value, of: graph, name: entry.name)
      try run(program, entry, writer, evaluator)
    case .unchanged:
      guard let tensor = model.checkpoint.tensor(named: entry.name) else {
        preconditionFailure("a tensor of the checkpoint")
      }
      guard tensor.info.dtype != entry.dtype, let type = TensorType(tensor.info) else {
        try withExtendedLifetime(tensor.elements.owner) { try writer.append(tensor.bytes, to: entry.name) }
        model.checkpoint.discardPages(of: entry.name)
        return
      }
      var graph = Graph(name: "cast")
      let own = graph.append(Node(.weight(name: entry.name), [], type, name: entry.name))
      let cast = graph.append(.cast(DType(entry.dtype) ?? type.dtype), own, name: entry.name)
      try run(CompileProgram(computing: cast, of: graph, name: entry.name), entry, writer, evaluator)
    }
  }

  private func run(
    _ program: CompileProgram, _ entry: SafetensorsWriter.Entry, _ writer: SafetensorsWriter,
    _ evaluator: ConstantEvaluator
  ) throws {
    var read: [String] = []
    let reading: (Op) throws -> OwnedBytes = { op in
      if case .weight(let name) = op { read.append(name) }
      return try source(op)
    }
    try evaluator.run(program, source: reading) { name, value, _ in
      if let dtype = DType(entry.dtype), dtype.holdsNonFinite(value.bytes) {
        throw UsageError(
          "`\(name)` overflows \(entry.dtype.rawValue) at these strengths; use --dtype f32, or strengths nearer "
            + "to [0, 1]")
      }
      try writer.append(value.bytes, to: name)
    }
    for name in read { model.checkpoint.discardPages(of: name) }
  }

  /// `model.safetensors.index.json`.
  private func index(of files: [File]) -> JSON {
    let places = files.flatMap { file in file.entries.map { ($0.name, file.name) } }
    return .object([
      "metadata": .object([
        "total_size": .int(files.flatMap(\.entries).reduce(0) { $0 + $1.byteCount })
      ]),
      "weight_map": .object(places.sorted { $0.0 < $1.0 }.map { JSON.Member($0.0, .string($0.1)) }),
    ])
  }
}

extension SafetensorsWriter.Entry {
  fileprivate var byteCount: Int { shape.reduce(1, *) * dtype.width }
}

extension SafetensorsWriter {
  fileprivate func append(zeros byteCount: Int, to name: String) throws(FileError) {
    let zeros = [UInt8](repeating: 0, count: byteCount)
    try zeros.withUnsafeBufferPointer { (zeros) throws(FileError) in
      try append(UnsafeRawBufferPointer(zeros), to: name)
    }
  }
}

extension DType {
  /// As files have it.
  fileprivate var storageType: StorageType {
    switch self {
    case .f16: .f16
    case .bf16: .bf16
    default: .f32
    }
  }

  /// As `config.json` calls it.
  fileprivate var frameworkName: String? {
    switch self {
    case .f32: "float32"
    case .f16: "float16"
    case .bf16: "bfloat16"
    default: nil
    }
  }
}
