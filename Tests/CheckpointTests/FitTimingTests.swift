import ActFormats
import ActIR
import ActPasses
import Glibc
import ModelChecks
import Testing

/// How long each method takes to fit a site at the width of a model of 7 billion parameters, on one thread but for LAPACK's; printed, not checked.
///
///     ACT_TIMES=1 swift test -c release --filter CheckpointTests.FitTimingTests
@Suite(.serialized, .enabled(if: getenv("ACT_TIMES") != nil)) struct FitTimingTests {
  @Test(arguments: registeredMethods) func width4096(method: SteeringMethod) throws {
    let width = 4096
    let count = method.requirements.mostPairs ?? 1000
    var random = SplitMix64(state: 1)
    func samples(_ shift: Float) -> [Float] {
      (0..<count * width).map { _ in Float.random(in: -1...1, using: &random) + shift }
    }
    var accumulator = method.makeAccumulator(width)
    let (source, target) = (samples(0), samples(0.25))
    let started = ContinuousClock.now
    accumulator.observe(.source, source)
    accumulator.observe(.target, target)
    let observed = ContinuousClock.now
    let fit = try accumulator.finish()
    let numbers = fit.parameters.values.reduce(0) { $0 + $1.values.count }
    print(
      "\(method): \(count) + \(count) samples of \(width) channels gathered in \(observed - started), "
        + "fitted in \(ContinuousClock.now - observed), \(numbers) numbers")
  }
}
