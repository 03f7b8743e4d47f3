import ActFormats
import ActIR
import ActPasses

/// How maps are fitted.
package struct FitOptions: Sendable {
  package var method: SteeringMethod
  package var support = Support.all
  package var samples = SampleOptions()
  /// Measures the fit while it runs.
  package var report: FitReport?

  package init(method: SteeringMethod) { self.method = method }

  /// What the map's file says of the fit.
  var described: FitDescription {
    FitDescription(.init(method.name, version: method.version), support: support, samples.described)
  }
}
