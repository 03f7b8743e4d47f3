/// Pictures as floats, in a safetensors file: the tensor `image`, f32[B,3,H,W] in 0…1.
package enum ImageTensorFile {
  package static let name = "image"

  /// Writes pictures of one size, each channel by channel and row by row; what lies outside 0…1 is cut off.
  ///
  /// - Throws: `FileError` where the file cannot be written.
  package static func write(
    _ images: [[Float]], width: Int, height: Int, to path: String, texts: [(key: String, text: String)] = []
  ) throws(FileError) {
    let writer = try SafetensorsWriter(
      path, [.init(name, .f32, [images.count, 3, height, width])],
      metadata: texts.map { (key: $0.key, value: $0.text) })
    for image in images {
      precondition(image.count == 3 * width * height)
      let cut = image.map { min(max($0, 0), 1) }
      try cut.withUnsafeBufferPointer { (values) throws(FileError) in
        try writer.append(UnsafeRawBufferPointer(values), to: name)
      }
    }
    try writer.finish()
  }
}
