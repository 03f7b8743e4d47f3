import ArgumentParser

/// The strengths that `NAME=STRENGTH` pairs name; `option` is where they were given.
func parseStrengths(_ pairs: [String], option: String) throws -> [String: Float] {
  var strengths: [String: Float] = [:]
  for pair in pairs {
    let sides = pair.split(separator: "=", maxSplits: 1)
    guard sides.count == 2, let strength = Float(sides[1]), strength.isFinite else {
      throw ValidationError("\(option): expected NAME=STRENGTH, found `\(pair)`")
    }
    guard strengths.updateValue(strength, forKey: String(sides[0])) == nil else {
      throw ValidationError("\(option): `\(sides[0])` given twice")
    }
  }
  return strengths
}
