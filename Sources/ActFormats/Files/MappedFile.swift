import ActSignals
import Glibc

/// A whole file, mapped read-only into memory.
///
/// `bytes` stay valid while the object lives: keep the object as long as a pointer into them. The file
/// must not be truncated meanwhile, which ends a tool with an error that names the file; replacing it by rename, as
/// `AtomicFile` does, is safe.
package final class MappedFile: Sendable {
  package let path: String
  /// The contents, at least one byte, aligned to a page.
  nonisolated(unsafe) package let bytes: UnsafeRawBufferPointer
  /// What the handler of signals knows of the mapping.
  nonisolated(unsafe) private let registration: UnsafeMutableRawPointer?

  /// Maps the file at `path`. A missing, unreadable or empty file, or one that is not a regular file, is an error.
  package init(_ path: String) throws(FileError) {
    // Without O_NONBLOCK, opening a pipe that nobody writes to would wait forever.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .system(path, cannot: "open") }
    defer { close(descriptor) }

    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .system(path, cannot: "inspect") }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw FileError(path, nil, "expected a file, found a directory")
    default: throw FileError(path, nil, "expected a regular file, found a device, pipe or socket")
    }
    guard status.st_size > 0 else { throw FileError(path, nil, "the file is empty") }

    let count = Int(status.st_size)
    let start = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard let start, start != MAP_FAILED else { throw .system(path, cannot: "map") }
    self.path = path
    self.bytes = UnsafeRawBufferPointer(start: start, count: count)
    registration = act_mapping_add(start, count, legible(path))
  }

  /// Releases the memory that holds `part` of `bytes`; the next access reads the file again.
  ///
  /// Mapped pages count as the process's memory for as long as they stay mapped. A hint: it cannot fail, and nothing
  /// that is read changes.
  func discard(_ part: UnsafeRawBufferPointer) {
    guard let start = part.baseAddress, let base = bytes.baseAddress, !part.isEmpty else { return }
    let first = (start - base) & ~(Int(getpagesize()) - 1)
    madvise(UnsafeMutableRawPointer(mutating: base + first), start - base + part.count - first, MADV_DONTNEED)
  }

  deinit {
    act_mapping_remove(registration)
    munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
  }
}
