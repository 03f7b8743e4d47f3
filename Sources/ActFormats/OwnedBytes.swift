/// Bytes, and what keeps them in memory: they are valid while the owner lives, or where there is none, as long as the
/// function says that returns them.
package struct OwnedBytes {
  package let bytes: UnsafeRawBufferPointer
  package let owner: AnyObject?

  package init(_ bytes: UnsafeRawBufferPointer, owner: AnyObject? = nil) {
    self.bytes = bytes
    self.owner = owner
  }
}

/// Memory for the elements of a tensor, aligned for every element type.
final class ElementBlock {
  let bytes: UnsafeMutableRawBufferPointer

  init(byteCount: Int) { bytes = .allocate(byteCount: byteCount, alignment: 64) }

  deinit { bytes.deallocate() }
}
