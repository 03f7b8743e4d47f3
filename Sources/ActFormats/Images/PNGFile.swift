import ActPNG

/// A PNG file that is written row by row, and appears under its name complete or not at all.
///
/// Pixels are 8 bits a channel, RGB of sRGB.
package final class PNGFile {
  /// The sides that a picture may have, in pixels.
  package static let sides = 1...65_500

  private let file: AtomicFile
  private let width, height: Int
  private let png: OpaquePointer
  private let sink: Sink
  private var written = 0

  /// What libpng's bytes go to, gathered to pieces of many kilobytes.
  private final class Sink {
    let file: AtomicFile
    var bytes: [UInt8] = []
    var error: FileError?

    init(_ file: AtomicFile) { self.file = file }

    func take(_ piece: UnsafeBufferPointer<UInt8>) -> Bool {
      bytes += piece
      return bytes.count < 1 << 16 || flush()
    }

    func flush() -> Bool {
      do throws(FileError) { try file.write(bytes) } catch {
        self.error = error
        return false
      }
      bytes.removeAll(keepingCapacity: true)
      return true
    }
  }

  /// Begins a picture.
  ///
  /// - Parameters:
  ///   - path: a file that appears only when the picture is complete.
  ///   - width: in pixels.
  ///   - height: in pixels.
  ///   - texts: what is known of the picture. Keys are 1 to 79 printable characters of ASCII.
  /// - Throws: `FileError` for a size that no PNG has here, and where the file cannot be written.
  package init(_ path: String, width: Int, height: Int, texts: [(key: String, text: String)] = [])
    throws(FileError)
  {
    guard Self.sides.contains(width), Self.sides.contains(height) else {
      throw FileError(
        path, nil,
        "expected a picture of at most \(Self.sides.upperBound) pixels a side, found \(width)x\(height)")
    }
    self.width = width
    self.height = height
    file = try AtomicFile(path)
    sink = Sink(file)
    let png = act_png_new(
      UInt32(width), UInt32(height), 0,
      { context, bytes, count in
        let sink = Unmanaged<Sink>.fromOpaque(context!).takeUnretainedValue()
        return sink.take(UnsafeBufferPointer(start: bytes, count: count)) ? 0 : 1
      }, Unmanaged.passUnretained(sink).toOpaque())
    guard let png else { throw FileError(path, nil, "cannot be written: memory is short") }
    self.png = png
    for (key, text) in texts {
      let isKey =
        (1...79).contains(key.utf8.count) && key.utf8.allSatisfy { (0x20...0x7E).contains($0) }
      precondition(isKey, "`\(key)` is no key of a text")
      // A zero would end it.
      let shown = text.replacing("\0", with: "\u{FFFD}")
      guard act_png_text(png, key, shown) == 0 else { throw failure }
    }
  }

  deinit { act_png_free(png) }

  /// Appends the next row, from the top: three bytes a pixel.
  package func write(row: [UInt8]) throws(FileError) {
    precondition(row.count == 3 * width && written < height, "a row that the picture does not have")
    guard act_png_row(png, row) == 0 else { throw failure }
    written += 1
  }

  /// Completes the file and puts it under its name. Traps where rows are missing.
  package func finish() throws(FileError) {
    precondition(written == height, "a picture without its last rows")
    guard act_png_end(png) == 0, sink.flush() else { throw failure }
    try file.commit()
  }

  private var failure: FileError {
    sink.error ?? FileError(file.path, nil, "cannot be written: \(String(cString: act_png_message(png)))")
  }
}
