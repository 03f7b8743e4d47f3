import ActIR
import ActStatistics

extension SteeringMethod {
  /// Fits a site from all samples of both sides, a sample a row, in the order of the data.
  public typealias FitSamples =
    @Sendable (_ source: Matrix, _ target: Matrix, MethodSettings) throws -> SiteFit

  /// A method that needs all samples at once, such as one that fits pairs.
  ///
  /// - Parameters:
  ///   - name: as `--method` takes it.
  ///   - version: raised when the meaning of the parameters changes.
  ///   - summary: one line for `actc methods`.
  ///   - transport: the transport function in the text form.
  ///   - data: what it wants of the samples.
  ///   - options: what can be chosen.
  ///   - fitSamples: returns the function's parameters, and scores where sites are selected.
  public init(
    _ name: String, version: String, summary: String, transport: String,
    data: DataRequirements = DataRequirements(), options: [any AnyMethodOption] = [],
    fitSamples: @escaping FitSamples
  ) {
    self.init(
      name, version: version, summary: summary, transport: transport, data: data, options: options,
      gathering: Gathering(
        byteCount: { samples, width in samples.bytesOfFloats(times: width) },
        makeAccumulator: { width, settings in
          PairAccumulator(method: name, SampleRows(width: width)) { source, target in
            if data.pairs, source.count != target.count {
              throw FitError("\(source.count) source and \(target.count) target samples are not pairs")
            }
            return try fitSamples(source.matrix, target.matrix, settings)
          }
        }))
  }
}

/// All samples.
struct SampleRows: GatheredSamples {
  private let width: Int
  private var pieces: [[Float]] = []
  private(set) var count = 0

  init(width: Int) { self.width = width }

  mutating func observe(_ samples: [Float]) {
    guard !samples.isEmpty else { return }
    pieces.append(samples)
    count += samples.count / width
  }

  mutating func merge(_ other: SampleRows) {
    pieces += other.pieces
    count += other.count
  }

  var isFinite: Bool { pieces.allSatisfy { $0.allSatisfy(\.isFinite) } }

  /// A sample a row.
  var matrix: Matrix { Matrix(samples: Array(pieces.joined()), width: width) }
}
