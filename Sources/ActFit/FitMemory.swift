import Glibc

/// How a fit divides the memory that it may use.
public struct FitMemory: Hashable, Sendable {
  /// Bytes for the samples of sites that are fitted together.
  var samples: Int
  /// Bytes for the values that all samples carry between segments.
  var carried: Int

  /// Bytes below which a fit could not hold the work of one batch.
  public static let least = 128 << 20

  /// Divides `budget` bytes, by default half of the machine's memory.
  ///
  /// A quarter at most is left to the `weights` bytes of the checkpoint, which is mapped, and 64 MiB to the work on a
  /// batch. Of the rest the samples get the `wanted` bytes that they take, but no more than half.
  init(_ budget: Int?, weights: Int, samples wanted: Int) {
    let budget = max(budget ?? Self.physical / 2, Self.least)
    let rest = budget - min(weights, budget / 4) - (64 << 20)
    samples = min(wanted, rest / 2)
    carried = rest - samples
  }

  /// Bytes of the machine's memory.
  private static var physical: Int { sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)) }
}
