import ActKernels
import Testing

@Suite struct NormTests {
  @Test(arguments: Level.all, [1, 5, 16, 31, 64, 576, 1537])
  func matchesReference(level: Level, columns: Int) {
    for centred in [false, true] {
      for (gains, biases, inPlace) in [(true, true, true), (true, false, false), (false, false, true)] {
        let rows = 6
        var noise = Noise(columns)
        let x = noise.floats(rows * (columns + 2), -3...5)
        let gain = Guarded(noise.floats(3 * columns))
        let bias = Guarded(noise.floats(columns))
        let slots = Guarded<Int32>([0, 2, 1, 1, 0, 2])
        let source = Guarded(Array(x.dropLast(2)))
        let out = inPlace ? source : Guarded<Float>(repeating: 0, count: source.count)
        let args = act_norm_args(
          out: out.pointer, out_row_stride: columns + 2, x: source.pointer, x_row_stride: columns + 2,
          rows: Int32(rows), columns: Int32(columns), eps: 1e-5, slots: slots.pointer, rows_per_slot: 1,
          gain: gains ? .slots(gain.pointer, width: columns) : act_operand(),
          bias: biases ? .vector(bias.pointer) : act_operand())
        call(
          centred ? level.kernels.layer_norm : level.kernels.rms_norm, args,
          keeping: [source, out, gain, bias, slots], workers: 4)

        var actual: [Float] = []
        var expected: [Double] = []
        for row in 0..<rows {
          let values = (0..<columns).map { Double(x[row * (columns + 2) + $0]) }
          let mean = centred ? values.reduce(0, +) / Double(columns) : 0
          let square = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(columns)
          let slot = Int(slots.pointer[row])
          for column in 0..<columns {
            var y = (values[column] - mean) / (square + Double(Float(1e-5))).squareRoot()
            if gains { y *= Double(gain.pointer[slot * columns + column]) }
            if biases { y += Double(bias.pointer[column]) }
            expected.append(y)
            actual.append(out.pointer[row * (columns + 2) + column])
          }
        }
        #expect(nmse(actual, expected) < 1e-11, "centred \(centred), gain \(gains), bias \(biases)")
      }
    }
  }

  /// Rows whose squares overflow or underflow, one number among small ones that does, and rows at either end of what
  /// is summed in f32.
  @Test(arguments: Level.all, [1, 7, 16, 100, 576])
  func squaresMayLeaveTheRangeOfFloats(level: Level, columns: Int) {
    var noise = Noise(columns)
    let scales: [Float] = [1e19, 3e19, 1e25, 3e38, 1e-15, 1e-20, 1e-30, 1e-38, 1]
    var x = scales.flatMap { scale in noise.floats(columns).map { $0 * scale } }
    var outlier = noise.floats(columns)
    outlier[columns / 2] = -2e30
    x += outlier
    let rows = scales.count + 1
    let gain = Guarded(noise.floats(columns))
    let bias = Guarded(noise.floats(columns))
    for (centred, eps) in [(false, 0 as Float), (true, 0), (false, 1e-6), (true, 1e-6)] {
      // The one column of a centred row is 0 / 0 without eps.
      if centred && columns == 1 && eps == 0 { continue }
      for inPlace in [false, true] {
        let source = Guarded(x)
        let out = inPlace ? source : Guarded<Float>(repeating: .nan, count: x.count)
        let args = act_norm_args(
          out: out.pointer, out_row_stride: columns, x: source.pointer, x_row_stride: columns,
          rows: Int32(rows), columns: Int32(columns), eps: eps, slots: nil, rows_per_slot: 1,
          gain: .vector(gain.pointer), bias: .vector(bias.pointer))
        call(
          centred ? level.kernels.layer_norm : level.kernels.rms_norm, args,
          keeping: [source, out, gain, bias], workers: 3)
        for row in 0..<rows {
          let values = x[row * columns..<(row + 1) * columns].map(Double.init)
          let mean = centred ? values.reduce(0, +) / Double(columns) : 0
          let square = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(columns)
          let root = (square + Double(eps)).squareRoot()
          for column in 0..<columns {
            let expected =
              (values[column] - mean) / root * Double(gain.pointer[column]) + Double(bias.pointer[column])
            let actual = Double(out.pointer[row * columns + column])
            #expect(abs(actual - expected) <= 2e-6 * (abs(expected) + 1), "row \(row), eps \(eps)")
          }
        }
      }
    }
  }

  /// A gain by slot and a bias added apart give the same bits as one norm with a bias.
  @Test(arguments: Level.all)
  func biasEqualsSeparateAddition(level: Level) {
    let columns = 83
    var noise = Noise(3)
    let x = Guarded(noise.floats(columns))
    let gain = Guarded(noise.floats(columns))
    let bias = Guarded(noise.floats(columns))
    let out = Guarded<Float>(repeating: 0, count: columns)
    var args = act_norm_args(
      out: out.pointer, out_row_stride: columns, x: x.pointer, x_row_stride: columns, rows: 1,
      columns: Int32(columns), eps: 1e-6, slots: nil, rows_per_slot: 1, gain: .vector(gain.pointer),
      bias: act_operand())
    call(level.kernels.rms_norm, args, keeping: [x, gain, bias, out])
    let apart = zip(out.array, bias.array).map { $0 + $1 }
    args.bias = .vector(bias.pointer)
    call(level.kernels.rms_norm, args, keeping: [x, gain, bias, out])
    #expect(bits(out.array) == bits(apart))
  }
}
