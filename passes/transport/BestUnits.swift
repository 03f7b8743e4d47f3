/// The units of the greatest scores of all sites together, by site: channels, or heads.
///
/// - Parameters:
///   - count: how many are chosen.
///   - fits: of all sites, in order of execution. Equal units come in that order, so that the choice is one.
///   - scores: of each unit of a site.
/// - Returns: for each site the chosen units, the best first.
func bestUnits(_ count: Int, of fits: [SiteFit], scores: (SiteFit) -> [Double]) -> [[Int]] {
  var units: [(score: Double, site: Int, unit: Int)] = []
  for (site, fit) in fits.enumerated() {
    for (unit, score) in scores(fit).enumerated() { units.append((score, site, unit)) }
  }
  units.sort { ($1.score, $0.site, $0.unit) < ($0.score, $1.site, $1.unit) }
  var chosen = [[Int]](repeating: [], count: fits.count)
  for unit in units.prefix(count) { chosen[unit.site].append(unit.unit) }
  return chosen
}
