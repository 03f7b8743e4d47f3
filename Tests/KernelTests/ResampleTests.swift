import ActKernels
import Testing

@Suite struct ResampleTests {
  @Test(arguments: [
    (4, 5, 8, 10), (3, 7, 3, 7), (5, 3, 7, 11), (7, 6, 3, 4), (1, 1, 5, 2), (9, 4, 1, 1), (13, 13, 31, 29),
  ])
  func nearestPixels(sizes: (height: Int, width: Int, outHeight: Int, outWidth: Int)) {
    let (height, width, outHeight, outWidth) = sizes
    let (batch, channels, gap) = (2, 3, 2)
    var noise = Noise(height)
    let x = Guarded(noise.floats(batch * height * width * (channels + gap) - gap))
    let rows = batch * outHeight * outWidth
    for workers in [1, 2, 7] {
      let out = Guarded<Float>(repeating: -77, count: rows * (channels + 1) - 1)
      let args = act_upsample_nearest_args(
        out: out.pointer, out_row_stride: channels + 1, x: x.pointer, x_row_stride: channels + gap,
        batch: Int32(batch), channels: Int32(channels), height: Int32(height), width: Int32(width),
        out_height: Int32(outHeight), out_width: Int32(outWidth))
      call(act_upsample_nearest, args, keeping: [x, out], workers: workers)
      for (i, value) in out.array.enumerated() {
        let (row, channel) = (i / (channels + 1), i % (channels + 1))
        let (image, y, column) = (row / outWidth / outHeight, row / outWidth % outHeight, row % outWidth)
        let pixel = (image * height + y * height / outHeight) * width + column * width / outWidth
        #expect(value == (channel < channels ? x.pointer[pixel * (channels + gap) + channel] : -77))
      }
    }
  }

  private static let pools = [
    ConvTests.Shape(
      batch: 2, height: 8, width: 6, channels: 1, n: 0, kernel: (2, 2), stride: (2, 2),
      padding: (0, 0, 0, 0)),
    ConvTests.Shape(height: 7, width: 9, channels: 1, n: 0, kernel: (3, 2), stride: (1, 2)),
    ConvTests.Shape(
      height: 4, width: 5, channels: 1, n: 0, kernel: (4, 5), stride: (4, 5), padding: (0, 0, 0, 0)),
    // Windows with no pixel of the image.
    ConvTests.Shape(
      height: 3, width: 3, channels: 1, n: 0, kernel: (2, 2), stride: (2, 2), padding: (3, 3, 3, 3)),
  ]

  @Test(arguments: Level.all, pools)
  func averagesOfWindows(level: Level, shape: ConvTests.Shape) {
    for channels in [1, 3, 16, 37, 130] {
      for countsPadding in [false, true] {
        let gap = 2
        var noise = Noise(channels)
        let x = Guarded(
          noise.floats(shape.batch * shape.height * shape.width * (channels + gap) - gap))
        func pool(workers: Int) -> [Float] {
          let out = Guarded<Float>(repeating: .nan, count: shape.rows * channels)
          let args = act_average_pool_args(
            out: out.pointer, out_row_stride: channels, x: x.pointer, x_row_stride: channels + gap,
            batch: Int32(shape.batch), channels: Int32(channels), windows: shape.windows,
            counts_padding: countsPadding ? 1 : 0)
          call(level.kernels.average_pool, args, keeping: [x, out], workers: workers)
          return out.array
        }
        var expected: [Double] = []
        for row in 0..<shape.rows {
          let image = row / shape.outWidth / shape.outHeight
          let top = row / shape.outWidth % shape.outHeight * shape.stride.height - shape.padding.top
          let left = row % shape.outWidth * shape.stride.width - shape.padding.left
          let lines = (top..<top + shape.kernel.height).filter { 0..<shape.height ~= $0 }
          let pixels = (left..<left + shape.kernel.width).filter { 0..<shape.width ~= $0 }
          let count = countsPadding ? shape.kernel.height * shape.kernel.width : lines.count * pixels.count
          for channel in 0..<channels {
            var sum = 0.0
            for y in lines {
              for column in pixels {
                let pixel = (image * shape.height + y) * shape.width + column
                sum += Double(x.pointer[pixel * (channels + gap) + channel])
              }
            }
            expected.append(count == 0 ? 0 : sum / Double(count))
          }
        }
        let actual = pool(workers: 1)
        #expect(nmse(actual, expected) < 1e-12)
        for workers in [2, 5] { #expect(bits(pool(workers: workers)) == bits(actual)) }
      }
    }
  }
}
