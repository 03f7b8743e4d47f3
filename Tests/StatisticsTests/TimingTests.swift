import ActFormats
import ActStatistics
import Glibc
import Testing

/// How long linear algebra takes at the width of a model of 7 billion parameters; printed, not checked.
///
///     ACT_TIMES=1 swift test -c release --filter StatisticsTests.TimingTests
@Suite(.enabled(if: getenv("ACT_TIMES") != nil)) struct TimingTests {
  @Test func width4096() throws {
    let (width, count) = (4096, 1000)
    var random = SplitMix64(state: 1)
    let samples = (0..<count * width).map { _ in Float.random(in: -1...1, using: &random) }
    print("\(width) channels, \(count) samples, \(LinearAlgebra.threads) threads, \(LinearAlgebra.coreName)")
    func time<Result>(_ what: String, _ body: () throws -> Result) rethrows -> Result {
      let started = ContinuousClock.now
      let result = try body()
      print("\(what): \(ContinuousClock.now - started)")
      return result
    }
    var covariance = Covariance(width: width)
    time("covariance") { covariance.observe(samples) }
    let full = time("its matrix") { covariance.matrix(over: Double(count)) }
    let matrix = Matrix(samples: samples, width: width)
    let gram = time("Gram matrix") { matrix.rowProducts }
    _ = try time("all eigenvectors of the Gram matrix") { try SymmetricEigensystem(gram) }
    _ = try time("thin singular values") { try SingularValues(matrix) }
    var shifted = full
    for channel in 0..<width { shifted[channel, channel] += 1 }
    _ = try time("Cholesky factor of the covariance") { try Cholesky(shifted) }
    _ = try time("64 eigenvectors of the covariance") { try SymmetricEigensystem(full, largest: 64) }
    _ = try time("all eigenvectors of the covariance") { try SymmetricEigensystem(full) }
  }
}
