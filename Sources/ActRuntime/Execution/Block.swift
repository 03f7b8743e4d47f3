import ActErrors
import Glibc

/// Zeroed memory at a fixed address that the system commits page by page as it is touched.
///
/// The arena, results and caches are therefore sized for the largest case, and cost what the actual case uses.
package final class Block: @unchecked Sendable {
  let base: UnsafeMutableRawPointer
  let byteCount: Int

  /// Reserves `byteCount` bytes.
  init(byteCount: Int) throws {
    self.byteCount = max(byteCount, 1)
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    guard let base = mmap(nil, self.byteCount, PROT_READ | PROT_WRITE, flags, -1, 0), base != MAP_FAILED
    else {
      throw EngineError("cannot reserve \(byteCount) bytes of memory: \(String(cString: strerror(errno)))")
    }
    self.base = base
  }

  deinit { munmap(base, byteCount) }
}

/// A request that the engine cannot run: out of memory, or rows beyond what the plan holds.
package struct EngineError: ToolError, Hashable {
  package var exitStatus: ExitStatus { .usage }
  package var description: String

  package init(_ description: String) { self.description = description }
}
