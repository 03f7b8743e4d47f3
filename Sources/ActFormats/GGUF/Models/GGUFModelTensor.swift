/// A tensor of the Hugging Face checkpoint that a GGUF file was made from, and where the file has it.
struct GGUFModelTensor: Sendable {
  /// In the checkpoint.
  var name: String
  var shape: [Int]
  var source: GGUFTensor
  var layout = GGUFLayout()

  /// F32, F16 and BF16 as they are in the file, and F32 of what has to be computed.
  var dtype: StorageType { layout.added == 0 ? source.type.storageType ?? .f32 : .f32 }
  var elementCount: Int { shape.reduce(1, *) }
  var rowElements: Int { shape.last ?? 1 }
  var rowCount: Int { shape.dropLast().reduce(1, *) }
  var rowBytes: Int { rowElements * dtype.width }
  var byteCount: Int { elementCount * dtype.width }

  /// Whether the elements can be read in place.
  var isInPlace: Bool {
    layout.isIdentity && source.type.storageType == dtype && byteCount == source.range.count
  }

  /// Whether every row takes elements of all rows of the file, so that rows are better read all at once.
  var mixesRows: Bool { layout.isTransposed || isGatheredVector }

  /// Whether it is a vector whose elements lie elsewhere in a vector of the file.
  private var isGatheredVector: Bool {
    source.shape.count < 2 && (layout.order != .same || elementCount != source.rowElements)
  }

  /// The element of the file's tensor that holds element `index`.
  func sourceIndex(of index: Int) -> Int {
    let (row, column) = index.quotientAndRemainder(dividingBy: max(rowElements, 1))
    if layout.isTransposed { return column * source.rowElements + row }
    if isGatheredVector { return layout.sourceRow(index, of: elementCount) }
    return layout.sourceRow(row, of: rowCount) * rowElements + column
  }

  /// Writes rows as the checkpoint has them, in `dtype`, to `out`, which has room for them.
  func write(_ rows: Range<Int>, of file: GGUFFile, to out: UnsafeMutableRawBufferPointer) {
    precondition(out.count == rows.count * rowBytes, "the output has another length")
    guard let target = out.baseAddress else { return }
    let width = dtype.width
    let bytes = file.bytes(of: source)
    if layout.isTransposed {
      let column = ElementBlock(byteCount: source.rowElements * width)
      defer { withExtendedLifetime(column) {} }
      for index in 0..<rowElements {
        readRow(index, bytes, to: column.bytes)
        for (place, row) in rows.enumerated() {
          (target + (place * rowElements + index) * width).copyMemory(
            from: column.bytes.baseAddress! + row * width, byteCount: width)
        }
      }
    } else if isGatheredVector {
      let stored = ElementBlock(byteCount: source.rowElements * width)
      defer { withExtendedLifetime(stored) {} }
      readRow(0, bytes, to: stored.bytes)
      for index in 0..<elementCount {
        (target + index * width).copyMemory(
          from: stored.bytes.baseAddress! + layout.sourceRow(index, of: elementCount) * width,
          byteCount: width)
      }
    } else {
      for (place, row) in rows.enumerated() {
        readRow(
          layout.sourceRow(row, of: rowCount), bytes,
          to: UnsafeMutableRawBufferPointer(start: target + place * rowBytes, count: rowBytes))
      }
    }
  }

  /// Reads a row of the file's tensor, in `dtype`.
  private func readRow(
    _ row: Int, _ bytes: UnsafeRawBufferPointer, to out: UnsafeMutableRawBufferPointer
  ) {
    let start = row * source.rowBytes
    let stored = UnsafeRawBufferPointer(rebasing: bytes[start..<start + source.rowBytes])
    if source.type.storageType == dtype, layout.added == 0 { return out.copyMemory(from: stored) }
    out.withMemoryRebound(to: Float.self) { values in
      source.type.dequantize(stored, into: values)
      if layout.added != 0 { for index in values.indices { values[index] += layout.added } }
    }
  }
}

extension GGUFModelTensor {
  /// The elements: in place, or computed.
  func elements(of file: GGUFFile) -> OwnedBytes {
    if isInPlace { return OwnedBytes(file.bytes(of: source), owner: file) }
    let block = ElementBlock(byteCount: byteCount)
    write(0..<rowCount, of: file, to: block.bytes)
    return OwnedBytes(UnsafeRawBufferPointer(block.bytes), owner: block)
  }

  /// Checks that elements, of which the first is element `first`, are finite; the error names the file's tensor.
  func checkFinite(
    _ elements: UnsafeRawBufferPointer, from first: Int = 0, path: String
  ) throws(FileError) {
    guard let index = dtype.firstNonFinite(elements) else { return }
    throw .notFinite(
      path, source.name, dtype.spelling(of: index, elements), at: sourceIndex(of: first + index),
      shape: source.shape)
  }
}
