import ActFormats

extension NormalText {
  /// Lowercases scalar by scalar, as the reference does: no final sigma.
  mutating func lowercase() {
    if bytes.isASCII {
      for index in bytes.indices where (0x41...0x5A).contains(bytes[index]) { bytes[index] |= 0x20 }
      return
    }
    mapScalars { scalar, out in
      if scalar.isASCII {
        let byte = UInt8(truncatingIfNeeded: scalar.value)
        out.append((0x41...0x5A).contains(byte) ? byte | 0x20 : byte)
      } else {
        out += scalar.properties.lowercaseMapping.utf8
      }
    }
  }

  /// Removes combining marks.
  mutating func stripAccents() {
    if bytes.isASCII { return }
    mapScalars { scalar, out in if !CharacterClass.isCombiningMark(scalar) { out.append(scalar) } }
  }

  /// Removes white space at either end.
  mutating func strip(left: Bool, right: Bool) {
    var (start, end) = (0, bytes.count)
    bytes.withUnsafeBufferPointer { bytes in
      while left, start < end {
        let width = bytes.scalarWidth(at: start)
        guard CharacterClass.whitespace.contains(bytes.scalar(at: start, width: width)) else { break }
        start += width
      }
      while right, start < end {
        var last = end - 1
        while last > start, bytes[last] & 0xC0 == 0x80 { last -= 1 }
        guard CharacterClass.whitespace.contains(bytes.scalar(at: last, width: end - last)) else { break }
        end = last
      }
    }
    self = NormalText(bytes: Array(bytes[start..<end]), origin: max(0, min(origin, end) - start))
  }

  /// Removes control characters and writes other white space as a space, as SentencePiece's `nmt` rules do.
  mutating func replaceControls() {
    mapScalars { scalar, out in
      switch scalar.value {
      case 0x1...0x8, 0xB, 0xE...0x1F, 0x7F, 0x8F, 0x9F: break
      case 0x9, 0xA, 0xC, 0xD, 0x1680, 0x200B...0x200F, 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD:
        out.append(0x20)
      default: out.append(scalar)
      }
    }
  }
}
