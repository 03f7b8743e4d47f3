/// The tensors of a directory of safetensors, in one file or in shards, or of one plain file.
final class SafetensorsShards: TensorSource {
  private let shards: [SafetensorsFile]
  private let places: [String: Int]

  /// Opens a directory, or a file whose name ends in `.safetensors`.
  convenience init(_ path: String) throws(FileError) {
    if path.hasSuffix(".safetensors") {
      try self.init([SafetensorsFile(path)])
      return
    }
    if let name = Self.files.first(where: { fileExists("\(path)/\($0)") }) {
      try self.init([SafetensorsFile("\(path)/\(name)")])
    } else if let name = Self.indices.first(where: { fileExists("\(path)/\($0)") }) {
      try self.init(path, index: "\(path)/\(name)")
    } else {
      throw FileError(
        path, nil, "found no model.safetensors, diffusion_pytorch_model.safetensors or index of either",
        next: fileExists(path) ? "give a Hugging Face directory" : "there is no such directory")
    }
  }

  private static let stems = ["model", "diffusion_pytorch_model"]
  /// What stands in the names of files whose weights are of fewer bits, which a directory may hold beside others or alone.
  private static let variants = [".fp16", ".bf16"]
  /// What files of all tensors may be called, and indices of shards, the first that is there counts.
  private static let files = ([""] + variants).flatMap { variant in
    stems.map { "\($0)\(variant).safetensors" }
  }
  private static let indices = ([""] + variants).flatMap { variant in
    stems.map { "\($0).safetensors.index\(variant).json" }
  }

  private init(_ files: [SafetensorsFile]) throws(FileError) {
    var places: [String: Int] = [:]
    for (index, file) in files.enumerated() {
      for tensor in file.tensors where places.updateValue(index, forKey: tensor.name) != nil {
        throw FileError(file.path, tensor.name, "is in another shard as well")
      }
    }
    shards = files
    self.places = places
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
    try self.init(files)

    for member in map where places[member.key] != fileIndices[shardOf[member.key] ?? ""] {
      throw FileError(indexPath, member.key, "is not in \(member.value), where the index puts it")
    }
    for name in places.keys.sorted() where shardOf[name] == nil {
      throw FileError(indexPath, name, "is in a shard but not in the index")
    }
  }

  var names: [String] { Array(places.keys) }

  var files: [CheckpointFile] {
    shards.map { shard in
      let name = shard.path.split(separator: "/").last.map(String.init) ?? shard.path
      return CheckpointFile(name: name, metadata: shard.metadata, tensors: shard.tensors.map(\.name))
    }
  }

  private func place(of name: String) -> (file: SafetensorsFile, info: TensorInfo)? {
    guard let place = places[name], let info = shards[place][name] else { return nil }
    return (shards[place], info)
  }

  func info(of name: String) -> TensorInfo? { place(of: name)?.info }

  func elements(of name: String) -> OwnedBytes? {
    place(of: name).map { OwnedBytes($0.file.bytes(of: $0.info), owner: $0.file) }
  }

  func read(_ ranges: [Range<Int>], of name: String, _ receive: (UnsafeRawBufferPointer) -> Void) {
    guard let place = place(of: name) else { return }
    let bytes = place.file.bytes(of: place.info)
    for range in ranges { receive(UnsafeRawBufferPointer(rebasing: bytes[range])) }
  }

  func discardPages(of name: String) {
    if let place = place(of: name) { place.file.discardPages(of: place.info) }
  }

  func checkFinite(_ name: String, _ elements: UnsafeRawBufferPointer) throws(FileError) {
    if let place = place(of: name) { try place.info.checkFinite(elements, path: place.file.path) }
  }
}
