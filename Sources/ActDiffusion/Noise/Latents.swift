import ActFormats

/// The first latents of a run, of a file.
package struct Latents: Hashable, Sendable {
  /// The tensor of a file that holds them, [B,C,H,W] of F32, F16 or BF16.
  package static let name = "latents"

  /// C, H and W.
  package let shape: [Int]
  /// One array a sample, channel by channel and row by row.
  package let samples: [[Float]]

  /// Reads a file.
  ///
  /// - Parameters:
  ///   - path: a safetensors file.
  ///   - shape: C, H and W as the model takes them.
  ///   - count: how many samples are wanted.
  /// - Throws: `FileError` for a file without the tensor, for another shape, and for numbers that are not finite.
  package init(reading path: String, shape: [Int], count: Int) throws(FileError) {
    let file = try SafetensorsFile(path)
    let expected = [count] + shape
    guard let tensor = file[Self.name] else {
      let known = file.tensors.map(\.name).joined(separator: ", ")
      throw FileError(
        path, Self.name, "expected a tensor \(expected), found none",
        next: known.isEmpty ? "the file has no tensors" : "it has \(known)")
    }
    guard tensor.shape == expected else {
      throw FileError(path, Self.name, "expected \(expected), found \(tensor.shape)")
    }
    let bytes = file.bytes(of: tensor)
    let values: [Float]
    switch tensor.dtype {
    case .f32: values = Array(bytes.bindMemory(to: Float.self))
    case .f16: values = bytes.bindMemory(to: UInt16.self).map { Float(halfBits: $0) }
    case .bf16: values = bytes.bindMemory(to: UInt16.self).map { Float(bfloatBits: $0) }
    default:
      throw FileError(path, Self.name, "expected F32, F16 or BF16, found \(tensor.dtype.rawValue)")
    }
    guard values.allSatisfy(\.isFinite) else {
      throw FileError(path, Self.name, "has numbers that are not finite")
    }
    self.shape = shape
    let size = shape.reduce(1, *)
    samples = (0..<count).map { Array(values[$0 * size..<($0 + 1) * size]) }
  }

  /// Latents of normal noise: those of sample `k` of a seed, whatever others there are.
  package init(seed: UInt64, samples: Range<Int>, shape: [Int]) {
    self.shape = shape
    let size = shape.reduce(1, *)
    self.samples = samples.map { SampleNoise(seed: seed, sample: $0).draw(0, count: size) }
  }

  private init(shape: [Int], samples: [[Float]]) {
    self.shape = shape
    self.samples = samples
  }

  /// Those of some samples.
  package subscript(range: Range<Int>) -> Latents { Latents(shape: shape, samples: Array(samples[range])) }
}
