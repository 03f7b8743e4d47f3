import ActFormats
import Testing
import Workbench

/// Opens `count` damaged versions of `original` with `open`, which must return or throw a `FileError`.
///
/// A version has one to eight bytes changed (most of them in the first `headerLength`), and sometimes its end cut.
func openDamaged(
  _ original: [UInt8], headerLength: Int, count: Int = 2000, name: String, open: (String) throws -> Void
) throws {
  let directory = try TemporaryDirectory()
  var random = SplitMix64(state: 7)
  var opened = 0
  for _ in 0..<count {
    var bytes = original
    for _ in 0..<Int.random(in: 1...8, using: &random) {
      let inHeader = Int.random(in: 0..<8, using: &random) > 0
      let at = Int.random(in: 0..<(inHeader ? headerLength : bytes.count), using: &random)
      switch Int.random(in: 0..<3, using: &random) {
      case 0: bytes[at] = UInt8.random(in: .min ... .max, using: &random)
      case 1: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      default: bytes[at] = bytes[Int.random(in: 0..<headerLength, using: &random)]
      }
    }
    if Int.random(in: 0..<16, using: &random) == 0 {
      bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random))
    }
    let path = try directory.write(bytes, to: name)
    do {
      try open(path)
      opened += 1
    } catch is FileError {}
  }
  #expect(opened < count, "no damage was noticed")
}
