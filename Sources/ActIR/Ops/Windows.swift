/// The windows of pixels that a convolution or a pooling reads of an image: their size, how far apart they begin, and how
/// far they reach past its four sides.
public struct Windows: Hashable, Sendable {
  /// The largest height or width of a window, and the largest step between two.
  static let largestSide = 4096

  /// Height and width of a window, in pixels.
  public var kernel: [Int]
  /// Lines from a window to the one below it, and pixels to the one beside it.
  public var stride: [Int]
  /// Lines and pixels of zeros past the image: top, left, bottom, right.
  public var padding: [Int]

  /// Windows of `kernel` pixels.
  public init(kernel: [Int], stride: [Int] = [1, 1], padding: [Int] = [0, 0, 0, 0]) {
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
  }

  /// Square windows of `side` pixels, with `padding` on all sides.
  public init(side: Int, stride: Int = 1, padding: Int = 0) {
    self.init(
      kernel: [side, side], stride: [stride, stride], padding: Array(repeating: padding, count: 4))
  }

  /// How many pixels a window has.
  public var pixelCount: Int { kernel[0] * kernel[1] }

  /// Whether some windows hold pixels past the image's sides.
  public var isPadded: Bool { padding.contains { $0 > 0 } }

  mutating func code(_ coder: inout AttributeCoder) throws(ParseError) {
    try coder.ints("kernel", &kernel, count: 2)
    try coder.ints("stride", &stride, count: 2, default: [1, 1])
    try coder.ints("padding", &padding, count: 4, default: [0, 0, 0, 0])
  }

  /// Height and width of the result for an image; nil where no window fits into it.
  func outputSize(height: Int, width: Int) -> (height: Int, width: Int)? {
    func count(_ axis: Int, _ size: Int) -> Int {
      (size + padding[axis] + padding[axis + 2] - kernel[axis]) / stride[axis] + 1
    }
    guard height + padding[0] + padding[2] >= kernel[0], width + padding[1] + padding[3] >= kernel[1] else {
      return nil
    }
    return (count(0, height), count(1, width))
  }
}

extension Operands {
  /// An image in f32, `[B,H,W,C]`, of which H, W and C are known.
  func image(_ index: Int) throws(TypeMismatch) -> (entries: Dim, height: Int, width: Int, channels: Int) {
    let type = try float(index)
    guard type.rank == 4, let height = type.shape[1].fixed, let width = type.shape[2].fixed,
      let channels = type.shape[3].fixed
    else { throw mismatch("operand \(index) an image [B,H,W,C] of fixed sizes") }
    guard [height, width, channels].allSatisfy({ (1...Int(Int32.max)).contains($0) }) else {
      throw mismatch("an image of at most \(Int32.max) lines, pixels a line and channels")
    }
    return (type.shape[0], height, width, channels)
  }

  /// Entries, height and width of what windows over the image of operand 0 give, a pixel each.
  func pixels(of windows: Windows) throws(TypeMismatch) -> [Dim] {
    let x = try image(0)
    let sides = 1...Windows.largestSide
    guard (windows.kernel + windows.stride).allSatisfy(sides.contains) else {
      throw mismatch("a kernel and a stride of 1 to \(Windows.largestSide)")
    }
    // Then each window holds a pixel of the image.
    guard windows.padding.indices.allSatisfy({ windows.padding[$0] < windows.kernel[$0 % 2] }) else {
      throw mismatch("a padding smaller than the kernel")
    }
    guard let size = windows.outputSize(height: x.height, width: x.width) else {
      throw mismatch("an image into which a window of \(windows.kernel[0])×\(windows.kernel[1]) fits")
    }
    return [x.entries, .fixed(size.height), .fixed(size.width)]
  }
}
