import Glibc

/// The element type of an imported checkpoint.
package enum ImportPrecision: String, Hashable, Sendable, CaseIterable {
  /// F32, F16 and BF16 tensors as they are, quantised ones as f32.
  case stored
  case f32
  case bf16
  case f16

  func storageType(of type: GGMLType) -> StorageType {
    switch self {
    case .stored: type.storageType ?? .f32
    case .f32: .f32
    case .bf16: .bf16
    case .f16: .f16
    }
  }
}

/// Turns a GGUF file into a Hugging Face directory, which it makes where there is none: `config.json`,
/// `tokenizer.json`, `tokenizer_config.json` and `model.safetensors`.
///
/// Architecture `llama` with a byte-level BPE tokenizer; anything else is an error that names what is not supported.
/// Whatever the header can tell is checked before a file is written, and all files appear, or none and no directory.
/// Memory stays small: tensors are converted in pieces of about a megabyte.
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
  let file = try GGUFFile(source)
  let metadata = GGUFMetadata(file, note: note)
  let model = try GGUFLlama(file, metadata)
  let tokenizer = try GGUFTokenizer(file, metadata)
  let config = model.config(tokenizer, dtype: precision.storageType(of: model.embeddingType))
  let texts = [
    ("tokenizer.json", try tokenizer.json().description + "\n"),
    ("tokenizer_config.json", tokenizer.config.pretty), ("config.json", config.pretty),
  ]

  // Registered first, so that a signal between the two leaves no directory.
  let made = fileExists(directory) ? nil : TemporaryName(directory)
  guard mkdir(directory, 0o777) == 0 || errno == EEXIST else { throw .system(directory, cannot: "create") }
  let weights = try writeTensors(of: model, to: "\(directory)/model.safetensors", precision, progress)
  var files: [AtomicFile] = []
  for (name, text) in texts {
    let file = try AtomicFile("\(directory)/\(name)")
    try file.write(text)
    files.append(file)
  }
  try weights.finish()
  made?.keep()
  for file in files { try file.commit() }
}

/// Writes all tensors to a file that waits for its last step.
private func writeTensors(
  of model: GGUFLlama, to path: String, _ precision: ImportPrecision,
  _ progress: ((_ written: Int, _ total: Int) -> Void)?
) throws(FileError) -> SafetensorsWriter {
  let entries = model.tensors.map {
    SafetensorsWriter.Entry($0.name, precision.storageType(of: $0.source.type), $0.source.shape)
  }
  let writer = try SafetensorsWriter(path, entries, metadata: [("format", "pt")])
  let total = model.tensors.reduce(0) { $0 + $1.source.rowCount * $1.source.rowElements }
  var written = 0
  for (tensor, entry) in zip(model.tensors, entries) {
    let (source, rowElements) = (tensor.source, tensor.source.rowElements)
    let bytes = model.file.bytes(of: source)
    let pieceRows = max(1, min(source.rowCount, (1 << 18) / max(1, rowElements)))
    var values = [Float](repeating: 0, count: pieceRows * rowElements)
    var row = 0
    while row < source.rowCount {
      let count = min(pieceRows, source.rowCount - row)
      values.withUnsafeMutableBufferPointer { values in
        for i in 0..<count {
          let start = tensor.sourceRow(row + i) * source.rowBytes
          source.type.dequantize(
            UnsafeRawBufferPointer(rebasing: bytes[start..<start + source.rowBytes]),
            into: UnsafeMutableBufferPointer(rebasing: values[i * rowElements..<(i + 1) * rowElements]))
        }
      }
      try check(values[..<(count * rowElements)], tensor, row: row, as: entry.dtype, path: model.file.path)
      try writer.append(values[..<(count * rowElements)], as: entry.dtype, to: entry.name)
      row += count
      written += count * rowElements
      progress?(written, total)
    }
  }
  return writer
}

/// Checks that decoded values, which begin at `row` of a tensor, are finite, and stay so in the element type `dtype`.
private func check(
  _ values: ArraySlice<Float>, _ tensor: GGUFLlama.Tensor, row: Int, as dtype: StorageType, path: String
) throws(FileError) {
  func failure(at index: Int, _ rounded: Float) -> FileError {
    let width = max(1, tensor.source.rowElements)
    let place = tensor.sourceRow(row + index / width) * width + index % width
    let found =
      values[index].isFinite ? "\(values[index]), which \(dtype.rawValue) cannot hold" : "\(rounded)"
    var error = FileError.notFinite(path, tensor.source.name, found, at: place, shape: tensor.source.shape)
    if values[index].isFinite { error.next = "use --dtype f32 or bf16" }
    return error
  }
  if let index = values.withUnsafeBufferPointer({ $0.firstNonFinite }) {
    throw failure(at: index, values[index])
  }
  let largest: Float =
    switch dtype {
    // From half a step above the largest number on, the nearest is infinite.
    case .f16: 65520
    case .bf16: Float(bitPattern: 0x7F7F_8000)
    default: .infinity
    }
  if let index = values.firstIndex(where: { abs($0) >= largest }) { throw failure(at: index, .infinity) }
}

extension SafetensorsWriter {
  /// Appends values in the element type `dtype`, rounded to nearest: f32, f16 or bf16.
  fileprivate func append(
    _ values: ArraySlice<Float>, as dtype: StorageType, to name: String
  ) throws(FileError) {
    switch dtype {
    case .f16: try append(elements: values.map(\.halfBits)[...], to: name)
    case .bf16: try append(elements: values.map(\.bfloatBits)[...], to: name)
    default: try append(elements: values, to: name)
    }
  }

  private func append<T>(elements: ArraySlice<T>, to name: String) throws(FileError) {
    try elements.withUnsafeBufferPointer { (elements) throws(FileError) in
      try append(UnsafeRawBufferPointer(elements), to: name)
    }
  }
}
