import ActPasses

extension SteeringMethod {
  /// An accumulator for a site of `width` channels, with the defaults of the method's options.
  package func makeAccumulator(_ width: Int) -> any SiteAccumulator {
    gathering.makeAccumulator(width, MethodSettings(defaultsOf: self))
  }
}
