/// The weights of a model: a directory of safetensors, in one file or in shards, or one plain file.
///
/// A directory holds `model.safetensors`, or shards and `model.safetensors.index.json`, which names the shard of
/// every tensor; where both are, the single file counts. Directories of diffusers hold the same under the name
/// `diffusion_pytorch_model`. Pointers to tensors stay valid while the checkpoint lives.
package final class Checkpoint: Sendable {
  /// The directory or file it was opened from.
  package let path: String
  /// The names of all tensors, in the order of their UTF-8 bytes.
  package let names: [String]

  private let files: [SafetensorsFile]
  private let places: [String: Int]

  /// Opens a directory, or a file whose name ends in `.safetensors`.
  package convenience init(_ path: String) throws(FileError) {
    if path.hasSuffix(".safetensors") {
      try self.init(path, [SafetensorsFile(path)])
      return
    }
    let names = ["model", "diffusion_pytorch_model"].map { "\($0).safetensors" }
    if let name = names.first(where: { fileExists("\(path)/\($0)") }) {
      try self.init(path, [SafetensorsFile("\(path)/\(name)")])
    } else if let name = names.first(where: { fileExists("\(path)/\($0).index.json") }) {
      try self.init(path, index: "\(path)/\(name).index.json")
    } else {
      throw FileError(
        path, nil, "found no model.safetensors, diffusion_pytorch_model.safetensors or index of either",
        next: fileExists(path) ? "give a Hugging Face directory" : "there is no such directory")
    }
  }

  private init(_ path: String, _ files: [SafetensorsFile]) throws(FileError) {
    var places: [String: Int] = [:]
    for (index, file) in files.enumerated() {
      for tensor in file.tensors where places.updateValue(index, forKey: tensor.name) != nil {
        throw FileError(file.path, tensor.name, "is in another shard as well")
      }
    }
    self.path = path
    self.files = files
    self.places = places
    names = places.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private convenience init(_ path: String, index indexPath: String) throws(FileError) {
    guard let map = try JSON(readingFile: indexPath)["weight_map"]?.members, !map.isEmpty else {
      throw FileError(indexPath, "weight_map", "expected an object of tensor names and their shards")
    }
    var fileIndices: [String: Int] = [:]
    var files: [SafetensorsFile] = []
    var shardOf: [String: String] = [:]
    for member in map {
      // Bytes, not characters: a slash with a combining mark is another character and still a slash to the system.
      guard let shard = member.value.string, let first = shard.utf8.first, first != UInt8(ascii: "."),
        !shard.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == 0 })
      else {
        throw FileError(indexPath, member.key, "expected the name of a file beside it, found \(member.value)")
      }
      if fileIndices[shard] == nil {
        fileIndices[shard] = files.count
        files.append(try SafetensorsFile("\(path)/\(shard)"))
      }
      shardOf[member.key] = shard
    }
    try self.init(path, files)

    for member in map where places[member.key] != fileIndices[shardOf[member.key] ?? ""] {
      throw FileError(indexPath, member.key, "is not in \(member.value), where the index puts it")
    }
    for name in names where shardOf[name] == nil {
      throw FileError(indexPath, name, "is in a shard but not in the index")
    }
  }

  /// Bytes of all tensors.
  package var byteCount: Int {
    names.reduce(0) { $0 + (tensor(named: $1)?.bytes.count ?? 0) }
  }

  /// The tensor named `name` and its elements, aligned to their width; or nil.
  package func tensor(named name: String) -> (info: TensorInfo, bytes: UnsafeRawBufferPointer)? {
    guard let place = places[name], let info = files[place][name] else { return nil }
    return (info, files[place].bytes(of: info))
  }

  /// The file that holds the tensor named `name`.
  func file(of name: String) -> SafetensorsFile? { places[name].map { files[$0] } }

  /// Releases the memory that holds the tensor named `name`; its elements can be read again.
  ///
  /// A caller that reads a checkpoint once, tensor by tensor, thus needs no more memory than its largest tensor.
  package func discardPages(of name: String) {
    guard let place = places[name], let info = files[place][name] else { return }
    files[place].discardPages(of: info)
  }

  /// What the weights are, in 64 hexadecimal digits, whatever files they are spread over.
  ///
  /// The SHA-256 of, for every tensor in the order of `names`: `NAME\0DTYPE\0D0,D1,…\0` and its data, of which a
  /// tensor above 4096 bytes gives 64 blocks of 64 bytes, block `i` at byte `i·(size − 64)/63`, rounded down. A
  /// sample, for speed: it tells models apart and does not prove that nothing was tampered with.
  package var fingerprint: String {
    var hash = SHA256()
    for name in names {
      guard let (info, bytes) = tensor(named: name) else { continue }
      let shape = info.shape.map(String.init).joined(separator: ",")
      hash.update("\(name)\0\(info.dtype.rawValue)\0\(shape)\0")
      if bytes.count <= 4096 {
        hash.update(bytes)
      } else {
        for block in 0..<64 {
          let start = block * (bytes.count - 64) / 63
          hash.update(UnsafeRawBufferPointer(rebasing: bytes[start..<start + 64]))
        }
      }
      discardPages(of: name)
    }
    return hash.hex()
  }
}
