import ActPasses

/// How maps are fitted.
package struct FitOptions: Sendable {
  package var method: SteeringMethod
  package var support = Support.all
  package var samples = SampleOptions()
  /// Measures the fit while it runs.
  package var report: FitReport?

  package init(method: SteeringMethod) { self.method = method }
}
