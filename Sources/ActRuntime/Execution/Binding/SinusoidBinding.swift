import ActIR
import ActKernels
import Glibc

extension Binder {
  func sinusoids(_ sinusoids: Sinusoids, _ x: Location, _ out: Location) -> KernelTask {
    let half = sinusoids.width / 2
    let frequencies = arguments.allocate(Double.self, count: half)
    for (index, frequency) in sinusoids.frequencies.enumerated() { frequencies[index] = frequency }
    let args = act_sinusoids_args(
      out: out.floats, out_row_stride: out.rowStride, x: UnsafePointer(x.floats), x_row_stride: x.rowStride,
      frequencies: UnsafePointer(frequencies), rows: 0, half: Int32(half))
    return task(act_sinusoids, args, rows: \.rows, out)
  }
}

extension Sinusoids {
  /// Radians for each 1 of a number: `[width / 2]`.
  fileprivate var frequencies: [Double] {
    (0..<width / 2).map { pow(base, -Double($0) / (Double(width / 2) - offset)) }
  }
}
