import ActKernels
import Testing

@Suite struct ConvTests {
  /// The sizes of a convolution; `more` rows of zeros at the bottom, and columns at the right.
  struct Shape: CustomTestStringConvertible, Sendable {
    var batch = 1
    var height: Int
    var width: Int
    var channels: Int
    var n: Int
    var kernel: (height: Int, width: Int) = (3, 3)
    var stride: (height: Int, width: Int) = (1, 1)
    var padding: (top: Int, left: Int, bottom: Int, right: Int) = (1, 1, 1, 1)

    var outHeight: Int { (height + padding.top + padding.bottom - kernel.height) / stride.height + 1 }
    var outWidth: Int { (width + padding.left + padding.right - kernel.width) / stride.width + 1 }
    var rows: Int { batch * outHeight * outWidth }
    var k: Int { kernel.height * kernel.width * channels }
    var windows: act_windows {
      act_windows(
        height: Int32(height), width: Int32(width), out_height: Int32(outHeight), out_width: Int32(outWidth),
        kernel_height: Int32(kernel.height), kernel_width: Int32(kernel.width),
        stride_height: Int32(stride.height), stride_width: Int32(stride.width), top: Int32(padding.top),
        left: Int32(padding.left))
    }
    var testDescription: String {
      "\(batch)x\(height)x\(width)x\(channels) by \(n)x\(kernel.height)x\(kernel.width)"
    }
  }

  private static let shapes = [
    Shape(batch: 2, height: 5, width: 6, channels: 3, n: 7),
    Shape(height: 1, width: 1, channels: 1, n: 1),
    Shape(
      batch: 2, height: 9, width: 7, channels: 20, n: 33, stride: (2, 2), padding: (0, 0, 1, 1)),
    Shape(height: 8, width: 8, channels: 64, n: 16, kernel: (1, 1), padding: (0, 0, 0, 0)),
    Shape(
      height: 6, width: 9, channels: 5, n: 18, kernel: (5, 4), stride: (1, 2), padding: (3, 0, 2, 4)),
    // More pixels than a chunk, and windows longer than a run of packing.
    Shape(batch: 3, height: 11, width: 10, channels: 33, n: 40),
    // Windows that lie out of the image altogether.
    Shape(height: 2, width: 3, channels: 4, n: 5, padding: (4, 4, 4, 4)),
  ]

  /// Types of weights: as they lie in files, and packed.
  enum Weights: CaseIterable, Hashable {
    case f32, bf16, f16, f32x16, bf16x16, q8x16, q4x16

    var dtype: Int32 { Int32(Self.allCases.firstIndex(of: self)!) + (rawIsPacked ? 1 : 0) }
    private var rawIsPacked: Bool { packedFormat != nil }
    var packedFormat: PackedFormat? {
      switch self {
      case .f32, .bf16, .f16: nil
      case .f32x16: .f32
      case .bf16x16: .bf16
      case .q8x16: .q8
      case .q4x16: .q4
      }
    }
    var roundsRows: Bool { packedFormat != nil && self != .f32x16 }

    /// A matrix [n, k] as it lies in memory, and what its bytes stand for.
    func encode(_ numbers: [Float], n: Int, k: Int) -> (bytes: Guarded<UInt8>, values: [Float]) {
      if let format = packedFormat {
        let packed = PackedMatrix(format, numbers, n: n, k: k)
        return (packed.bytes, packed.values)
      }
      let encoded = Storage(rawValue: dtype)!.encode(numbers)
      return (Guarded(encoded.bytes), encoded.values)
    }

    /// The product of rows [rows, k] with a matrix.
    func linear(_ level: Level, _ x: [Float], rows: Int, _ w: Guarded<UInt8>, n: Int, k: Int) -> [Float] {
      let source = Guarded(x)
      let out = Guarded<Float>(repeating: .nan, count: rows * n)
      let bytes = level.kernels.linear_scratch(dtype, Int32(rows), Int32(k))
      let packed = Guarded<UInt8>(repeating: 0xff, count: bytes)
      let args = act_linear_args(
        out: out.pointer, out_row_stride: n, x: source.pointer, x_row_stride: k,
        w: UnsafeRawPointer(w.pointer), w_dtype: dtype, rows: Int32(rows), n: Int32(n),
        k: Int32(k), slots: nil, rows_per_slot: 1, epilogue: act_expr(inputs: 1, []),
        inputs: act_operands(), packed_x: UnsafeMutableRawPointer(packed.pointer))
      let memory = [source, w, out, packed] as [AnyObject]
      if bytes > 0 { call(level.kernels.pack_rows, args, keeping: memory) }
      call(level.kernels.linear, args, keeping: memory)
      return out.array
    }

    /// The convolution of some images, by default all; `x` has `gap` floats between pixels. With `pairBytes`, w are four
    /// matrices so far apart, which make pairs of pixels.
    func convolve(
      _ level: Level, _ shape: Shape, _ x: Guarded<Float>, gap: Int, _ w: Guarded<UInt8>,
      pairBytes: Int? = nil,
      images: Range<Int>? = nil, workers: Int = 1, program: [Instruction] = [], inputs: [act_operand] = [],
      out: Guarded<Float>? = nil, keeping memory: [AnyObject] = []
    ) -> [Float] {
      let images = images ?? 0..<shape.batch
      let rows = shape.rows / shape.batch * images.count
      let out = out ?? Guarded<Float>(repeating: .nan, count: rows * shape.n)
      let scratch = withUnsafePointer(to: shape.windows) {
        level.kernels.conv_scratch(dtype, Int32(shape.channels), $0, pairBytes == nil ? 0 : 1)
      }
      let scratches = Guarded<UInt8>(repeating: 0xff, count: scratch * workers)
      let image = shape.height * shape.width * (shape.channels + gap)
      let args = act_conv_args(
        out: out.pointer, out_row_stride: shape.n, x: x.pointer + images.lowerBound * image,
        x_row_stride: shape.channels + gap, w: UnsafeRawPointer(w.pointer), w_dtype: dtype,
        batch: Int32(images.count), channels: Int32(shape.channels), n: Int32(shape.n),
        pairs: pairBytes == nil ? 0 : 1,
        w_stride_bytes: pairBytes ?? 0, windows: shape.windows, slots: nil, rows_per_slot: 1,
        epilogue: act_expr(inputs: max(1, inputs.count), program), inputs: act_operands(inputs),
        scratch: UnsafeMutableRawPointer(scratches.pointer), scratch_per_worker: scratch)
      call(level.kernels.conv, args, keeping: [x, w, out, scratches] + memory, workers: workers)
      return out.array
    }
  }

  private struct Problem {
    let shape: Shape
    let type: Weights
    let gap: Int
    let x: Guarded<Float>
    let w: Guarded<UInt8>
    /// What the bytes of w stand for, [n, k].
    let weights: [Float]

    init(_ shape: Shape, _ type: Weights, gap: Int = 0) {
      var noise = Noise(shape.k * 31 + shape.n)
      (self.shape, self.type, self.gap) = (shape, type, gap)
      let pixels = shape.batch * shape.height * shape.width
      x = Guarded(noise.floats(pixels * (shape.channels + gap) - gap))
      (w, weights) = type.encode(noise.floats(shape.n * shape.k), n: shape.n, k: shape.k)
    }

    /// The windows as rows, [rows, k].
    var patches: [Float] {
      var result: [Float] = []
      for row in 0..<shape.rows {
        let (image, pixel) = row.quotientAndRemainder(dividingBy: shape.outHeight * shape.outWidth)
        for ky in 0..<shape.kernel.height {
          for kx in 0..<shape.kernel.width {
            let y = pixel / shape.outWidth * shape.stride.height - shape.padding.top + ky
            let column = pixel % shape.outWidth * shape.stride.width - shape.padding.left + kx
            let isInside = 0..<shape.height ~= y && 0..<shape.width ~= column
            let at = ((image * shape.height + y) * shape.width + column) * (shape.channels + gap)
            result += (0..<shape.channels).map { isInside ? x.pointer[at + $0] : 0 }
          }
        }
      }
      return result
    }

    func convolve(
      _ level: Level, images: Range<Int>? = nil, workers: Int = 1, program: [Instruction] = [],
      inputs: [act_operand] = [], out: Guarded<Float>? = nil, keeping memory: [AnyObject] = []
    ) -> [Float] {
      type.convolve(
        level, shape, x, gap: gap, w, images: images, workers: workers, program: program, inputs: inputs,
        out: out, keeping: memory)
    }

    /// The same as a linear layer over the windows.
    func linear(_ level: Level) -> [Float] {
      type.linear(level, patches, rows: shape.rows, w, n: shape.n, k: shape.k)
    }
  }

  /// A level, a type of weights and a shape.
  struct Case: CustomTestStringConvertible, Sendable {
    var level: Level
    var type: Weights
    var shape: Shape

    var testDescription: String { "\(level.name), \(type), \(shape.testDescription)" }

    static let all = Level.all.flatMap { level in
      Weights.allCases.flatMap { type in shapes.map { Case(level: level, type: type, shape: $0) } }
    }
  }

  @Test(arguments: Case.all)
  func matchesReference(_ test: Case) {
    for gap in [0, 3] {
      let problem = Problem(test.shape, test.type, gap: gap)
      let (n, k) = (test.shape.n, test.shape.k)
      let (patches, weights) = (problem.patches.map(Double.init), problem.weights.map(Double.init))
      let expected = (0..<test.shape.rows * n).map { i in
        (0..<k).reduce(0.0) { $0 + patches[i / n * k + $1] * weights[i % n * k + $1] }
      }
      // Sums of few products may be small beside these. Blocks of 32 columns share a scale where x is rounded to int8.
      let error = nmse(problem.convolve(test.level, workers: 2), expected)
      #expect(error < (test.type.roundsRows ? 2e-4 : 1e-11))
    }
  }

  /// The bits of a linear layer over the windows, for any number of workers and images.
  @Test(arguments: Case.all)
  func equalsLinearLayerOverWindows(_ test: Case) {
    let problem = Problem(test.shape, test.type, gap: 1)
    let expected = bits(problem.linear(test.level))
    for workers in [1, 2, 3, 7] {
      #expect(bits(problem.convolve(test.level, workers: workers)) == expected, "\(workers) workers")
    }
    let apart = (0..<test.shape.batch).flatMap { image in
      problem.convolve(test.level, images: image..<image + 1, workers: 1 + image)
    }
    #expect(bits(apart) == expected)
  }

  /// out + silu(sum · gain + shift of the image), in place.
  @Test(arguments: Level.all, [Weights.f32, .bf16x16, .q8x16])
  func epilogueReadsOperandsByPixelAndImage(level: Level, type: Weights) {
    let problem = Problem(Self.shapes[2], type)
    let (shape, n) = (problem.shape, problem.shape.n)
    var noise = Noise(9)
    let residual = noise.floats(shape.rows * n)
    let (gain, shift) = (Guarded(noise.floats(n)), Guarded(noise.floats(shape.batch * n)))
    let (out, separate) = (Guarded(residual), Guarded(residual))
    let sums = Guarded(problem.convolve(level))
    let program = [
      Instruction(ACT_EXPR_MUL, 0, 2), Instruction(ACT_EXPR_ADD, 4, 3), Instruction(ACT_EXPR_SILU, 5),
      Instruction(ACT_EXPR_ADD, 1, 6),
    ]
    func operands(_ sum: act_operand, _ out: Guarded<Float>) -> [act_operand] {
      var byImage = act_operand.rows(shift.pointer, width: n)
      byImage.row_divisor = Int32(shape.rows / shape.batch)
      return [sum, .rows(out.pointer, width: n), .vector(gain.pointer), byImage]
    }
    let memory = [gain, shift, sums, separate] as [AnyObject]
    _ = problem.convolve(
      level, workers: 3, program: program, inputs: operands(act_operand(), out), out: out, keeping: memory)
    let args = act_elementwise_args(
      out: separate.pointer, out_row_stride: n, rows: Int32(shape.rows), columns: Int32(n), slots: nil,
      rows_per_slot: 1, expr: act_expr(inputs: 4, program),
      inputs: act_operands(operands(.rows(sums.pointer, width: n), separate)))
    call(level.kernels.elementwise, args, keeping: memory)
    #expect(bits(out.array) == bits(separate.array))
    #expect(bits(out.array) != bits(residual))
  }
}
