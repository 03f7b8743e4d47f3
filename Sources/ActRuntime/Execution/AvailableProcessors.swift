import ActKernels
import Glibc

/// The processors that this process may use, by affinity and by cgroup quota.
package enum AvailableProcessors {
  /// Room for 4,096 processors.
  private static let maskBytes = 512

  /// The processors of the calling thread's affinity mask, ascending; processor 0 alone where it cannot be read.
  package static func mask() -> [Int] {
    var bits = [UInt8](repeating: 0, count: maskBytes)
    guard act_affinity_get(&bits, bits.count) == 0 else { return [0] }
    let processors = (0..<bits.count * 8).filter { bits[$0 / 8] & (1 << UInt8($0 % 8)) != 0 }
    return processors.isEmpty ? [0] : processors
  }

  /// Pins the calling thread; a refusal leaves it where it is, which costs speed only.
  package static func pin(to processors: [Int]) {
    var bits = [UInt8](repeating: 0, count: maskBytes)
    for processor in processors where processor / 8 < bits.count {
      bits[processor / 8] |= 1 << UInt8(processor % 8)
    }
    _ = act_affinity_set(bits, bits.count)
  }

  /// The processors' worth of time that the tightest cgroup (v2 or v1) of this process grants, rounded up; nil where
  /// there is no quota.
  package static func quota(root: String = "") -> Int? {
    let groups = text(root + "/proc/self/cgroup") ?? ""
    var tightest: Int?
    for line in groups.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let unified = parts[0] == "0" && parts[1].isEmpty
      guard unified || parts[1].split(separator: ",").contains("cpu") else { continue }
      let mount = root + (unified ? "/sys/fs/cgroup" : "/sys/fs/cgroup/cpu")
      // The quota of any ancestor binds; inside a container the path may be the host's, the root is there always.
      var path = String(parts[2])
      while true {
        if let limit = unified ? quotaV2(mount + path) : quotaV1(mount + path) {
          tightest = min(tightest ?? limit, limit)
        }
        guard let slash = path.lastIndex(of: "/") else { break }
        path = String(path[..<slash])
      }
    }
    return tightest
  }

  private static func quotaV2(_ directory: String) -> Int? {
    let fields = (text(directory + "/cpu.max") ?? "").split(whereSeparator: \.isWhitespace)
    guard fields.count == 2 else { return nil }
    return processors(quota: fields[0], period: fields[1])
  }

  private static func quotaV1(_ directory: String) -> Int? {
    guard let quota = text(directory + "/cpu.cfs_quota_us"),
      let period = text(directory + "/cpu.cfs_period_us")
    else { return nil }
    return processors(quota: quota.prefix { !$0.isWhitespace }, period: period.prefix { !$0.isWhitespace })
  }

  /// nil for "max", -1 and anything else that is no quota.
  private static func processors(quota: Substring, period: Substring) -> Int? {
    guard let quota = Int(quota), let period = Int(period), quota > 0, period > 0 else { return nil }
    return max(1, quota / period + (quota % period == 0 ? 0 : 1))
  }

  /// The first 4 KiB of a small file.
  private static func text(_ path: String) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = read(file, &bytes, bytes.count)
    return count < 0 ? nil : String(decoding: bytes[..<count], as: UTF8.self)
  }
}
