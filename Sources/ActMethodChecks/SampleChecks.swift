import ActErrors
import ActFormats
import ActIR
import ActPasses
import ModelChecks

/// The channels of the site to which samples are fitted.
private let width = 5

/// Samples in one accumulator, in pieces, and in shards that merge.
func checkShards(_ method: ChosenMethod) throws -> [String] {
  var failures: [String] = []
  var random = SplitMix64(state: 9)
  func samples(_ count: Int, _ range: ClosedRange<Float>) -> [Float] {
    (0..<count * width).map { _ in .random(in: range, using: &random) }
  }
  let sides: [(side: Side, rows: [Float])] = [
    (.source, samples(31, -1...2)), (.target, samples(method.method.requirements.pairs ? 31 : 19, 0...5)),
  ]
  var whole = method.makeAccumulator(width)
  var pieces = method.makeAccumulator(width)
  var shards = (0..<3).map { _ in method.makeAccumulator(width) }
  for (side, rows) in sides {
    whole.observe(side, rows)
    for start in stride(from: 0, to: rows.count, by: 4 * width) {
      pieces.observe(side, Array(rows[start..<min(start + 4 * width, rows.count)]))
    }
    let third = rows.count / width / 3 * width
    for (index, range) in [0..<third, third..<2 * third, 2 * third..<rows.count].enumerated() {
      shards[index].observe(side, Array(rows[range]))
    }
  }
  var merged = shards[0]
  try merged.merge(shards[1])
  try merged.merge(shards[2])
  let expected = try whole.finish()
  for (name, fit) in [("in pieces", try pieces.finish()), ("in shards", try merged.finish())] {
    failures += try problems(fit, of: method, width: width).map { "samples \(name): \($0)" }
    if fit.meanShiftChannels != expected.meanShiftChannels {
      failures.append("samples \(name): another count of channels by mean shift alone")
    }
    for (parameter, values) in expected.parameters {
      let found = fit.parameters[parameter]?.values ?? []
      // Sums in another order may differ in the last bit of a float.
      let isSame =
        found.count == values.values.count
        && zip(found, values.values).allSatisfy { ($0 - $1).magnitude <= 1e-6 * max($1.magnitude, 1) }
      if !isSame { failures.append("samples \(name): %\(parameter) is not that of all samples at once") }
    }
  }
  return failures + refusalProblems(method)
}

/// What is wrong with the parameters of a site: shapes, or numbers that are not finite.
private func problems(_ fit: SiteFit, of method: ChosenMethod, width: Int) throws -> [String] {
  var problems: [String] = []
  let types: [String: TensorType]
  do {
    types = try method.method.functions(.all, method.settings).parameterTypes(
      at: TensorType(.f32, [.symbol("T"), .fixed(width)]), shapes: fit.parameters.mapValues(\.shape))
  } catch let error as ParameterMismatch { return ["\(error)"] }
  for name in Set(types.keys).union(fit.parameters.keys).sorted()
  where types[name] != fit.parameters[name]?.type {
    func text(_ type: TensorType?) -> String { type.map { "\($0)" } ?? "nothing" }
    problems.append("%\(name): expected \(text(types[name])), found \(text(fit.parameters[name]?.type))")
  }
  for (name, parameter) in fit.parameters.sorted(by: { $0.key < $1.key })
  where !parameter.values.allSatisfy(\.isFinite) {
    problems.append("%\(name): a number is not finite")
  }
  return problems
}

/// Whether no samples, none of one side, and samples that are not finite are refused.
private func refusalProblems(_ method: ChosenMethod) -> [String] {
  var problems: [String] = []
  func expectRefusal(_ name: String, _ sides: [(Side, [Float])]) {
    var accumulator = method.makeAccumulator(1)
    for (side, rows) in sides { accumulator.observe(side, rows) }
    do {
      _ = try accumulator.finish()
      problems.append("\(name): expected a FitError, found a fit")
    } catch is FitError {} catch { problems.append("\(name): expected a FitError, found \(error)") }
  }
  expectRefusal("no samples", [])
  for side in Side.allCases {
    let other: Side = side == .source ? .target : .source
    expectRefusal("samples of the \(side.rawValue) alone", [(side, [1, 2])])
    expectRefusal("a sample that is not a number", [(side, [1, 2]), (other, [1, .nan])])
  }
  return problems
}

/// Samples of both sides that say little: a fit of them is finite, or an error says in one line why there is none.
func checkDegenerateData(_ method: ChosenMethod) -> [String] {
  var failures: [String] = []
  for data in DegenerateData.allCases {
    do {
      let fit = try method.fit(data)
      failures += try problems(fit, of: method, width: data.width).map { "\(data): \($0)" }
    } catch let error as any ToolError {
      let text = error.description
      if text.isEmpty || text.contains("\n") { failures.append("\(data): expected an error in one line") }
    } catch { failures.append("\(data): expected a FitError, found \(error)") }
  }
  return failures
}

extension ChosenMethod {
  /// The fit of a site on its own, of at most as many pairs as the method takes.
  fileprivate func fit(_ data: DegenerateData) throws -> SiteFit {
    let (source, target) = data.sides
    let most = method.requirements.mostPairs ?? .max
    var accumulator = makeAccumulator(data.width, heads: DegenerateData.heads)
    accumulator.observe(.source, Array(source.prefix(most).joined()))
    accumulator.observe(.target, Array(target.prefix(most).joined()))
    var fits = [try accumulator.finish()]
    try method.follow?(&fits[0], [], settings)
    try method.select?(&fits, settings)
    return fits[0]
  }
}
