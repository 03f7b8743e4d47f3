import ActFormats
import ActIR
import ActPlan

/// How a denoiser takes samples, which are [C,H,W] everywhere else: as images, or as packed rows, each of which has the
/// channels of a square of pixels, channel by channel and line by line.
struct SampleLayout {
  /// C, H and W of a sample.
  let shape: [Int]
  /// How many pixels a packed row has along each side; nil for images.
  private let side: Int?
  /// How many channels the denoiser gives for each pixel, of which the first are its prediction.
  private let resultChannels: Int

  /// Reads how a denoiser takes samples; nil where its types and the latents do not fit.
  ///
  /// - Parameters:
  ///   - sample: the input for samples.
  ///   - result: the type of what it gives.
  ///   - latents: C, H and W of what the decoder takes; nil where there is none.
  init?(_ sample: TensorType, _ result: TensorType, latents: [Int]?) {
    guard let channels = sample.shape.last?.fixed, let results = result.shape.last?.fixed,
      [channels, 2 * channels].contains(results),
      result.shape.dropLast() == sample.shape.dropLast()
    else { return nil }
    if sample.isImages {
      let own = sample.shape.dropFirst().map { $0.fixed! }
      shape = [own[2], own[0], own[1]]
      side = nil
      resultChannels = results
      guard latents == nil || latents == shape else { return nil }
      return
    }
    guard sample.rank == 2, sample.shape[0] == .symbol("P"), results == channels, let latents else {
      return nil
    }
    let side = Int(Double(channels / latents[0]).squareRoot().rounded())
    guard side > 0, side * side * latents[0] == channels, latents[1] % side == 0, latents[2] % side == 0
    else {
      return nil
    }
    shape = latents
    self.side = side
    resultChannels = results / (side * side)
  }

  /// How many packed rows lie one above the other, and side by side; nil for images.
  var grid: (lines: Int, columns: Int)? { side.map { (shape[1] / $0, shape[2] / $0) } }

  /// How many packed rows a sample has; nil for images.
  var imageRows: Int? { grid.map { $0.lines * $0.columns } }

  /// Samples as the denoiser takes them.
  func input(_ samples: [[Float]]) -> EntryInputs.Tensor {
    guard let side, let grid else {
      return .init(samples.flatMap { $0 }, shape: [samples.count] + shape)
    }
    let places = places
    let values = samples.flatMap { sample in places.map { sample[$0] } }
    return .init(values, shape: [samples.count, grid.lines * grid.columns, shape[0] * side * side])
  }

  /// The predictions of so many samples.
  func predictions(_ result: ResultTensor, count: Int) -> [[Float]] {
    let size = result.values.count / count
    let (own, places) = (shape.reduce(1, *), places)
    return (0..<count).map { index in
      let values = result.values[index * size..<index * size + own]
      guard side != nil else { return Array(values) }
      var sample = [Float](repeating: 0, count: own)
      for (value, place) in zip(values, places) { sample[place] = value }
      return sample
    }
  }

  /// Which number of a sample each one of its packed rows is.
  private var places: [Int] {
    guard let side, let grid else { return [] }
    let (height, width) = (shape[1], shape[2])
    var places: [Int] = []
    for line in 0..<grid.lines {
      for column in 0..<grid.columns {
        for channel in 0..<shape[0] {
          for pixel in 0..<side * side {
            let (y, x) = (line * side + pixel / side, column * side + pixel % side)
            places.append((channel * height + y) * width + x)
          }
        }
      }
    }
    return places
  }
}
