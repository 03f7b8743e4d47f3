/// A sample file, `NAME.samples.safetensors`: what one shard of a data set becomes at some sites, for a map to be
/// fitted from all shards.
///
/// Tensors, for SIDE `source` and `target`: `SITE/SIDE`, F32[n, width of the site], a sample a row, and `samples/SIDE`,
/// I32[n], the place in the data set of the record that each row comes from, ascending. The entries of
/// `__metadata__`, each a string:
///
/// | key | meaning |
/// |---|---|
/// | `format`, `format_version` | `act-samples`, `1` |
/// | `shard` | `i/N`, i from 1 to N: records i − 1, i − 1 + N, i − 1 + 2 N, … of each side |
/// | `round` | `i/N`: which round of a causal fit this is; `1/1` where all sites are collected at once |
/// | `sites` | JSON array of `{"name": SITE, "width": D}`, in the order of the graph; with `"heads": H` where the channels are H heads |
/// | `counts` | JSON object: records of each side in all shards, `{"source": 200, "target": 200}` |
/// | `data` | JSON object: SHA-256 of each side |
/// | `model_fingerprint`, `token_scope`, `skip_first`, `pooling`, `fit_order`, `step_scope`, `prompts` | as in a map file |
/// | `collection` | a digest of everything that all shards of a round must have in common |
/// | `behind` | a digest of the maps of earlier rounds (optional) |
/// | `instruction_set` | of the kernels that the model ran on |
package struct SampleFile: Sendable {
  /// Which part of something in several parts: `i/N`, from 1.
  package struct Part: Hashable, Sendable, LosslessStringConvertible {
    package let number: Int
    package let count: Int

    /// Part `number` of `count`; nil where there is no such part.
    package init?(_ number: Int, of count: Int) {
      guard (1...1_000_000).contains(count), (1...count).contains(number) else { return nil }
      self.number = number
      self.count = count
    }

    package init?(_ description: String) {
      let parts = description.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
      guard parts.count == 2, let number = parts[0], let count = parts[1] else { return nil }
      self.init(number, of: count)
    }

    package var description: String { "\(number)/\(count)" }
  }

  /// What the file says of its samples.
  package struct Header: Hashable, Sendable {
    package struct Site: Hashable, Sendable {
      package var name: String
      package var width: Int
      /// How many heads lie side by side in the channels; nil where there are none.
      package var heads: Int?

      package init(name: String, width: Int, heads: Int? = nil) {
        self.name = name
        self.width = width
        self.heads = heads
      }
    }

    package var shard: Part
    package var round: Part
    package var sites: [Site]
    /// Records by the name of the side.
    package var counts: [String: Int]
    package var dataHashes: [String: String] = [:]
    package var modelFingerprint: String
    /// How the samples came to be.
    package var samples: SampleDescription
    /// A digest of everything that all shards of a round must have in common.
    package var collection: String
    /// A digest of the maps of earlier rounds, which the samples have passed.
    package var behind: String?
    package var instructionSet: String

    package init(
      shard: Part, round: Part, sites: [Site], counts: [String: Int], modelFingerprint: String,
      _ samples: SampleDescription, collection: String, instructionSet: String
    ) {
      self.shard = shard
      self.round = round
      self.sites = sites
      self.counts = counts
      self.modelFingerprint = modelFingerprint
      self.samples = samples
      self.collection = collection
      self.instructionSet = instructionSet
    }
  }

  package static let formatVersion = "1"
  package static let sides = ["source", "target"]

  package let header: Header
  package var path: String { file.path }
  private let file: SafetensorsFile
  /// By side, the place in the data set of the record that each row comes from; ascending.
  private let places: [String: [Int32]]

  /// Opens the file, mapped, and checks that its tensors are as its header says.
  package init(reading path: String) throws(FileError) {
    file = try SafetensorsFile(path)
    header = try Header(file)
    var places: [String: [Int32]] = [:]
    for side in Self.sides {
      let name = "samples/\(side)"
      let count = header.counts[side]!
      guard let tensor = file[name], tensor.dtype == .i32, tensor.shape.count == 1 else {
        throw FileError(path, name, "expected I32[n]")
      }
      let rows = Array(file.bytes(of: tensor).bindMemory(to: Int32.self))
      for (index, place) in rows.enumerated() {
        guard place >= (index > 0 ? rows[index - 1] : 0), place < count,
          Int(place) % header.shard.count == header.shard.number - 1
        else {
          throw FileError(path, name, "row \(index) is of record \(place), not of shard \(header.shard)")
        }
      }
      places[side] = rows
      for site in header.sites {
        let shape = [rows.count, site.width]
        guard let tensor = file["\(site.name)/\(side)"], tensor.dtype == .f32, tensor.shape == shape else {
          throw FileError(path, "\(site.name)/\(side)", "expected F32\(shape)")
        }
      }
    }
    self.places = places
  }

  /// The record of each row of a side.
  package func records(_ side: String) -> [Int32] { places[side] ?? [] }

  /// The samples of a side at a site, `[records(side).count, width]`; valid while the file is held. A sample that is not
  /// finite is an error.
  package func samples(_ site: String, _ side: String) throws(FileError) -> UnsafeBufferPointer<Float> {
    guard let tensor = file["\(site)/\(side)"] else { return UnsafeBufferPointer(start: nil, count: 0) }
    try file.checkFinite(tensor)
    return file.bytes(of: tensor).bindMemory(to: Float.self)
  }
}
