import ActIR

extension Windows {
  /// The pixels of an image of a shape `[B,H,W,C]` in the window of a pixel of the result, and which of the window's each is.
  func pixels(_ pixel: [Int], _ image: [Int]) -> [(tap: Int, y: Int, x: Int)] {
    (0..<pixelCount).compactMap { tap in
      let y = pixel[1] * stride[0] - padding[0] + tap / kernel[1]
      let x = pixel[2] * stride[1] - padding[1] + tap % kernel[1]
      return (0..<image[1]).contains(y) && (0..<image[2]).contains(x) ? (tap, y, x) : nil
    }
  }

  /// The product of the window of a pixel with a column of `w`: a row of a matrix, or of the stack that makes pairs.
  func product(of x: ReferenceTensor, with w: ReferenceTensor, at pixel: [Int], _ column: Int) -> Double {
    let channels = x.shape[3]
    /// What a pixel of the window counts; of a stack, the filter's algebra the other way round.
    func weight(_ tap: Int, _ channel: Int) -> Double {
      guard w.shape.count == 3 else { return w[column, tap * channels + channel] }
      let u = (0..<4).map { w[[$0, column, tap / 3 * channels + channel]] }
      let isSecond = pixel[2] % 2 == 1
      return switch tap % 3 {
      case 0: isSecond ? u[1] + u[2] - u[3] : u[0]
      case 1: u[1] - u[2]
      default: isSecond ? u[3] : u[1] + u[2] - u[0]
      }
    }
    return pixels(pixel, x.shape).reduce(0) { sum, each in
      (0..<channels).reduce(sum) { sum, channel in
        sum + x[[pixel[0], each.y, each.x, channel]] * weight(each.tap, channel)
      }
    }
  }
}
