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
