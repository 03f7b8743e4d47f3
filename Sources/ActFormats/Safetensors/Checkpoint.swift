/// Where a checkpoint's tensors come from.
protocol TensorSource: Sendable {
  /// The names of all tensors.
  var names: [String] { get }

  /// The files that hold them.
  var files: [CheckpointFile] { get }

  func info(of name: String) -> TensorInfo?

  /// The elements, aligned to their width: in place, or computed anew.
  func elements(of name: String) -> OwnedBytes?

  /// Calls `receive` with some ranges of a tensor's bytes, one after another.
  func read(_ ranges: [Range<Int>], of name: String, _ receive: (UnsafeRawBufferPointer) -> Void)

  /// Releases the memory of the file that holds a tensor; it can be read again.
  func discardPages(of name: String)

  /// Checks that `elements`, those of a tensor, are finite; the error names the file.
  func checkFinite(_ name: String, _ elements: UnsafeRawBufferPointer) throws(FileError)
}

/// A file of a checkpoint.
package struct CheckpointFile: Sendable {
  /// Its name in the checkpoint's directory.
  package var name: String
  /// The text entries of its header, in its order.
  package var metadata: [(key: String, value: String)]
  /// The names of its tensors, in its order.
  package var tensors: [String]
}

/// A tensor of a checkpoint, with its elements aligned to their width, which are valid while `owner` lives.
package struct CheckpointTensor {
  package let info: TensorInfo
  package let elements: OwnedBytes

  package var bytes: UnsafeRawBufferPointer { elements.bytes }
}

/// The weights of a model: a directory of safetensors, in one file or in shards, one plain file, or a GGUF file.
///
/// A directory holds `model.safetensors`, or shards and `model.safetensors.index.json`, which names the shard of
/// every tensor; where both are, the single file counts. Directories of diffusers hold the same under the name
/// `diffusion_pytorch_model`. Where only a variant of fewer bits is there, `model.fp16.safetensors` or
/// `model.safetensors.index.fp16.json`, it is that; `.bf16` likewise. Tensors of safetensors are read in place, and of a GGUF file those that are there as the
/// checkpoint has them; others are computed when they are asked for.
package final class Checkpoint: Sendable {
  /// The directory or file it was opened from.
  package let path: String
  /// The names of all tensors, in the order of their UTF-8 bytes.
  package let names: [String]

  private let source: any TensorSource

  private init(_ path: String, _ source: any TensorSource) {
    self.path = path
    self.source = source
    names = source.names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Opens a directory, or a file whose name ends in `.safetensors`.
  package convenience init(_ path: String) throws(FileError) {
    self.init(path, try SafetensorsShards(path))
  }

  /// The weights of a GGUF file.
  package convenience init(_ model: GGUFModel) { self.init(model.path, model) }

  /// Bytes of all tensors.
  package var byteCount: Int { names.reduce(0) { $0 + (info(of: $1)?.byteCount ?? 0) } }

  /// The files that hold the tensors, as a directory of safetensors has them.
  package var files: [CheckpointFile] { source.files }

  /// What the tensor named `name` is, or nil.
  package func info(of name: String) -> TensorInfo? { source.info(of: name) }

  /// The tensor named `name`, or nil.
  package func tensor(named name: String) -> CheckpointTensor? {
    guard let info = source.info(of: name), let elements = source.elements(of: name) else { return nil }
    return CheckpointTensor(info: info, elements: elements)
  }

  /// Checks that the elements of a tensor of this checkpoint are finite; the error names its file, which of several it
  /// may be.
  package func checkFinite(_ tensor: CheckpointTensor) throws(FileError) {
    try source.checkFinite(tensor.info.name, tensor.bytes)
  }

  /// Releases the memory of the file that holds the tensor named `name`; its elements can be read again.
  ///
  /// A caller that reads a checkpoint once, tensor by tensor, thus needs no more memory than its largest tensor.
  package func discardPages(of name: String) { source.discardPages(of: name) }

  /// What the weights are, in 64 hexadecimal digits, whatever files they are spread over.
  ///
  /// The SHA-256 of, for every tensor in the order of `names`: `NAME\0DTYPE\0D0,D1,…\0` and its data, of which a
  /// tensor above 4096 bytes gives 64 blocks of 64 bytes, block `i` at byte `i·(size − 64)/63`, rounded down. A
  /// sample, for speed: it tells models apart and does not prove that nothing was tampered with.
  package var fingerprint: String {
    var hash = SHA256()
    for name in names {
      guard let info = source.info(of: name) else { continue }
      let shape = info.shape.map(String.init).joined(separator: ",")
      hash.update("\(name)\0\(info.dtype.rawValue)\0\(shape)\0")
      let size = info.byteCount
      let ranges =
        size <= 4096 ? [0..<size] : (0..<64).map { $0 * (size - 64) / 63 }.map { $0..<$0 + 64 }
      source.read(ranges, of: name) { hash.update($0) }
      discardPages(of: name)
    }
    return hash.hex()
  }
}
