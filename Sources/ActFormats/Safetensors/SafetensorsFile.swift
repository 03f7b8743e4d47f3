/// A safetensors file, mapped: its tensors are read in place.
///
/// Everything the header claims is checked on opening. Pointers from `bytes(of:)` stay valid while the object
/// lives. Tensors named `__pad.…`, which `SafetensorsWriter` uses for alignment, are not shown.
package final class SafetensorsFile: Sendable {
  package let path: String
  /// The text entries of the header, in the file's order.
  package let metadata: [(key: String, value: String)]
  /// The tensors, in the file's order.
  package let tensors: [TensorInfo]

  private let file: MappedFile
  private let indices: [String: Int]
  /// Aligned copies of tensors whose place in the file is not a multiple of their element's width, by offset.
  nonisolated(unsafe) private let copies: [Int: UnsafeRawBufferPointer]

  /// Opens the file. Costs its header; a tensor that lies misaligned (some old writers) costs a copy in memory.
  package init(_ path: String) throws(FileError) {
    let file = try MappedFile(path)
    let header = try SafetensorsHeader(file)
    self.path = path
    self.file = file
    metadata = header.metadata
    tensors = header.tensors
    indices = Dictionary(uniqueKeysWithValues: tensors.enumerated().map { ($1.name, $0) })

    var copies: [Int: UnsafeRawBufferPointer] = [:]
    for tensor in tensors where !tensor.range.lowerBound.isMultiple(of: tensor.dtype.width) {
      if tensor.range.isEmpty { continue }
      let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: tensor.range.count, alignment: 64)
      copy.copyMemory(from: UnsafeRawBufferPointer(rebasing: file.bytes[tensor.range]))
      copies[tensor.range.lowerBound] = UnsafeRawBufferPointer(copy)
    }
    self.copies = copies
  }

  deinit {
    for copy in copies.values { copy.deallocate() }
  }

  /// The tensor named `name`, or nil.
  package subscript(name: String) -> TensorInfo? { indices[name].map { tensors[$0] } }

  /// The elements of a tensor of this file, aligned to their width.
  package func bytes(of tensor: TensorInfo) -> UnsafeRawBufferPointer {
    copies[tensor.range.lowerBound] ?? UnsafeRawBufferPointer(rebasing: file.bytes[tensor.range])
  }

  /// Releases the memory that holds a tensor of this file; its elements can be read again.
  func discardPages(of tensor: TensorInfo) {
    file.discard(UnsafeRawBufferPointer(rebasing: file.bytes[tensor.range]))
  }

  /// The metadata entry `key`, or nil.
  package func metadata(_ key: String) -> String? { metadata.first { $0.key == key }?.value }
}
