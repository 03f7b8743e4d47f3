import Glibc

/// A directory that is to hold a file of tensors and files of text, which appear together or not at all.
///
/// It is made where there is none, and goes again where it is not finished.
package final class OutputDirectory {
  package let path: String
  private let made: TemporaryName?

  /// Makes a directory; its own directory must exist.
  package init(_ path: String) throws(FileError) {
    self.path = path
    // Registered first, so that a signal between the two leaves no directory.
    made = fileExists(path) ? nil : TemporaryName(path)
    guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw .system(path, cannot: "create") }
  }

  /// The path of a file in it.
  package func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Puts the tensors, which are complete but for their last step, and texts by name under their names.
  package func finish(
    _ tensors: SafetensorsWriter, _ texts: [(name: String, text: String)]
  ) throws(FileError) {
    var files: [AtomicFile] = []
    for (name, text) in texts {
      let file = try AtomicFile(self.file(name))
      try file.write(text)
      files.append(file)
    }
    try tensors.finish()
    made?.keep()
    for file in files { try file.commit() }
  }
}
