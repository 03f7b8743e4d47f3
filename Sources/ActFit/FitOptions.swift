import ActFormats
import ActIR
import ActPasses

/// How maps are fitted.
package struct FitOptions: Sendable {
  package let method: SteeringMethod
  /// What is chosen for the method's options.
  package let settings: MethodSettings
  package var support = Support.all
  package var samples = SampleOptions()
  /// Measures the fit while it runs.
  package var report: FitReport?

  /// What the method asks for, with `settings` of its options; nil: its defaults.
  package init(method: SteeringMethod, settings: MethodSettings? = nil) {
    self.method = method
    self.settings = settings ?? MethodSettings(defaultsOf: method)
    samples.pooling = method.requirements.pooling
    samples.order = method.requirements.order ?? .causal
  }

  /// What the map's file says of the fit.
  var described: FitDescription {
    FitDescription(
      .init(method.name, version: method.version, options: settings.texts), support: support,
      samples.described)
  }
}
