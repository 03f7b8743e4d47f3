import ActFit
import ActFormats
import ActTerminal

extension FitSummary {
  private static let mostRows = 12

  /// The overall distance, and the sites where most of the effect sits.
  var text: String {
    let overall = overall
    var out = "distance \(fixed(overall.before, 3))"
    if let after = overall.after { out += ", \(fixed(after, 3)) once transported" }
    out += ": root mean square over the sites, in the target's standard deviations\n"

    let ranked = sites.sorted { share(of: $0) > share(of: $1) }.prefix(Self.mostRows).map(\.name)
    let scales = sites.contains { $0.meanShiftChannels != nil }
    let isBounded = sites.contains { $0.outsideShare != nil }
    var table = Table(
      ["site", "before", "after", "effect"] + (scales ? ["mean shift alone"] : [])
        + (isBounded ? ["tokens outside"] : []))
    for site in sites where ranked.contains(site.name) {
      table.rows.append(
        [
          site.name, fixed(site.before, 3), site.after.map { fixed($0, 3) } ?? "unknown",
          fixed(share(of: site) * 100, 1) + " %",
        ] + (scales ? [site.meanShiftChannels.map { "\($0)" } ?? ""] : [])
          + (isBounded ? [site.outsideShare.map { fixed($0 * 100, 1) + " %" } ?? ""] : []))
    }
    out += table.description
    if sites.count > Self.mostRows {
      out += "the \(Self.mostRows) sites with the largest effect, of \(sites.count); --json has all\n"
    }
    return out
  }

  /// The distance before and after, by layer, a panel for each kind of site.
  var plot: LinePlot {
    var kinds: [(name: String, sites: [(layer: Int, site: Site)])] = []
    for site in sites {
      let name = SiteName(site.name)
      let index = kinds.firstIndex { $0.name == name.kind } ?? kinds.count
      if index == kinds.count { kinds.append((name.kind, [])) }
      kinds[index].sites.append((name.layer ?? 0, site))
    }
    let panels = kinds.map { kind in
      let sites = kind.sites.sorted { $0.layer < $1.layer }
      func points(_ name: String, _ value: (Site) -> Double?) -> [LinePlot.Point] {
        sites.compactMap { layer, site in
          value(site).map {
            LinePlot.Point(x: layer, y: $0, label: "\(site.name): \(fixed($0, 3)) \(name)")
          }
        }
      }
      return LinePlot.Panel(
        title: kind.name,
        lines: [
          LinePlot.Line(series: 0, points: points("before", \.before)),
          LinePlot.Line(series: 1, points: points("once transported", \.after)),
        ])
    }
    return LinePlot(
      title: "Distance from source to target, \(fit.method.name)" + (fit.order.map { ", \($0)" } ?? ""),
      xLabel: "layer", yLabel: "target deviations", series: ["before", "once transported"], panels: panels)
  }
}
