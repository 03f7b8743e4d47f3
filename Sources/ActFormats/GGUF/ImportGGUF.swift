/// The element type of an imported checkpoint.
package enum ImportPrecision: String, Hashable, Sendable, CaseIterable {
  /// F32, F16 and BF16 tensors as they are, quantised and computed ones as f32.
  case stored
  case f32
  case bf16
  case f16

  func storageType(of stored: StorageType) -> StorageType {
    switch self {
    case .stored: stored
    case .f32: .f32
    case .bf16: .bf16
    case .f16: .f16
    }
  }
}

/// Turns a GGUF file into a Hugging Face directory, which it makes where there is none: `config.json`,
/// `tokenizer.json` and `tokenizer_config.json` where the file has a tokenizer, and `model.safetensors`.
///
/// Whatever the header can tell is checked before a file is written, and all files appear, or none and no directory.
/// Memory stays small: tensors are converted in pieces of about a megabyte, and transposed ones whole.
///
/// - Parameters:
///   - source: the GGUF file.
///   - directory: where the model goes; its own directory must exist.
///   - precision: the element type.
///   - note: receives what the file leaves out, and what is taken in its place.
///   - progress: receives the elements written so far and in all.
/// - Throws: `FileError` for a file that is bad or not supported, a number that is not finite as it is or in
///   `precision`, and where nothing can be written.
package func importGGUF(
  from source: String, to directory: String, precision: ImportPrecision = .stored,
  note: @escaping (String) -> Void = { _ in },
  progress: ((_ written: Int, _ total: Int) -> Void)? = nil
) throws(FileError) {
  let model = try GGUFModel(source)
  let config = model.configuration(precision.storageType(of: model.embeddingType))
  var texts = [("config.json", config.pretty)]
  if let configuration = try model.tokenizerConfiguration() {
    texts.insert(("tokenizer_config.json", configuration.pretty), at: 0)
  }
  if let tokenizer = try model.tokenizerJSON() {
    texts.insert(("tokenizer.json", tokenizer.description + "\n"), at: 0)
  }
  for text in model.notes { note(text) }

  let output = try OutputDirectory(directory)
  let weights = try writeTensors(of: model, to: output.file("model.safetensors"), precision, progress)
  try output.finish(weights, texts)
}

/// Writes all tensors to a file that waits for its last step.
private func writeTensors(
  of model: GGUFModel, to path: String, _ precision: ImportPrecision,
  _ progress: ((_ written: Int, _ total: Int) -> Void)?
) throws(FileError) -> SafetensorsWriter {
  let entries = model.tensors.map {
    SafetensorsWriter.Entry($0.name, precision.storageType(of: $0.dtype), $0.shape)
  }
  let writer = try SafetensorsWriter(path, entries, metadata: [("format", "pt")])
  let total = model.tensors.reduce(0) { $0 + $1.elementCount }
  var written = 0
  for (tensor, entry) in zip(model.tensors, entries) {
    let most = tensor.mixesRows ? tensor.rowCount : (1 << 18) / max(1, tensor.rowElements)
    let pieceRows = max(1, min(tensor.rowCount, most))
    let block = ElementBlock(byteCount: pieceRows * tensor.rowBytes)
    defer { withExtendedLifetime(block) {} }
    var row = 0
    while row < tensor.rowCount {
      let rows = row..<min(row + pieceRows, tensor.rowCount)
      let piece = UnsafeMutableRawBufferPointer(rebasing: block.bytes[..<(rows.count * tensor.rowBytes)])
      tensor.write(rows, of: model.file, to: piece)
      let elements = UnsafeRawBufferPointer(piece)
      let first = row * tensor.rowElements
      try tensor.checkFinite(elements, from: first, path: model.path)
      if entry.dtype == tensor.dtype {
        try writer.append(elements, to: entry.name)
      } else {
        let values = tensor.dtype.widened(elements)
        try check(values, from: first, tensor, as: entry.dtype, path: model.path)
        try writer.append(values, as: entry.dtype, to: entry.name)
      }
      row = rows.upperBound
      written += rows.count * tensor.rowElements
      progress?(written, total)
    }
    model.discardPages(of: tensor.name)
  }
  return writer
}

/// Checks that values, which begin at element `first` of a tensor, stay finite in the element type `dtype`.
private func check(
  _ values: [Float], from first: Int, _ tensor: GGUFModelTensor, as dtype: StorageType, path: String
) throws(FileError) {
  let largest: Float =
    switch dtype {
    // From half a step above the largest number on, the nearest is infinite.
    case .f16: 65520
    case .bf16: Float(bitPattern: 0x7F7F_8000)
    default: .infinity
    }
  guard let index = values.firstIndex(where: { abs($0) >= largest }) else { return }
  var error = FileError.notFinite(
    path, tensor.source.name, "\(values[index]), which \(dtype.rawValue) cannot hold",
    at: tensor.sourceIndex(of: first + index), shape: tensor.source.shape)
  error.next = "use --dtype f32 or bf16"
  throw error
}

extension StorageType {
  /// Elements of f32, f16 or bf16 as floats.
  fileprivate func widened(_ elements: UnsafeRawBufferPointer) -> [Float] {
    switch self {
    case .f16: elements.bindMemory(to: UInt16.self).map(Float.init(halfBits:))
    case .bf16: elements.bindMemory(to: UInt16.self).map(Float.init(bfloatBits:))
    default: Array(elements.bindMemory(to: Float.self))
    }
  }
}

extension SafetensorsWriter {
  /// Appends values in the element type `dtype`, rounded to nearest: f32, f16 or bf16.
  fileprivate func append(
    _ values: [Float], as dtype: StorageType, to name: String
  ) throws(FileError) {
    switch dtype {
    case .f16: try append(elements: values.map(\.halfBits), to: name)
    case .bf16: try append(elements: values.map(\.bfloatBits), to: name)
    default: try append(elements: values, to: name)
    }
  }

  private func append<T>(elements: [T], to name: String) throws(FileError) {
    try elements.withUnsafeBufferPointer { (elements) throws(FileError) in
      try append(UnsafeRawBufferPointer(elements), to: name)
    }
  }
}
