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
/// Whatever the header can tell is checked before a file is written, and each file appears complete or not at all.
/// Memory stays small: tensors are converted in pieces of about a megabyte. `progress` hears the elements written
/// so far and in all.
package func importGGUF(
  from source: String, to directory: String, precision: ImportPrecision = .stored,
  progress: ((_ written: Int, _ total: Int) -> Void)? = nil
) throws(FileError) {
  let file = try GGUFFile(source)
  let model = try GGUFLlama(file)
  let tokenizer = try GGUFTokenizer(file)
  let config = model.config(tokenizer, dtype: precision.storageType(of: model.embeddingType))
  let tokenizerJSON = try tokenizer.json()

  guard mkdir(directory, 0o777) == 0 || errno == EEXIST else { throw .system(directory, cannot: "create") }
  try writeTensors(of: model, to: "\(directory)/model.safetensors", precision, progress)
  try AtomicFile.write(tokenizerJSON.description + "\n", to: "\(directory)/tokenizer.json")
  try AtomicFile.write(tokenizer.config.pretty, to: "\(directory)/tokenizer_config.json")
  try AtomicFile.write(config.pretty, to: "\(directory)/config.json")
}

private func writeTensors(
  of model: GGUFLlama, to path: String, _ precision: ImportPrecision,
  _ progress: ((_ written: Int, _ total: Int) -> Void)?
) throws(FileError) {
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
      try writer.append(values[..<(count * rowElements)], as: entry.dtype, to: entry.name)
      row += count
      written += count * rowElements
      progress?(written, total)
    }
  }
  try writer.finish()
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
