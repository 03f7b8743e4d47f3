import ActFormats
import ActPasses
import ActRuntime
import Glibc

/// Floats that are kept until nobody reads them: in memory as far as they may, and then in a file without a name, which
/// is mapped.
///
/// It is for what is written once and read often, such as what a denoiser is given; see ``SpillFile`` for what changes.
package final class FloatSpill {
  /// Bytes in memory so far.
  package private(set) var residentCount = 0
  private let memory: Int
  private let directory: String?
  private var file: UnnamedFile?

  /// Keeps at most `memory` bytes in memory, and others in `directory`; nil: nowhere.
  package init(memory: Int, directory: String?) {
    self.memory = memory
    self.directory = directory
  }

  /// Keeps floats.
  ///
  /// - Throws: `FitError` where there is no room, `FileError` where the file cannot be written.
  package func keep(_ values: [Float]) throws -> FloatElements {
    let bytes = values.count * MemoryLayout<Float>.size
    if residentCount + bytes <= memory {
      residentCount += bytes
      return FloatElements(values)
    }
    guard let directory else {
      throw FitError("what prompts become takes more than \(memory) bytes; allow more with --memory")
    }
    if file == nil { file = try UnnamedFile(in: directory) }
    return values.isEmpty ? FloatElements(values) : FloatElements(try file!.append(values))
  }

  /// Keeps the floats of tensors.
  func keep(_ tensors: [String: EntryInputs.Tensor]) throws -> [String: EntryInputs.Tensor] {
    try tensors.mapValues { tensor in
      guard case .floats(let floats) = tensor.elements else { return tensor }
      var kept = tensor
      kept.elements = .floats(try keep(floats.withElements { Array($0) }))
      return kept
    }
  }
}

/// A file without a name, which grows; it is gone when the process is.
private final class UnnamedFile {
  private let descriptor: Int32
  private let directory: String
  private var size = 0

  init(in directory: String) throws(FileError) {
    self.directory = directory
    descriptor = try SpillFile.openUnnamed(in: directory)
  }

  deinit { close(descriptor) }

  /// Writes floats after the others, and maps them.
  func append(_ values: [Float]) throws(FileError) -> MappedFloats {
    // A mapping begins at a page.
    let page = sysconf(Int32(_SC_PAGESIZE))
    let start = (size + page - 1) / page * page
    let problem = values.withUnsafeBytes { bytes -> Int32? in
      var done = 0
      while done < bytes.count {
        let count = pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, start + done)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return count < 0 ? errno : EIO }
        done += count
      }
      return nil
    }
    if let problem { throw SpillFile.failure(directory, "write", problem) }
    size = start + values.count * MemoryLayout<Float>.size
    let address = mmap(nil, size - start, PROT_READ, MAP_SHARED, descriptor, start)
    guard let address, address != MAP_FAILED else { throw SpillFile.failure(directory, "map a file", errno) }
    return MappedFloats(address, count: values.count)
  }
}

/// A part of a mapped file.
private final class MappedFloats: FloatMemory, @unchecked Sendable {
  let values: UnsafeBufferPointer<Float>

  init(_ address: UnsafeMutableRawPointer, count: Int) {
    values = UnsafeBufferPointer(
      start: UnsafePointer(address.bindMemory(to: Float.self, capacity: count)), count: count)
  }

  deinit {
    munmap(UnsafeMutableRawPointer(mutating: values.baseAddress), values.count * MemoryLayout<Float>.size)
  }
}
