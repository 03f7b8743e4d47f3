import Glibc

/// A file that appears under its name complete or not at all.
///
/// Bytes go to a file without a name in the same directory (or, where the file system has none such, to one named
/// `.NAME.RANDOM.tmp`); `commit` syncs it and renames it to `path`. If the object dies without a commit, or a
/// signal ends the process, nothing is left and a previous file of that name stays as it was. The mode is 0666 less the umask.
package final class AtomicFile {
  package let path: String
  private var descriptor: Int32
  private let temporaryPath: String
  /// Set while the file has its temporary name.
  private var temporary: TemporaryName?

  /// Opens a temporary file beside `path`, whose directory must exist. A device or directory at `path` is an error.
  package init(_ path: String) throws(FileError) {
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
      throw FileError(path, nil, "cannot replace what is not a regular file")
    }
    let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
    let directory = Self.directory(path)
    let name = slash.map { path[path.utf8.index(after: $0)...] } ?? path[...]
    guard !name.isEmpty else {
      throw FileError(path, nil, "expected the name of a file, found a directory's")
    }

    self.path = path
    temporaryPath = "\(directory)/.\(name).\(String(UInt32.random(in: 0...UInt32.max), radix: 16)).tmp"
    descriptor = open(directory, AtomicFile.unnamed | O_WRONLY | O_CLOEXEC, 0o666)
    if descriptor < 0, errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT {
      let temporary = TemporaryName(temporaryPath)
      descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      if descriptor >= 0 { self.temporary = temporary } else { temporary.keep() }
    }
    guard descriptor >= 0 else { throw .system(path, cannot: "create") }
  }

  /// `O_TMPFILE` of `fcntl.h`, a macro that Swift does not import.
  private static var unnamed: Int32 { 0o20_000_000 | O_DIRECTORY }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// The directory that holds the file at `path`.
  package static func directory(_ path: String) -> String {
    let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
    return slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
  }

  /// Appends `bytes`. Every call is a system call: write in pieces of many kilobytes.
  package func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw .system(path, cannot: "write") }
      rest = rest.dropFirst(written)
    }
  }

  package func write(_ bytes: [UInt8]) throws(FileError) {
    try bytes.withUnsafeBufferPointer { (bytes) throws(FileError) in
      try write(UnsafeRawBufferPointer(bytes))
    }
  }

  /// Appends the UTF-8 bytes of `text`.
  package func write(_ text: String) throws(FileError) { try write(Array(text.utf8)) }

  /// Puts the file under its name, replacing an older one. Nothing can be written after it. With `durably` it waits
  /// for the disk, so that the file outlives a loss of power.
  package func commit(durably: Bool = true) throws(FileError) {
    guard !durably || fsync(descriptor) == 0 else { throw .system(path, cannot: "write") }
    if temporary == nil {
      temporary = TemporaryName(temporaryPath)
      guard
        linkat(AT_FDCWD, "/proc/self/fd/\(descriptor)", AT_FDCWD, temporaryPath, AT_SYMLINK_FOLLOW) == 0
      else { throw .system(path, cannot: "create") }
    }
    guard rename(temporaryPath, path) == 0 else { throw .system(path, cannot: "create") }
    temporary?.keep()
    temporary = nil
    guard close(descriptor) == 0 else { throw .system(path, cannot: "write") }
    descriptor = -1
  }

  /// Writes `text` as the whole file at `path`.
  package static func write(_ text: String, to path: String) throws(FileError) {
    let file = try AtomicFile(path)
    try file.write(text)
    try file.commit()
  }
}
