import ActCompile
import ActFormats
import ActIR
import ActPasses

/// The rows of channels that a site has in a call.
package struct SiteRows: Hashable, Sendable {
  package var name: String
  /// Channels of a row.
  package var width: Int
  /// What the rows are counted by: `T`, `R` or `B`.
  package var symbol: String
  /// How many rows there are of each that the symbol counts: the heads of a token, the pixels of an image.
  package var rowsPerSymbol: Int
  /// How many heads lie side by side in the channels; nil where there are none.
  package var heads: Int?
  /// Whether chosen rows are all rows of a text; see `FitSample.count(_:choosesAll:)`.
  package var choosesAll: Bool

  /// What a method is told of it.
  var channels: SiteChannels { SiteChannels(width: width, heads: heads) }

  /// Which of its rows a sample pools, counted by the symbol from the sample's first.
  func pooled(_ sample: FitSample, _ options: SampleOptions) -> Range<Int> {
    // One chosen row stands for its text, and an image for itself.
    let hasRows = symbol == "T" || symbol == "R" && choosesAll
    return (hasRows ? sample.firstPooled(options) : 0)..<count(of: sample)
  }

  /// How many of what the symbol counts a sample has in a batch.
  func count(of sample: FitSample) -> Int { sample.count(symbol, choosesAll: choosesAll) }

  /// How many samples for the method one sample of the data becomes.
  func sampleCount(_ sample: FitSample, _ options: SampleOptions) -> Int {
    options.pooling.sampleCount(rows: pooled(sample, options).count * rowsPerSymbol)
  }
}

extension Model {
  /// Whether the rows of a sequence may come in several calls, since keys and values are kept: a language model.
  package var keepsSequences: Bool {
    graph.order.contains { if case .kvAppend = graph[$0].op { true } else { false } }
  }

  /// Whether its entries have rows, as texts do; those of an image model have not.
  package var hasRows: Bool { graph.declaredInputs.contains { $0.type.shape.first == .symbol("T") } }

  /// The rows at a site.
  ///
  /// - Throws: `FitError` for a site without rows of channels, as one of whole numbers.
  package func rows(of site: String) throws(FitError) -> SiteRows {
    guard let found = self.site(named: site) else {
      throw FitError("\(site): the model has no such site")
    }
    let type = found.type
    guard type.isRows, type.dtype == .f32, case .symbol(let symbol)? = type.shape.first,
      let width = type.shape.last?.fixed, let elements = type.elementsPerSymbol, width > 0
    else { throw FitError("\(site): expected f32 rows of channels, found \(type)") }
    return SiteRows(
      name: site, width: width, symbol: symbol, rowsPerSymbol: elements / width, heads: found.heads,
      choosesAll: keepsSequences)
  }
}
