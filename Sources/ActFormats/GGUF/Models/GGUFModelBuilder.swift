/// Makes a Hugging Face model of a GGUF file: its configuration from the header's values, and its tensors.
///
/// It keeps account of the architecture's values and of the tensors that were read: one that is left over may change
/// what the model computes, and is an error.
struct GGUFModelBuilder {
  let file: GGUFFile
  private let metadata: GGUFMetadata
  private let family: GGUFFamily
  /// The architecture in `config.json`, and its `model_type`.
  var architecture, modelType: String
  private(set) var members: [JSON.Member] = []
  private(set) var tensors: [GGUFModelTensor] = []
  private var keys: Set<String> = []
  private var read: Set<String> = []

  init(_ file: GGUFFile, _ metadata: GGUFMetadata) throws(FileError) {
    family = try GGUFFamily.of(file, metadata)
    self.file = file
    self.metadata = metadata
    (architecture, modelType) = (family.architecture, family.modelType)
    try family.read(&self)
    try checkAllRead()
  }

  // MARK: Configuration

  /// Adds a member to `config.json`.
  mutating func set(_ key: String, _ value: JSON) { members.append(.init(key, value)) }

  // MARK: The values of the header

  /// The whole name of the architecture's value `key`.
  func name(_ key: String) -> String { "\(family.name).\(key)" }

  /// Counts a value as read, and returns its whole name.
  private mutating func reading(_ key: String) -> String {
    keys.insert(key)
    return name(key)
  }

  func failure(_ key: String, _ problem: String) -> FileError { FileError(file.path, name(key), problem) }

  func unsupported(_ key: String, _ problem: String, next: String? = nil) -> FileError {
    .unsupported(file.path, name(key), problem, next: next)
  }

  /// Whether the header has the value.
  mutating func names(_ key: String) -> Bool { file.metadata[reading(key)] != nil }

  /// Counts values as read that do not change what the model computes.
  mutating func disregard(_ keys: String...) { self.keys.formUnion(keys) }

  mutating func size(_ key: String, default fallback: Int? = nil) throws(FileError) -> Int {
    try metadata.size(reading(key), default: fallback)
  }

  /// A number that counts from 0.
  mutating func count(_ key: String, default fallback: Int) throws(FileError) -> Int {
    guard let value = file.metadata[reading(key)] else { return fallback }
    guard let count = value.integer, (0...SaneRange.size.upperBound).contains(count) else {
      throw metadata.failure(name(key), "a number from 0 to \(SaneRange.size.upperBound)")
    }
    return count
  }

  mutating func number(_ key: String, in range: ClosedRange<Double>) throws(FileError) -> JSON? {
    try metadata.number(reading(key), in: range)
  }

  /// A number in `range`; where there is none, `fallback`, which is said.
  mutating func number(
    _ key: String, in range: ClosedRange<Double>, orTake fallback: String
  ) throws(FileError) -> JSON {
    try metadata.number(reading(key), in: range, orTake: fallback)
  }

  mutating func string(_ key: String) throws(FileError) -> String? { try metadata.string(reading(key)) }

  mutating func flag(_ key: String) throws(FileError) -> Bool? { try metadata.bool(reading(key)) }

  /// A list of true and false, one a layer, or a number.
  mutating func pattern(_ key: String, layers: Int) throws(FileError) -> WindowPattern? {
    guard let value = file.metadata[reading(key)] else { return nil }
    if let period = value.integer, SaneRange.size.contains(period) { return .period(period) }
    guard let flags = value.array?.compactMap({ $0.bool ?? $0.integer.map { $0 != 0 } }),
      flags.count == value.array?.count, flags.count == layers
    else { throw metadata.failure(name(key), "a number, or true or false for each of \(layers) layers") }
    return .layers(flags)
  }

  /// Which layers see a window of the latest positions.
  enum WindowPattern {
    /// All but every so many.
    case period(Int)
    case layers([Bool])

    func isWindowed(_ layer: Int) -> Bool {
      switch self {
      case .period(let period): layer % period < period - 1
      case .layers(let flags): flags[layer]
      }
    }
  }

  /// A size that a file may leave out, which is said.
  mutating func size(_ key: String, orTake fallback: Int) throws(FileError) -> Int {
    if file.metadata[reading(key)] == nil { metadata.noteMissing(name(key), taking: "\(fallback)") }
    return try size(key, default: fallback)
  }

  // MARK: Tensors

  func has(_ tensor: String) -> Bool { file[tensor] != nil }

  /// The tensor of the file named `name`, counted as read.
  mutating func source(_ name: String) throws(FileError) -> GGUFTensor {
    guard let tensor = file[name] else { throw FileError(file.path, name, "is missing") }
    read.insert(name)
    return tensor
  }

  /// Adds a tensor of the checkpoint.
  ///
  /// - Parameters:
  ///   - source: what the file calls it.
  ///   - target: what the checkpoint calls it.
  ///   - shape: in the checkpoint.
  ///   - stored: in the file; by default as in the checkpoint, or its transpose.
  ///   - layout: how it lies in the file's tensor.
  /// - Throws: `FileError` where the file has no such tensor, or one of another shape.
  mutating func tensor(
    _ source: String, as target: String, _ shape: [Int], stored: [Int]? = nil,
    _ layout: GGUFLayout = GGUFLayout()
  ) throws(FileError) {
    let tensor = try self.source(source)
    let expected = stored ?? (layout.isTransposed ? shape.reversed() : shape)
    guard tensor.shape == expected else {
      throw FileError(file.path, source, "expected shape \(expected), found \(tensor.shape)")
    }
    tensors.append(GGUFModelTensor(name: target, shape: shape, source: tensor, layout: layout))
  }

  /// Adds `weight` and, where `bias` says so, `bias` of a linear layer.
  mutating func linear(
    _ source: String, as target: String, _ rows: Int, _ columns: Int, bias: Bool = false,
    _ layout: GGUFLayout = GGUFLayout()
  ) throws(FileError) {
    let shape = layout.isTransposed ? [columns, rows] : [rows, columns]
    try tensor("\(source).weight", as: "\(target).weight", shape, layout)
    guard bias else { return }
    var layout = layout
    layout.isTransposed = false
    try tensor("\(source).bias", as: "\(target).bias", [rows], layout)
  }

  /// Adds `weight` and, where `bias` says so, `bias` of a norm, to whose weight the file has added 1 where `plusOne`
  /// says so.
  mutating func norm(
    _ source: String, as target: String, _ width: Int, bias: Bool = false, plusOne: Bool = false
  ) throws(FileError) {
    try tensor("\(source).weight", as: "\(target).weight", [width], GGUFLayout(added: plusOne ? -1 : 0))
    if bias { try tensor("\(source).bias", as: "\(target).bias", [width]) }
  }

  // MARK: The account

  private func checkAllRead() throws(FileError) {
    let prefix = "\(family.name)."
    for key in file.metadata.keys.sorted() where key.hasPrefix(prefix) {
      guard !keys.contains(String(key.dropFirst(prefix.count))) else { continue }
      throw FileError.unsupported(file.path, key, "a `\(family.name)` model with this value is not supported")
    }
    for tensor in file.tensors where !read.contains(tensor.name) {
      throw FileError.unsupported(
        file.path, tensor.name, "a `\(family.name)` model with this tensor is not supported")
    }
  }
}
