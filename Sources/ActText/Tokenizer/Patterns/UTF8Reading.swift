import ActFormats

extension UnsafeBufferPointer<UInt8> {
  /// The number of bytes of the character that begins at `index`, in valid UTF-8.
  @inline(__always)
  func scalarWidth(at index: Int) -> Int {
    let width =
      switch self[index] {
      case ..<0xC0: 1
      case ..<0xE0: 2
      case ..<0xF0: 3
      default: 4
      }
    return Swift.min(width, count - index)
  }

  /// The character of `width` bytes that begins at `index`, in valid UTF-8.
  @inline(__always)
  func scalar(at index: Int, width: Int) -> Unicode.Scalar {
    let lead = UInt32(self[index])
    let value =
      switch width {
      case 1: lead
      case 2: (lead & 0x1F) << 6 | tail(index + 1)
      case 3: (lead & 0x0F) << 12 | tail(index + 1) << 6 | tail(index + 2)
      default: (lead & 0x07) << 18 | tail(index + 1) << 12 | tail(index + 2) << 6 | tail(index + 3)
      }
    return Unicode.Scalar(value) ?? "\u{FFFD}"
  }

  @inline(__always)
  private func tail(_ index: Int) -> UInt32 { UInt32(self[index] & 0x3F) }

  /// Calls `body` with every character of valid UTF-8 and where it lies.
  @inline(__always)
  func forEachScalar(
    in range: Range<Int>? = nil, _ body: (_ scalar: Unicode.Scalar, _ range: Range<Int>) -> Void
  ) {
    let range = range ?? 0..<count
    var at = range.lowerBound
    while at < range.upperBound {
      let width = scalarWidth(at: at)
      body(scalar(at: at, width: width), at..<at + width)
      at += width
    }
  }
}

extension [UInt8] {
  /// Appends the UTF-8 of `scalar`.
  @inline(__always)
  mutating func append(_ scalar: Unicode.Scalar) {
    if scalar.isASCII {
      append(UInt8(truncatingIfNeeded: scalar.value))
    } else {
      append(contentsOf: UTF8.encode(scalar)!)
    }
  }

  var isASCII: Bool { allSatisfy { $0 < 0x80 } }

  /// The bytes with every occurrence of `pattern` replaced, from left to right; an empty pattern occurs nowhere.
  func replacing(_ pattern: [UInt8], by replacement: [UInt8], maximum: Int = .max) -> [UInt8] {
    guard let first = pattern.first, contains(first) else { return self }
    var out: [UInt8] = []
    var (at, left) = (0, maximum)
    while at < count {
      if left > 0, self[at] == first, self[at...].starts(with: pattern) {
        out += replacement
        at += pattern.count
        left -= 1
      } else {
        out.append(self[at])
        at += 1
      }
    }
    return out
  }
}
