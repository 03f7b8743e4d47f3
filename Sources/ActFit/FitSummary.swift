import ActFormats
import ActIR
import ActPasses

/// What a fit did: how far the source was from the target at every site, and how far it is once transported.
///
/// The distance at a site is the root mean square, over the channels in which the target varies, of the channel's
/// 2-Wasserstein distance between the samples of both sides in units of the target's standard deviation. So 1 means that
/// the source lies one standard deviation of the target away in a typical channel; 0 that nothing tells them apart.
package struct FitSummary: Hashable, Sendable {
  /// What the fit did at one site.
  package struct Site: Hashable, Sendable {
    package var name: String
    package var width: Int
    /// Channels that took the mean shift alone; nil for a method that never scales.
    package var meanShiftChannels: Int?
    /// Channels in which the target does not vary; they are left out of the distances.
    package var constantChannels: Int
    /// The distance before this site's own transport, after those of earlier sites where the fit is causal.
    package var before: Double
    /// The distance of the transported source; nil where the transport cannot be computed outside of a step.
    package var after: Double?
    /// Of a bounded support, the share of the source's single tokens, times channels, that lie outside and are left
    /// alone.
    package var outsideShare: Double?

    /// The part of the squared distance that the transport took away; 0 where it moved away or is not known.
    package var closed: Double { after.map { max(0, before * before - $0 * $0) } ?? 0 }
  }

  package var fit: FitDescription
  /// Samples of each side that the maps were fitted on.
  package var sourceCount: Int
  package var targetCount: Int
  /// The most samples a side, evenly spread, that distances are measured on.
  package var measuredCount: Int
  /// In order of execution.
  package var sites: [Site]

  /// What `options` and the fitted `file` say, and what the report measured.
  package init(_ file: MapFile, _ options: FitOptions) {
    fit = options.described
    sourceCount = file.counts["source"] ?? 0
    targetCount = file.counts["target"] ?? 0
    measuredCount = options.report?.limit ?? 0
    sites = options.report?.sites ?? []
  }

  /// The share of the squared distance taken away at all sites that was taken away at `site`; 0 where none was.
  package func share(of site: Site) -> Double {
    let total = sites.reduce(0) { $0 + $1.closed }
    return total > 0 ? site.closed / total : 0
  }

  /// The root mean square over the sites of the distance before, and after where it is known at all of them.
  package var overall: (before: Double, after: Double?) {
    func rootMeanSquare(_ values: [Double]) -> Double {
      (values.reduce(0) { $0 + $1 * $1 } / Double(max(values.count, 1))).squareRoot()
    }
    let after = sites.compactMap(\.after)
    return (
      rootMeanSquare(sites.map(\.before)), after.count == sites.count ? rootMeanSquare(after) : nil
    )
  }

  /// The summary as a JSON object.
  package var json: JSON {
    let overall = overall
    func word(_ word: (some CustomStringConvertible)?) -> JSON { word.map { .string("\($0)") } ?? .null }
    return .object([
      "method": .string(fit.method.name), "order": word(fit.order), "pooling": word(fit.pooling),
      "support": word(fit.support), "source_samples": .int(sourceCount), "target_samples": .int(targetCount),
      "measured_samples": .int(measuredCount), "distance_before": .double(overall.before),
      "distance_after": overall.after.map { .double($0) } ?? .null,
      "sites": .array(
        sites.map { site in
          .object([
            "name": .string(site.name), "channels": .int(site.width),
            "mean_shift_channels": site.meanShiftChannels.map { .int($0) } ?? .null,
            "constant_channels": .int(site.constantChannels),
            "distance_before": .double(site.before),
            "distance_after": site.after.map { .double($0) } ?? .null,
            "share_of_effect": .double(share(of: site)),
            "tokens_outside_support": site.outsideShare.map { .double($0) } ?? .null,
          ])
        }),
    ])
  }
}
