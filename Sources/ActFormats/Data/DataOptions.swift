import Glibc

/// How data files are read, and which of their samples are taken.
package struct DataOptions: Hashable, Sendable {
  /// nil: for each file the one that its name tells.
  package var format: DataFormat?
  /// Whether the first row of a `.csv` or `.tsv` file names its columns; else they are called `1`, `2`, ….
  package var hasHeader = true
  /// Records that do not meet all of these are left out.
  package var filters: [RecordFilter] = []
  /// The most samples to take: the first ones, after shuffling.
  package var limit: Int?
  /// Shuffles the samples; nil: they stay in order.
  package var seed: UInt64?

  package init() {}

  /// The format in which the file at `path` is read. Of what is no file the name tells nothing: opening it will fail.
  func format(of path: String) throws(FileError) -> DataFormat {
    if let format { return format }
    var status = stat()
    guard path != "-", stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else { return .lines }
    return try DataFormat(ofName: path)
  }

  /// The samples to take, in the order in which to take them.
  package func choose<Sample>(_ samples: [Sample]) -> [Sample] {
    var samples = samples
    if let seed {
      // Fisher and Yates's, spelled out, because the standard library does not promise the same order for ever.
      var random = SplitMix64(state: seed)
      for index in samples.indices.dropFirst().reversed() {
        samples.swapAt(index, Int(random.next().multipliedFullWidth(by: UInt64(index + 1)).high))
      }
    }
    return limit.map { Array(samples.prefix($0)) } ?? samples
  }
  /// The samples to take of each side where both take a half of the same: after shuffling the first, the third and so on
  /// are the source's, the others the target's.
  package func halves<Sample>(_ samples: [Sample]) -> (source: [Sample], target: [Sample]) {
    var whole = self
    whole.limit = nil
    let shuffled = whole.choose(samples)
    func half(from start: Int) -> [Sample] {
      stride(from: start, to: shuffled.count, by: 2).prefix(limit ?? .max).map { shuffled[$0] }
    }
    return (half(from: 0), half(from: 1))
  }
}
