import ActErrors
import ActFormats
import ActIR
import ActPasses
import ModelChecks

/// The channels of the site to which these checks fit.
private let width = 5

/// Samples in one accumulator, in pieces, and in shards that merge.
func checkShards(_ method: SteeringMethod) throws -> [String] {
  var failures: [String] = []
  var random = SplitMix64(state: 9)
  func samples(_ count: Int, _ range: ClosedRange<Float>) -> [Float] {
    (0..<count * width).map { _ in .random(in: range, using: &random) }
  }
  let sides: [(side: Side, rows: [Float])] = [
    (.source, samples(31, -1...2)), (.target, samples(method.requirements.pairs ? 31 : 19, 0...5)),
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
    failures += try problems(fit, of: method).map { "samples \(name): \($0)" }
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
private func problems(_ fit: SiteFit, of method: SteeringMethod) throws -> [String] {
  var problems: [String] = []
  let types: [String: TensorType]
  do {
    types = try method.transport(.all).parameterTypes(
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
private func refusalProblems(_ method: SteeringMethod) -> [String] {
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
func checkDegenerateData(_ method: SteeringMethod) -> [String] {
  var failures: [String] = []
  for (name, source, target) in degenerateData {
    var accumulator = method.makeAccumulator(width)
    accumulator.observe(.source, source)
    accumulator.observe(.target, target)
    do {
      var fits = [try accumulator.finish()]
      try method.select?(&fits, MethodSettings(defaultsOf: method))
      try method.follow?(&fits[0], [], MethodSettings(defaultsOf: method))
      failures += try problems(fits[0], of: method).map { "\(name): \($0)" }
    } catch let error as any ToolError {
      let text = error.description
      if text.isEmpty || text.contains("\n") { failures.append("\(name): expected an error in one line") }
    } catch { failures.append("\(name): expected a FitError, found \(error)") }
  }
  return failures
}

/// Samples of both sides, a row each, as many as channels and fewer.
private let degenerateData: [(name: String, source: [Float], target: [Float])] = {
  var random = SplitMix64(state: 21)
  func rows(_ count: Int, _ value: (_ channel: Int) -> Float?) -> [Float] {
    (0..<count * width).map { value($0 % width) ?? .random(in: -1...2, using: &random) }
  }
  func varied(_ count: Int) -> [Float] { rows(count) { _ in nil } }
  let equal = varied(9)
  var outlier = varied(9)
  outlier[7] = 1e18
  return [
    ("constant channels", rows(9) { $0 < 2 ? 3 : nil }, rows(9) { $0 == 1 ? 4 : nil }),
    ("channels of zeros", rows(9) { $0 < 3 ? 0 : nil }, rows(9) { $0 < 3 ? 0 : nil }),
    ("all channels constant", rows(9) { Float($0) }, rows(9) { Float(2 * $0) }),
    ("one sample a side", varied(1), varied(1)),
    ("fewer samples than channels", varied(3), varied(3)),
    ("equal sides", equal, equal),
    ("a huge outlier", outlier, varied(9)),
    ("tiny values", equal.map { $0 * 1e-20 }, varied(9).map { $0 * 1e-20 }),
  ]
}()
