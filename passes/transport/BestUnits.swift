/// The channels of the greatest scores of all sites together, by site.
///
/// - Parameters:
///   - count: how many channels are chosen.
///   - fits: of all sites, in order of execution. Equal channels come in that order, so that the choice is one.
///   - scores: of each channel of a site.
/// - Returns: for each site the chosen channels, the best first.
func bestUnits(_ count: Int, of fits: [SiteFit], scores: (SiteFit) -> [Double]) -> [[Int]] {
  var units: [(score: Double, site: Int, channel: Int)] = []
  for (site, fit) in fits.enumerated() {
    for (channel, score) in scores(fit).enumerated() { units.append((score, site, channel)) }
  }
  units.sort { ($1.score, $0.site, $0.channel) < ($0.score, $1.site, $1.channel) }
  var chosen = [[Int]](repeating: [], count: fits.count)
  for unit in units.prefix(count) { chosen[unit.site].append(unit.channel) }
  return chosen
}
