extension String {
  /// The one of `known` that a misspelt name may stand for: the closest, if it is close.
  package func closest(among known: [String]) -> String? {
    let distances = known.map { (name: $0, distance: $0.distance(to: self)) }
    guard let nearest = distances.min(by: { $0.distance < $1.distance }),
      nearest.distance <= Swift.max(1, count / 3)
    else { return nil }
    return nearest.name
  }

  /// The fewest insertions, deletions and replacements of a character, and exchanges of two neighbours, that make `other`
  /// of it.
  private func distance(to other: String) -> Int {
    let (a, b) = (Array(self), Array(other))
    var rows = [Array(0...b.count)]
    for i in a.indices {
      var row = [i + 1]
      for j in b.indices {
        var cost = Swift.min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = Swift.min(cost, rows[i - 1][j - 1] + 1) }
        row.append(cost)
      }
      rows.append(row)
    }
    return rows[a.count][b.count]
  }
}
