import ActFormats
import ActIR

extension CompiledModel {
  /// Checks that a tensor which was computed from finite ones is finite too: that nothing overflowed.
  func checkFinite(_ name: String, _ type: TensorType, _ bytes: UnsafeRawBufferPointer) throws {
    guard type.dtype.holdsNonFinite(bytes) else { return }
    if frozen.isEmpty {
      throw FileError(
        checkpoint.path, name, "expected finite numbers, found that they overflow \(type.dtype)",
        next: "a weight or a map's parameter is too large: compile with --weights f32, or check the model")
    }
    let strengths = frozen.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    throw UsageError(
      "`\(name)` overflows \(type.dtype) with \(strengths.joined(separator: ",")) frozen; "
        + "use a strength nearer to [0, 1]")
  }
}

extension DType {
  /// Whether a NaN or an infinity is among the numbers of this type, or among the scales and offsets of its blocks.
  func holdsNonFinite(_ bytes: UnsafeRawBufferPointer) -> Bool {
    switch self {
    case .f32, .f32x16: StorageType.f32.firstNonFinite(bytes) != nil
    case .f16: StorageType.f16.firstNonFinite(bytes) != nil
    case .bf16, .bf16x16: StorageType.bf16.firstNonFinite(bytes) != nil
    case .q8x16: holdsNonFinite(scales: PackedFormat.panelRows * 4, bytes)
    case .q4x16: holdsNonFinite(scales: PackedFormat.panelRows * 8, bytes)
    case .i32, .bool, .kvf32, .kvbf16: false
    }
  }

  /// The same, where each unit begins with this many bytes of scales and offsets.
  private func holdsNonFinite(scales count: Int, _ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let format = packedFormat else { return false }
    return stride(from: 0, to: bytes.count, by: format.unitByteCount).contains { unit in
      StorageType.bf16.firstNonFinite(UnsafeRawBufferPointer(rebasing: bytes[unit..<unit + count])) != nil
    }
  }
}
