import ActPasses

/// How maps are fitted.
public struct FitOptions: Sendable {
  public var method: SteeringMethod
  public var support = Support.all
  public var samples = SampleOptions()
  /// Measures the fit while it runs.
  public var report: FitReport?

  public init(method: SteeringMethod) { self.method = method }
}
