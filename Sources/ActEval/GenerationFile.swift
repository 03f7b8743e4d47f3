import ActFormats
import Glibc

/// A file of generations, JSON lines that are added one at a time.
///
/// Each line goes out whole in one write, so that a run that is interrupted leaves at most its last line unfinished;
/// opening the file again drops that line and keeps the others.
package final class GenerationFile {
  package let path: String
  /// What the file held when it was opened.
  package let records: [GenerationRecord]
  /// Whether the last line was unfinished, and was dropped.
  package let hadUnfinishedLine: Bool
  private let descriptor: Int32
  private let isNew: Bool
  private var length: Int

  /// Opens the file at `path`, or makes it, for records of these settings.
  ///
  /// - Throws: `FileError` where the file cannot be opened, is in use by another run, holds anything but generations, or
  ///   holds generations of other settings.
  package init(addingTo path: String, settings: GenerationSettings) throws(FileError) {
    var isNew = true
    var descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o666)
    if descriptor < 0, errno == EEXIST {
      isNew = false
      descriptor = open(path, O_RDWR | O_APPEND | O_CLOEXEC | O_NONBLOCK)
    }
    guard descriptor >= 0 else { throw Self.system(path, "open") }
    do throws(FileError) {
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
        throw FileError(path, nil, "another run is writing to it", next: "wait for it, or give another -o")
      }
      let contents = try Self.read(descriptor, path)
      try contents.check(settings)
      if contents.hasUnfinishedLine, ftruncate(descriptor, off_t(contents.length)) != 0 {
        throw Self.system(path, "shorten")
      }
      records = contents.records
      length = contents.length
      hadUnfinishedLine = contents.hasUnfinishedLine
    } catch {
      close(descriptor)
      throw error
    }
    self.path = path
    self.descriptor = descriptor
    self.isNew = isNew
  }

  deinit {
    // A run that failed before its first text leaves nothing.
    if isNew, length == 0 { unlink(path) }
    close(descriptor)
  }

  /// Adds a line; what cannot be written whole is taken back.
  package func append(_ record: GenerationRecord) throws(FileError) {
    let line = Array((record.json.description + "\n").utf8)
    var rest = line[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        let error = Self.system(path, "write")
        ftruncate(descriptor, off_t(length))
        throw error
      }
      rest = rest.dropFirst(count)
    }
    length += line.count
  }

  /// Waits until all lines are on the disk.
  package func finish() throws(FileError) {
    guard fsync(descriptor) == 0 || errno == EINVAL else { throw Self.system(path, "write") }
  }

  private static func system(_ path: String, _ verb: String) -> FileError {
    FileError(path, nil, "cannot \(verb): \(String(cString: strerror(errno)))")
  }
}

extension GenerationFile {
  /// The whole lines of a file.
  package struct Contents {
    package var path: String
    package var records: [GenerationRecord] = []
    /// Bytes of the whole lines.
    package var length = 0
    package var hasUnfinishedLine = false

    /// Refuses records that were made in another way.
    func check(_ settings: GenerationSettings) throws(FileError) {
      guard let other = records.first(where: { $0.settings != settings }),
        let difference = settings.difference(other.settings)
      else { return }
      throw FileError(
        path, nil, "holds generations of other settings: \(difference)",
        next: "give another file, or the same settings")
    }
  }

  /// Reads the generations at `path`; at least one.
  package static func read(_ path: String) throws(FileError) -> Contents {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw system(path, "open") }
    defer { close(descriptor) }
    let contents = try read(descriptor, path)
    if contents.records.isEmpty { throw FileError(path, nil, "holds no generations") }
    return contents
  }

  private static func read(_ descriptor: Int32, _ path: String) throws(FileError) -> Contents {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw system(path, "inspect") }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw FileError(path, nil, "expected a regular file, found a directory, device or pipe")
    }
    var contents = Contents(path: path)
    var rest: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    var keys: Set<GenerationRecord.Key> = []
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw system(path, "read") }
      if count == 0 { break }
      rest += buffer[..<count]
      var start = rest.startIndex
      while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
        let record = try parse(Array(rest[start..<end]), path, line: contents.records.count + 1)
        guard keys.insert(record.key).inserted else {
          throw FileError(
            path, "line \(contents.records.count + 1)", "a continuation that an earlier line holds already")
        }
        contents.records.append(record)
        contents.length += end + 1 - start
        start = end + 1
      }
      rest.removeSubrange(..<start)
      guard rest.count <= largestLine else {
        throw FileError(path, "line \(contents.records.count + 1)", "longer than \(largestLine) bytes")
      }
    }
    guard rest.isEmpty || isBeginning(rest) else {
      throw FileError(
        path, "line \(contents.records.count + 1)", "expected a generation, found other text",
        next: "give another file")
    }
    contents.hasUnfinishedLine = !rest.isEmpty
    return contents
  }

  private static let largestLine = 1 << 24

  private static func parse(
    _ line: [UInt8], _ path: String, line number: Int
  ) throws(FileError) -> GenerationRecord {
    let failure = { (problem: String) in FileError(path, "line \(number)", problem) }
    let json: JSON
    do { json = try JSON(parsing: line) } catch { throw failure("\(error)") }
    return try GenerationRecord(json, failure: failure)
  }

  /// Whether `text` may be the beginning of a record, as an interrupted run leaves it.
  private static func isBeginning(_ text: [UInt8]) -> Bool {
    let beginning = Array("{\"format\":\"\(GenerationRecord.format)\"".utf8)
    return text.starts(with: beginning.prefix(text.count))
  }
}
