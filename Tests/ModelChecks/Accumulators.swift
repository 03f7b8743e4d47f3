import ActPasses

extension SteeringMethod {
  /// An accumulator for a site of `width` channels, one head where the method wants heads, with the defaults of the
  /// method's options.
  package func makeAccumulator(_ width: Int) -> any SiteAccumulator {
    makeAccumulator(width, MethodSettings(defaultsOf: self))
  }

  /// The same with `settings`, of some heads.
  package func makeAccumulator(_ width: Int, _ settings: MethodSettings, heads: Int = 1)
    -> any SiteAccumulator
  {
    gathering.makeAccumulator(
      SiteChannels(width: width, heads: requirements.heads ? heads : nil), settings)
  }

  /// Settings with which the method fits small models: no more heads than they have.
  package func smallSettings(heads: Int = 3) -> MethodSettings {
    let choices = options.contains { $0.name == "heads" } ? ["heads": "\(heads)"] : [:]
    guard let settings = try? MethodSettings(options, choices) else { preconditionFailure("\(name)") }
    return settings
  }

  /// Patterns of sites at which the method fits small models: `others` unless it wants heads.
  package func smallSites(_ others: String...) -> [String] {
    requirements.heads ? requirements.sites : others
  }
}

/// The methods whose maps are affine and fit any site.
package let affineMethods = registeredMethods.filter { method in
  guard !method.requirements.heads else { return false }
  return switch method.form {
  case .diagonal, .lowRank, .dense: true
  case .gated, .nonlinear: false
  }
}
