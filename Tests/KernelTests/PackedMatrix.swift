import ActKernels

/// A format of packed matrices, and what its bytes stand for, read as `act_kernels.h` describes them.
enum PackedFormat: Int32, CaseIterable {
  case f32 = 4
  case bf16 = 5
  case q8 = 6
  case q4 = 7

  /// Whether rows are multiplied by it as int8 with a scale for 32 columns.
  var quantisesRows: Bool { self == .q8 || self == .q4 }

  /// The elements [16 * panels, padded k] of the bytes of a matrix [n, k].
  func values(_ bytes: UnsafePointer<UInt8>, n: Int, k: Int) -> (elements: [Float], width: Int) {
    let width = self == .f32 ? k : self == .bf16 ? (k + 31) / 32 * 32 : (k + 63) / 64 * 64
    let rows = (n + 15) / 16 * 16
    let panel = Int(act_packed_bytes(rawValue, 16, Int64(k)))
    var elements = [Float](repeating: 0, count: rows * width)
    for row in 0..<rows {
      let base = UnsafeRawPointer(bytes) + row / 16 * panel
      for column in 0..<width { elements[row * width + column] = element(base, row % 16, column) }
    }
    return (elements, width)
  }

  private func element(_ panel: UnsafeRawPointer, _ row: Int, _ column: Int) -> Float {
    func bf16(_ at: Int) -> Float {
      Float(bitPattern: UInt32(panel.loadUnaligned(fromByteOffset: at, as: UInt16.self)) << 16)
    }
    let block = column / 32 % 2
    let quad = column % 32 / 4
    switch self {
    case .f32: return panel.loadUnaligned(fromByteOffset: (column * 16 + row) * 4, as: Float.self)
    case .bf16: return bf16((column / 2 * 16 + row) * 4 + column % 2 * 2)
    case .q8:
      let group = column / 64 * 1088
      let byte = panel.load(
        fromByteOffset: group + 64 + ((block * 8 + quad) * 16 + row) * 4 + column % 4, as: UInt8.self)
      return bf16(group + (block * 16 + row) * 2) * (Float(byte) - 128)
    case .q4:
      let group = column / 64 * 640
      let byte = panel.load(fromByteOffset: group + 128 + (quad * 16 + row) * 4 + column % 4, as: UInt8.self)
      let level = Float(block == 0 ? byte & 15 : byte >> 4)
      let scale = group + (block * 16 + row) * 2
      return bf16(scale) * level + bf16(scale + 64)
    }
  }
}

/// A matrix w: [n, k] of random numbers, packed.
struct PackedMatrix {
  let format: PackedFormat
  let n: Int
  let k: Int
  let bytes: Guarded<UInt8>

  init(
    _ format: PackedFormat, _ weights: [UInt8], _ storage: Storage, n: Int, k: Int, level: Level,
    workers: Int = 1
  ) {
    (self.format, self.n, self.k) = (format, n, k)
    bytes = Guarded(repeating: 0xee, count: Int(act_packed_bytes(format.rawValue, Int64(n), Int64(k))))
    let source = Guarded(weights)
    call(
      level.kernels.pack,
      act_pack_args(
        out: UnsafeMutableRawPointer(bytes.pointer), out_dtype: format.rawValue,
        w: UnsafeRawPointer(source.pointer), w_dtype: storage.rawValue, n: Int32(n), k: Int32(k)),
      keeping: [bytes, source], workers: workers)
  }

  init(
    _ format: PackedFormat, _ weights: [Float], n: Int, k: Int, level: Level = Level.all[0], workers: Int = 1
  ) {
    self.init(format, Storage.f32.encode(weights).bytes, .f32, n: n, k: k, level: level, workers: workers)
  }

  /// What the bytes stand for, [n, k].
  var values: [Float] {
    let (elements, width) = format.values(bytes.pointer, n: n, k: k)
    return (0..<n).flatMap { elements[$0 * width..<$0 * width + k] }
  }
}
