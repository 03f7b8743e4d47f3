import ActDiffusion
import ActFormats
import Testing
import Workbench

@Suite struct LatentFileTests {
  private let directory: TemporaryDirectory
  private var path: String { directory.file("a.safetensors") }

  init() throws { directory = try TemporaryDirectory() }

  private func write(
    _ values: [Float], _ shape: [Int], as type: StorageType = .f32, named name: String = "latents"
  )
    throws
  {
    let writer = try SafetensorsWriter(path, [.init(name, type, shape)])
    switch type {
    case .f16: try values.map(\.halfBits).withUnsafeBytes { try writer.append($0, to: name) }
    case .bf16: try values.map(\.bfloatBits).withUnsafeBytes { try writer.append($0, to: name) }
    default: try values.withUnsafeBytes { try writer.append($0, to: name) }
    }
    try writer.finish()
  }

  @Test(arguments: [StorageType.f32, .f16, .bf16])
  func reads(type: StorageType) throws {
    let values = (0..<24).map { Float($0) / 8 - 1 }
    try write(values, [2, 3, 2, 2], as: type)
    let latents = try Latents(reading: path, shape: [3, 2, 2], count: 2)
    #expect(latents.samples == [Array(values[..<12]), Array(values[12...])])
  }

  @Test func errors() throws {
    func expect(_ message: String) {
      let error = #expect(throws: FileError.self) { try Latents(reading: path, shape: [1, 2, 2], count: 1) }
      #expect(error?.description == "\(path): latents: \(message)")
    }
    try write([1, 2, 3, 4], [1, 1, 2, 2], named: "latent")
    expect("expected a tensor [1, 1, 2, 2], found none; it has latent")
    try write([1, 2, 3, 4], [1, 4])
    expect("expected [1, 1, 2, 2], found [1, 4]")
    try write([1, 2, 3, .infinity], [1, 1, 2, 2])
    expect("has numbers that are not finite")
    try write([1, 2, 3, 4], [1, 1, 2, 2], as: .i32)
    expect("expected F32, F16 or BF16, found I32")
  }

  /// Sample k is the same in a run of any number of samples.
  @Test func samplesAreApart() {
    let all = Latents(seed: 7, samples: 0..<8, shape: [4, 3, 5])
    #expect(all.samples.count == 8 && all.samples.allSatisfy { $0.count == 60 })
    #expect(Latents(seed: 7, samples: 0..<4, shape: [4, 3, 5]).samples == Array(all.samples[..<4]))
    #expect(Latents(seed: 7, samples: 5..<6, shape: [4, 3, 5]).samples == [all.samples[5]])
    #expect(Set(all.samples).count == 8)
  }

  @Test func imagesAreFloatsOfUnitRange() throws {
    try ImageTensorFile.write(
      [[0, 0.5, 1, 2, -1, 0.25], [1, 1, 1, 0, 0, 0]], width: 2, height: 1, to: path, texts: [("prompt", "ä")])
    let file = try SafetensorsFile(path)
    let tensor = try #require(file["image"])
    #expect(tensor.shape == [2, 3, 1, 2] && tensor.dtype == .f32)
    #expect(
      Array(file.bytes(of: tensor).bindMemory(to: Float.self)) == [0, 0.5, 1, 1, 0, 0.25, 1, 1, 1, 0, 0, 0])
    #expect(file.metadata("prompt") == "ä")
  }
}
