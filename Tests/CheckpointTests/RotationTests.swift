import ActCompile
import ActFormats
import ActIR
import ActPasses
import Glibc
import ModelChecks
import Testing

/// The methods that rotate activations, against NumPy in float64 (`Scripts/make-fit-reference.py --golden`): what they do
/// to rows, whose length they keep.
@Suite struct RotationTests {
  static let cases = Result { try rotationCases() }
  static let indices = (try? cases.get().indices) ?? 0..<0

  private let model: Model

  init() throws { model = try Model(fixture("tiny-plain")) }

  @Test func theReferenceCoversWhatItShould() throws {
    let cases = try Self.cases.get()
    #expect(cases.count == 12)
    #expect(Set(cases.map(\.method.name)) == ["angular", "spherical"])
  }

  @Test(arguments: indices, [false, true])
  func rowsMoveAsComputed(index: Int, fuses: Bool) throws {
    let record = try Self.cases.get()[index]
    let map = try record.fit()
    for (strength, expected) in record.moved {
      let moved = try map.transported(record.x, at: site, of: model, strength: strength, fuses: fuses)
      for row in rows(of: record.x, record.width) {
        let size = length(record.x[row])
        for (value, expected) in zip(moved[row], expected[row]) {
          #expect((Double(value) - expected).magnitude <= 2e-6 * size, "strength \(strength), row \(row)")
        }
      }
      expectLengthsKept(moved, record.x, record.width)
    }
  }

  @Test(arguments: indices, [false, true])
  func strengthZeroIsTheRowItself(index: Int, fuses: Bool) throws {
    let record = try Self.cases.get()[index]
    let x = record.x + [Float](repeating: -0.0, count: record.width)
    #expect(sameBits(try record.fit().transported(x, at: site, of: model, strength: 0, fuses: fuses), x))
  }

  /// Rows along the directions of the map, of no length, and of lengths near the ends of what a float holds.
  @Test(arguments: indices)
  func degenerateRowsStayFiniteAndKeepTheirLength(index: Int) throws {
    let record = try Self.cases.get()[index]
    let map = try record.fit()
    let parameters = map.sites[0].parameters
    let directions = try #require(parameters["plane"] ?? parameters["mu"])
    var x = [Float](repeating: 0, count: record.width)
    for row in rows(of: directions.values, record.width) {
      for factor: Float in [1, -1, 3.7, -250, 1e-12, -1e12] {
        x += directions.values[row].map { $0 * factor }
      }
    }
    for factor: Float in [1e-18, 1e15] { x += record.x[..<record.width].map { $0 * factor } }
    for strength: Float in [-1, 0.5, 1, 2] {
      let moved = try map.transported(x, at: site, of: model, strength: strength)
      #expect(moved.allSatisfy { $0.isFinite })
      expectLengthsKept(moved, x, record.width)
    }
  }

  private func expectLengthsKept(_ moved: [Float], _ x: [Float], _ width: Int) {
    for row in rows(of: x, width) {
      let (before, after) = (length(x[row]), length(moved[row]))
      #expect((after - before).magnitude <= 1e-6 * before, "row \(row.lowerBound / width)")
    }
  }

  /// A plane needs two directions: where the samples have one only, the second is an axis.
  @Test func samplesOnALineHaveAPlane() throws {
    var accumulator = angular.makeAccumulator(3)
    accumulator.observe(.source, [0, 0, 0, 1, 2, 2])
    accumulator.observe(.target, [2, 4, 4, 3, 6, 6])
    let plane = try #require(try accumulator.finish().parameters["plane"]).values.map(Double.init)
    let expected = [1, 2, 2].map { $0 / 3.0 } + [8, -2, -2].map { $0 / 72.0.squareRoot() }
    for (value, expected) in zip(plane, expected) { #expect((value - expected).magnitude < 1e-6) }
  }

  @Test func oneMeanIsNoDirection() throws {
    for method in [angular, spherical] {
      var accumulator = method.makeAccumulator(2)
      accumulator.observe(.source, [1, 2, 3, 4])
      accumulator.observe(.target, [3, 4, 1, 2])
      let error = #expect(throws: FitError.self) { try accumulator.finish() }
      #expect(error?.description.contains("have one mean") == true)
    }
  }
}

/// The name of the one site.
private let site = "site"

private func rows(of values: [Float], _ width: Int) -> [Range<Int>] {
  stride(from: 0, to: values.count, by: width).map { $0..<$0 + width }
}

private func length(_ row: ArraySlice<Float>) -> Double {
  row.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
}

/// A record of the reference: what a method is fitted on, and what becomes of rows.
struct RotationCase: Sendable {
  var method: SteeringMethod
  var options: [String: String]
  var width: Int
  var sides: [Side: [Float]]
  var x: [Float]
  var moved: [(strength: Float, rows: [Double])]

  /// A map of one site.
  func fit() throws -> MapFile {
    let settings = try MethodSettings(method.options, options)
    var accumulator = method.makeAccumulator(width, settings)
    for side in Side.allCases { accumulator.observe(side, sides[side]!) }
    let parameters = try accumulator.finish().parameters
    let function = try method.transport(.all)
    return MapFile(
      FitDescription(.init(method.name, version: method.version)), transport: function.description,
      parameterNames: function.inputs.map { function[$0].name }.filter { $0 != "x" && $0 != "strength" },
      modelFingerprint: "", sites: [MapFile.Site(name: site, width: width, parameters: parameters)])
  }
}

private func rotationCases() throws -> [RotationCase] {
  let json = try JSON(readingFile: fixture("fit/rotations.json"))
  return try #require(json.array).map { record in
    func numbers(_ json: JSON?) throws -> [Double] {
      try #require(json?.array).flatMap { try #require($0.array).map { try #require($0.double) } }
    }
    let name = try #require(record["method"]?.string)
    let x = try numbers(record["x"])
    return RotationCase(
      method: try #require(registeredMethods.first { $0.name == name }),
      options: Dictionary(
        uniqueKeysWithValues: try #require(record["options"]?.members).map { ($0.key, $0.value.string ?? "") }
      ),
      width: try #require(record["x"]?.array?.first?.array).count,
      sides: [
        .source: try numbers(record["source"]).map { Float($0) },
        .target: try numbers(record["target"]).map { Float($0) },
      ],
      x: x.map { Float($0) },
      moved: try #require(record["moved"]?.members).map {
        (strength: try #require(Float($0.key)), rows: try numbers($0.value))
      })
  }
}
