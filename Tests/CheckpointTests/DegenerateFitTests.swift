import ActErrors
import ActFormats
import ActIR
import ActMethodChecks
import ActPasses
import ModelChecks
import Testing

/// Every method on data that say little: it gives a map of finite numbers that moves activations to finite places, or one
/// error that says what is wrong.
@Suite struct DegenerateFitTests {
  private func fit(
    _ one: MethodCase, _ width: Int, _ source: [[Float]], _ target: [[Float]]
  ) throws -> SiteFit {
    let most = one.method.requirements.mostPairs ?? .max
    let heads = width.isMultiple(of: DegenerateData.heads) ? DegenerateData.heads : 1
    var accumulator = one.method.makeAccumulator(width, try one.settings, heads: heads)
    accumulator.observe(.source, Array(source.prefix(most).joined()))
    accumulator.observe(.target, Array(target.prefix(most).joined()))
    var fits = [try accumulator.finish()]
    try one.method.follow?(&fits[0], [], one.settings)
    try one.method.select?(&fits, one.settings)
    return fits[0]
  }

  @Test(arguments: MethodCase.all, DegenerateData.allCases)
  func givesAMapOrAnError(one: MethodCase, data: DegenerateData) throws {
    let (source, target) = data.sides
    do {
      let fit = try fit(one, data.width, source, target)
      for (name, parameter) in fit.parameters {
        #expect(parameter.values.allSatisfy { $0.isFinite }, "\(name)")
        // What is multiplied by is of a size that data justify.
        if name == "slope" {
          #expect(parameter.values.allSatisfy { $0.magnitude <= 1e16 }, "\(parameter.values)")
        }
      }
      let types = try one.method.functions(.all, one.settings).parameterTypes(
        at: TensorType(.f32, [.symbol("T"), .fixed(data.width)]), shapes: fit.parameters.mapValues(\.shape))
      #expect(Set(types.keys) == Set(fit.parameters.keys))
      if let channels = fit.meanShiftChannels { #expect((0...data.width).contains(channels)) }
      if [.constantSource, .constantSides, .zeros, .oneSample].contains(data), fit.meanShiftChannels != nil {
        #expect(fit.meanShiftChannels == data.width)
      }
    } catch let error as FitError {
      #expect(!error.description.isEmpty && !error.description.contains("\n"))
      // Samples that differ and vary can be fitted.
      var hopeless: Set<DegenerateData> = [.zeros, .oneSampleTwice, .equalSides, .shuffledSides]
      // Of one sample none can be held out.
      if one.method.requirements.heldOut != nil { hopeless.insert(.oneSample) }
      #expect(hopeless.contains(data), "\(error)")
    }
  }

  /// A side without samples, or with one that is not finite, is an error of its own.
  @Test(arguments: MethodCase.all)
  func sidesThatCannotBeFitted(one: MethodCase) throws {
    let rows: [[Float]] = [[1, 2], [3, 5]]
    #expect(throws: FitError("no source samples")) { try fit(one, 2, [], rows) }
    #expect(throws: FitError("no target samples")) { try fit(one, 2, rows, []) }
    for value: Float in [.nan, .infinity] {
      #expect(throws: FitError("an activation that is not finite")) {
        try fit(one, 2, [[1, value]], [[1, 1]])
      }
      #expect(throws: FitError("an activation that is not finite")) {
        try fit(one, 2, [[1, 1]], [[value, 1]])
      }
    }
  }

  /// The order of samples means nothing but which of them are a pair.
  @Test(arguments: MethodCase.all)
  func orderOfTheDataDoesNotMatter(one: MethodCase) throws {
    // Which samples are held out follows from their order.
    guard one.method.requirements.heldOut == nil else { return }
    var random = SplitMix64(state: 4)
    func samples(_ count: Int, _ range: ClosedRange<Float>) -> [[Float]] {
      (0..<count).map { _ in (0..<6).map { _ in .random(in: range, using: &random) } }
    }
    let isPairs = one.method.requirements.pairs
    let (source, target) = (samples(13, -1...2), samples(isPairs ? 13 : 17, 0...3))
    let order = source.indices.shuffled(using: &random)
    let others = isPairs ? order : target.indices.shuffled(using: &random)
    let count = one.method.requirements.mostPairs ?? .max
    let kept = count < source.count ? Array(source.indices) : order
    let fits = [
      try fit(one, 6, source, target),
      try fit(one, 6, kept.map { source[$0] }, (count < source.count ? kept : others).map { target[$0] }),
    ]
    #expect(fits[0].meanShiftChannels == fits[1].meanShiftChannels)
    for (name, parameter) in fits[0].parameters {
      let largest = parameter.values.reduce(0) { max($0, $1.magnitude) }
      for (a, b) in zip(parameter.values, fits[1].parameters[name]!.values) {
        #expect((a - b).magnitude <= 2e-6 * max(largest, 1e-3), "\(name)")
      }
    }
  }
}
