/// Finds NaNs and infinities at the speed of memory: those are the numbers whose exponent has all bits set, and adding
/// the exponent's lowest bit to such a one carries into the sign.
private func firstNonFinite<Bits: FixedWidthInteger & UnsignedInteger>(
  _ elements: UnsafeBufferPointer<Bits>, exponent: Bits
) -> Int? {
  let lowest = exponent & ~(exponent << 1)
  let sign = Bits(1) << (Bits.bitWidth - 1)
  let stride = 4096
  var start = 0
  while start < elements.count {
    let end = min(start + stride, elements.count)
    var carried: Bits = 0
    for index in start..<end { carried |= (elements[index] & exponent) &+ lowest }
    if carried & sign != 0 {
      return (start..<end).first { ((elements[$0] & exponent) &+ lowest) & sign != 0 }
    }
    start = end
  }
  return nil
}

extension UnsafeBufferPointer<Float> {
  /// The index of the first NaN or infinity, or nil.
  package var firstNonFinite: Int? {
    withMemoryRebound(to: UInt32.self) { ActFormats.firstNonFinite($0, exponent: 0x7F80_0000) }
  }
}

extension StorageType {
  /// The index of the first NaN or infinity among elements of this type, aligned to their width, or nil; nil for types
  /// other than f32, f16 and bf16.
  package func firstNonFinite(_ bytes: UnsafeRawBufferPointer) -> Int? {
    switch self {
    case .f32: bytes.withMemoryRebound(to: Float.self) { $0.firstNonFinite }
    case .f16: bytes.withMemoryRebound(to: UInt16.self) { ActFormats.firstNonFinite($0, exponent: 0x7C00) }
    case .bf16: bytes.withMemoryRebound(to: UInt16.self) { ActFormats.firstNonFinite($0, exponent: 0x7F80) }
    default: nil
    }
  }

  /// The element at `index`, as it is spelled.
  func spelling(of index: Int, _ bytes: UnsafeRawBufferPointer) -> String {
    switch self {
    case .f16: "\(Float(halfBits: bytes.load(fromByteOffset: 2 * index, as: UInt16.self)))"
    case .bf16: "\(Float(bfloatBits: bytes.load(fromByteOffset: 2 * index, as: UInt16.self)))"
    default: "\(bytes.load(fromByteOffset: 4 * index, as: Float.self))"
    }
  }
}

extension TensorInfo {
  /// Checks that all elements are finite; the error names the tensor and the place in it.
  package func checkFinite(_ bytes: UnsafeRawBufferPointer, path: String) throws(FileError) {
    guard let index = dtype.firstNonFinite(bytes) else { return }
    throw .notFinite(path, name, dtype.spelling(of: index, bytes), at: index, shape: shape)
  }
}

extension FileError {
  /// A number that is none, at element `index` of a tensor of this shape.
  package static func notFinite(
    _ path: String, _ tensor: String, _ found: String, at index: Int, shape: [Int]
  ) -> FileError {
    var rest = index
    let place = shape.reversed().map { size in
      defer { rest /= max(size, 1) }
      return "\(rest % max(size, 1))"
    }
    return FileError(
      path, tensor,
      "expected finite numbers, found \(found) at [\(place.reversed().joined(separator: ", "))]",
      next: "the file is damaged, or its training diverged")
  }
}

extension SafetensorsFile {
  /// Checks that all elements of a tensor of this file are finite.
  package func checkFinite(_ tensor: TensorInfo) throws(FileError) {
    try tensor.checkFinite(bytes(of: tensor), path: path)
  }
}
