import ActCompile
import ActGraphs
import ActIR
import ActPlan
import ActRuntime

/// Images of one size, channel by channel as files have them: `[count, channels, height, width]`.
package struct Images: Hashable, Sendable {
  package var channels, height, width: Int
  package var values: [Float]

  package init(channels: Int, height: Int, width: Int, values: [Float]) {
    precondition(values.count % (channels * height * width) == 0)
    self.channels = channels
    self.height = height
    self.width = width
    self.values = values
  }

  package var size: ImageSize { ImageSize(width: width, height: height) }
  package var valuesPerImage: Int { channels * height * width }
  package var count: Int { values.count / valuesPerImage }

  /// One of them, alone.
  package subscript(index: Int) -> Images {
    images([index])
  }

  /// Some of them, in another order.
  package func images(_ indices: [Int]) -> Images {
    var chosen = self
    chosen.values = indices.flatMap { values[$0 * valuesPerImage..<($0 + 1) * valuesPerImage] }
    return chosen
  }

  /// The place of an element among rows that are pixels.
  fileprivate func pixelIndex(_ index: Int) -> Int {
    let pixels = height * width
    let (image, rest) = (index / valuesPerImage, index % valuesPerImage)
    return (image * pixels + rest % pixels) * channels + rest / pixels
  }

  /// The values as the runtime has them, a row a pixel.
  package var pixels: [Float] {
    var pixels = values
    for index in values.indices { pixels[pixelIndex(index)] = values[index] }
    return pixels
  }

  /// Images whose rows are pixels.
  package init(channels: Int, height: Int, width: Int, pixels: [Float]) {
    self.init(channels: channels, height: height, width: width, values: pixels)
    for index in values.indices { values[index] = pixels[pixelIndex(index)] }
  }
}

extension Engine {
  /// Runs one call over images, each at a slot of its own; returns the results by name.
  package func run(_ images: Images, slots: [Int32]? = nil) throws -> [String: Images] {
    let sizes = [images.height, images.width, images.channels]
    guard let name = plan.inputs.first(where: { $0.type.shape.dropFirst().map(\.fixed) == sizes })?.name,
      let input = input(name)
    else { throw EngineError("the plan takes no images of \(sizes)") }
    input.update(from: images.pixels, count: images.values.count)
    let slots = slots ?? Array(repeating: 0, count: images.count)
    try step(entries: slots.map { _ in EntrySize() }, slots: slots)
    var results: [String: Images] = [:]
    for result in plan.results {
      let sizes = plan.values[result.value].type.shape.compactMap(\.fixed)
      guard sizes.count == 3, let values = self.result(result.name) else {
        throw EngineError("\(result.name) is no image")
      }
      let count = images.count * sizes.reduce(1, *)
      results[result.name] = Images(
        channels: sizes[2], height: sizes[0], width: sizes[1],
        pixels: Array(UnsafeBufferPointer(start: values, count: count)))
    }
    return results
  }
}

/// A call of a small autoencoder: its input, and what `diffusers` computes for it.
package struct ImageRecord: Sendable {
  package let input: Images
  private let file: TensorFile

  /// Reads a file of `Tests/Fixtures` whose input is named `input`.
  package init(_ path: String, input: String) throws {
    file = try TensorFile(fixture("\(path).safetensors"))
    self.input = try Self.images(file, input)
  }

  /// A recorded result or activation.
  package func images(_ name: String) throws -> Images { try Self.images(file, name) }

  private static func images(_ file: TensorFile, _ name: String) throws -> Images {
    let shape = try file.shape(name)
    guard shape.count == 4 else { throw UsageError("\(name) is no images") }
    return Images(channels: shape[1], height: shape[2], width: shape[3], values: try file.floats(name))
  }
}
