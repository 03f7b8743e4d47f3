import ActFormats
import ActIR
import ActPasses
import ActRuntime

/// One sample of a data set: an entry of a call, as a text or an image is.
package struct FitSample: Sendable {
  /// The tokens of a text; none for an entry that is no text.
  package var tokens: [Int32]
  /// How many rows it has.
  package var size: EntrySize
  /// The first row whose activations are pooled; those before it, as a prompt, are run only.
  package var pooledFrom: Int
  /// What its entry is given beside the tokens; nil: nothing, so that whole numbers are 0.
  package var given: GivenEntry?

  /// A text.
  package init(_ tokens: [Int32], pooledFrom: Int = 0) {
    self.tokens = tokens
    size = EntrySize(text: tokens.count)
    self.pooledFrom = pooledFrom
  }

  /// An entry of a file of tensors, `tokens` among them where it is a text.
  package init(tokens: [Int32], _ given: GivenEntry) {
    self.tokens = tokens
    size = given.size
    pooledFrom = 0
    self.given = given
  }

  /// How many rows of text it has.
  package var rowCount: Int { size.text }

  /// How many it has of what a symbol counts: rows, chosen rows `R`, or entries `B`, of which it is one.
  ///
  /// `choosesAll` says that all of its rows are chosen, as a language model's are in a fit, and not one.
  func count(_ symbol: String, choosesAll: Bool) -> Int {
    symbol == "R" && choosesAll ? rowCount : size.count(symbol)
  }

  /// The first of its rows that is pooled under `options`.
  func firstPooled(_ options: SampleOptions) -> Int { max(options.scope.skippedPositions, pooledFrom) }
}

/// One of the entries that tensors hold, as an input of each name is given them.
package struct GivenEntry: Sendable {
  /// The inputs, all entries of them.
  package var inputs: [EntryInput]
  /// SHA-256 of what the inputs hold.
  package var digest: String
  /// Which entry.
  package var entry: Int
  /// How many rows it has, and of those before it the rows of text and of images.
  package var size, start: EntrySize

  package init(_ inputs: [EntryInput], digest: String, entry: Int, start: EntrySize, size: EntrySize) {
    self.inputs = inputs
    self.digest = digest
    self.entry = entry
    self.start = start
    self.size = size
  }

  /// Its own among what a symbol counts.
  package func indices(_ symbol: String) -> Range<Int> {
    let first = symbol == "B" ? entry : start.count(symbol)
    return first..<first + size.count(symbol)
  }
}

/// The samples of each side.
package struct PairedSamples: Sendable {
  package var source: [FitSample]
  package var target: [FitSample]

  package init(source: [FitSample], target: [FitSample]) {
    self.source = source
    self.target = target
  }

  /// Texts of which every token is pooled.
  package init(source: [[Int32]], target: [[Int32]]) {
    self.init(source: source.map { FitSample($0) }, target: target.map { FitSample($0) })
  }

  /// The samples of both sides.
  package var sampleCount: Int { source.count + target.count }

  subscript(side: Side) -> [FitSample] {
    get { side == .source ? source : target }
    set {
      switch side {
      case .source: source = newValue
      case .target: target = newValue
      }
    }
  }
}
