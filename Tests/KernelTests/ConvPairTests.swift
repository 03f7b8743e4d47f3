import ActKernels
import Testing

/// Convolutions that make two neighbouring pixels at once.
@Suite struct ConvPairTests {
  typealias Shape = ConvTests.Shape
  typealias Weights = ConvTests.Weights

  private static let shapes = [
    Shape(batch: 2, height: 5, width: 6, channels: 3, n: 7),
    Shape(height: 1, width: 1, channels: 1, n: 1),
    Shape(
      batch: 2, height: 9, width: 7, channels: 20, n: 33, stride: (2, 1), padding: (0, 0, 1, 1)),
    Shape(height: 6, width: 9, channels: 5, n: 18, kernel: (5, 3), padding: (3, 2, 2, 2)),
    Shape(height: 3, width: 5, channels: 64, n: 70, kernel: (1, 3), padding: (0, 0, 0, 0)),
    // More pairs of a line than a chunk, and more channels than are packed at once.
    Shape(height: 2, width: 131, channels: 32, n: 20),
    Shape(batch: 3, height: 8, width: 11, channels: 320, n: 24),
  ]

  private struct Problem {
    let shape: Shape
    let type: Weights
    let gap: Int
    let x: Guarded<Float>
    let numbers: [Float]
    let matrices: [(bytes: Guarded<UInt8>, values: [Float])]
    let w: Guarded<UInt8>

    var pairs: Int { (shape.outWidth + 1) / 2 }
    var rows: Int { shape.batch * shape.outHeight * pairs }
    var k: Int { shape.kernel.height * shape.channels }

    init(_ shape: Shape, _ type: Weights, gap: Int) {
      var noise = Noise(shape.k * 17 + shape.n)
      (self.shape, self.type, self.gap) = (shape, type, gap)
      x = Guarded(noise.floats(shape.batch * shape.height * shape.width * (shape.channels + gap) - gap))
      let numbers = noise.floats(shape.n * shape.k)
      let (channels, k) = (shape.channels, shape.kernel.height * shape.channels)
      var planes = Array(repeating: [Float](repeating: 0, count: shape.n * k), count: 4)
      for i in 0..<shape.n * k {
        let g = (0..<3).map { numbers[i / channels * 3 * channels + $0 * channels + i % channels] }
        let (ends, middle) = ((g[0] + g[2]) * 0.5, g[1] * 0.5)
        for (plane, value) in [g[0], ends + middle, ends - middle, g[2]].enumerated() {
          planes[plane][i] = value
        }
      }
      let matrices = planes.map { type.encode($0, n: shape.n, k: k) }
      (self.numbers, self.matrices) = (numbers, matrices)
      w = Guarded(matrices.flatMap(\.bytes.array))
    }

    func pixel(_ image: Int, _ y: Int, _ x: Int, _ channel: Int) -> Float {
      guard 0..<shape.height ~= y, 0..<shape.width ~= x else { return 0 }
      let at = (image * shape.height + y) * shape.width + x
      return self.x.pointer[at * (shape.channels + gap) + channel]
    }

    /// The rows of each plane, [4][rows, k].
    var planes: [[Float]] {
      var result = Array(repeating: [Float](), count: 4)
      for row in 0..<rows {
        let (line, pair) = row.quotientAndRemainder(dividingBy: pairs)
        let (image, y) = line.quotientAndRemainder(dividingBy: shape.outHeight)
        for ky in 0..<shape.kernel.height {
          for channel in 0..<shape.channels {
            let d = (0..<4).map {
              pixel(
                image, y * shape.stride.height - shape.padding.top + ky, 2 * pair - shape.padding.left + $0,
                channel)
            }
            result[0].append(d[0] - d[2])
            result[1].append(d[1] + d[2])
            result[2].append(d[2] - d[1])
            result[3].append(d[1] - d[3])
          }
        }
      }
      return result
    }

    /// The pixels, from the products of the planes.
    func pixels<Number: BinaryFloatingPoint>(_ m: [[Number]]) -> [Number] {
      (0..<shape.rows * shape.n).map { i in
        let (row, column) = (i / shape.n, i % shape.n)
        let (line, x) = row.quotientAndRemainder(dividingBy: shape.outWidth)
        let at = (line * pairs + x / 2) * shape.n + column
        return x % 2 == 0 ? m[0][at] + m[1][at] + m[2][at] : m[1][at] - m[2][at] - m[3][at]
      }
    }

    func convolve(_ level: Level, images: Range<Int>? = nil, workers: Int) -> [Float] {
      type.convolve(
        level, shape, x, gap: gap, w, pairBytes: matrices[0].bytes.array.count, images: images,
        workers: workers)
    }
  }

  struct Case: CustomTestStringConvertible, Sendable {
    var level: Level
    var type: Weights
    var shape: Shape

    var testDescription: String { "\(level.name), \(type), \(shape.testDescription)" }

    static let all = Level.all.flatMap { level in
      Weights.allCases.flatMap { type in shapes.map { Case(level: level, type: type, shape: $0) } }
    }
  }

  /// What a convolution gives, in double precision, where nothing is rounded to less than single.
  @Test(arguments: Level.all, [Weights.f32, .f32x16])
  func isAConvolution(level: Level, type: Weights) {
    for shape in Self.shapes {
      let problem = Problem(shape, type, gap: 3)
      let expected = (0..<shape.rows * shape.n).map { i in
        let (row, n) = (i / shape.n, i % shape.n)
        let (line, x) = row.quotientAndRemainder(dividingBy: shape.outWidth)
        let (image, y) = line.quotientAndRemainder(dividingBy: shape.outHeight)
        return (0..<shape.k).reduce(0.0) { sum, column in
          let (pixel, channel) = column.quotientAndRemainder(dividingBy: shape.channels)
          let value = problem.pixel(
            image, y * shape.stride.height - shape.padding.top + pixel / 3,
            x - shape.padding.left + pixel % 3,
            channel)
          return sum + Double(value) * Double(problem.numbers[n * shape.k + column])
        }
      }
      #expect(nmse(problem.convolve(level, workers: 2), expected) < 1e-11, "\(shape.testDescription)")
    }
  }

  @Test(arguments: Case.all)
  func matchesReference(_ test: Case) {
    let problem = Problem(test.shape, test.type, gap: 0)
    let (n, k) = (test.shape.n, problem.k)
    let products = zip(problem.planes, problem.matrices).map { x, matrix in
      (0..<problem.rows * n).map { i in
        (0..<k).reduce(0.0) { $0 + Double(x[i / n * k + $1]) * Double(matrix.values[i % n * k + $1]) }
      }
    }
    // Where a sum has one term the planes' products may be great beside it.
    let error = nmse(problem.convolve(test.level, workers: 2), problem.pixels(products))
    #expect(error < (test.type.roundsRows ? 4e-4 : 1e-10))
  }

  /// The bits of four linear layers over the planes, for any number of workers and images.
  @Test(arguments: Case.all)
  func equalsLinearLayersOverPlanes(_ test: Case) {
    let problem = Problem(test.shape, test.type, gap: 1)
    let products = zip(problem.planes, problem.matrices).map { x, matrix in
      test.type.linear(test.level, x, rows: problem.rows, matrix.bytes, n: test.shape.n, k: problem.k)
    }
    let expected = bits(problem.pixels(products))
    for workers in [1, 2, 3, 7] {
      #expect(bits(problem.convolve(test.level, workers: workers)) == expected, "\(workers) workers")
    }
    let apart = (0..<test.shape.batch).flatMap { image in
      problem.convolve(test.level, images: image..<image + 1, workers: 1 + image)
    }
    #expect(bits(apart) == expected)
  }
}
