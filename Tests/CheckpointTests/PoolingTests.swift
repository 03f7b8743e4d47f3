import ActCompile
import ActFit
import ActFormats
import ActIR
import ActPasses
import ModelChecks
import Testing

/// Pooled samples against the activations that an engine records, through the means of a fit.
@Suite struct PoolingTests {
  static let site = "model.layers.1.post_attention_layernorm"

  /// The activations of one sequence at the site, by row.
  private func rows(_ model: Model, _ tokens: [Int32]) throws -> [[Float]] {
    let values = try model.makeEngine(recording: [Self.site]).run(tokens, result: Self.site)
    let width = values.count / tokens.count
    return stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) }
  }

  /// What a pooling makes of rows, by its definition.
  private func pooled(_ pooling: Pooling, _ rows: [[Float]]) -> [[Float]] {
    func columns(_ fold: ([Float]) -> Float) -> [[Float]] {
      [rows[0].indices.map { column in fold(rows.map { $0[column] }) }]
    }
    return switch pooling {
    case .mean: columns { values in Float(values.map { Double($0) }.reduce(0, +) / Double(values.count)) }
    case .last: [rows[rows.count - 1]]
    case .min: columns { $0.min()! }
    case .max: columns { $0.max()! }
    case .all: rows
    }
  }

  @Test(arguments: Pooling.allCases, [0, 2])
  func meansOfSamples(pooling: Pooling, skipped: Int) throws {
    let model = try Model(fixture("tiny-plain"))
    let sequences = [
      FitSample([5, 6, 7, 8, 9]), FitSample([1, 2, 3], pooledFrom: 1),
      FitSample([40, 41, 42, 43, 44, 45], pooledFrom: 4), FitSample([300, 7, 7, 12]),
    ]
    var options = FitOptions(method: meanAct)
    options.samples.order = .simultaneous
    options.samples.pooling = pooling
    options.samples.scope.skippedPositions = skipped
    let data = PairedSamples(source: sequences, target: [sequences[1]])
    let map = try fit(model, data, sites: [Self.site], options: options)

    for (name, side) in [("source_mean", data.source), ("target_mean", data.target)] {
      let samples = try side.flatMap { sequence in
        let first = max(skipped, sequence.pooledFrom)
        return pooled(pooling, Array(try rows(model, sequence.tokens)[first...]))
      }
      let fitted = try #require(map.sites[0].parameters[name]).values
      for (channel, value) in fitted.enumerated() {
        let sum = samples.reduce(0) { $0 + Double($1[channel]) }
        let expected = Float(sum / Double(samples.count))
        #expect((value - expected).magnitude <= 1e-5 * max(1, expected.magnitude), "\(name)[\(channel)]")
      }
    }
  }

  /// What is not a number stays so, to be found by the fit.
  @Test(arguments: Pooling.allCases)
  func keepsWhatIsNotANumber(pooling: Pooling) {
    let width = 19
    var rows = [Float](repeating: 1, count: 3 * width)
    rows[2 * width + 3] = .nan
    var samples = [Float](repeating: 0, count: pooling.sampleCount(rows: 3) * width)
    pooling.pool(rows, count: 3, width: width, into: &samples)
    #expect(samples.enumerated().filter { $1.isNaN }.map { $0.offset % width } == [3])
  }
}
