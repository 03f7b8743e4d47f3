import ActCompile
import ActConvert
import ActFormats
import ActIR
import ActPasses
import ActStatistics
import ModelChecks
import Testing
import Workbench

/// AND, OR and NOT of conceptors, against NumPy in double (`Scripts/make-conversion-fixtures.py`), and of map files.
@Suite struct ConceptorLogicTests {
  private struct Case {
    var name: String
    var a, b, and, or, not: Matrix
  }

  private func cases() throws -> [Case] {
    let path = fixture("convert/conceptors.json")
    return try #require(try JSON(readingFile: path).array).map { entry in
      func matrix(_ key: String) throws -> Matrix {
        let rows = try #require(entry[key]?.array).map { ($0.array ?? []).compactMap(\.double) }
        return Matrix(rows: rows.count, columns: rows.count, rows.flatMap { $0 })
      }
      return Case(
        name: entry["name"]?.string ?? "", a: try matrix("a"), b: try matrix("b"), and: try matrix("and"),
        or: try matrix("or"), not: try matrix("not"))
    }
  }

  private func error(_ a: Conceptor, _ b: Matrix) -> Double {
    zip(a.matrix.values, b.values).reduce(0) { max($0, ($1.0 - $1.1).magnitude) }
  }

  /// Inputs are rounded to floats, as map files have them.
  @Test func equalNumPy() throws {
    let cases = try cases()
    #expect(cases.count >= 8)
    for test in cases {
      let (a, b) = (try Conceptor(test.a), try Conceptor(test.b))
      let (and, or) = (error(try a.and(b), test.and), error(try a.or(b), test.or))
      #expect(and < 2e-5 && or < 2e-5, "\(test.name): \(and), \(or)")
      #expect(error(a.negated, test.not) < 1e-6, "\(test.name): not")
      // Laws that hold for all of them.
      #expect(error(try b.and(a), try a.and(b).matrix) < 1e-6, "\(test.name)")
      #expect(error(a.negated.negated, a.matrix) < 1e-6, "\(test.name)")
    }
  }

  @Test func noConceptors() {
    for (values, words) in [
      ([1.5, 0, 0, 0.5], "expected eigenvalues from 0 to 1"), ([0.5, 0, 0, -0.1], "expected eigenvalues"),
      ([0.5, 0.2, 0, 0.5], "expected a symmetric matrix"), ([.nan, 0, 0, 1], ""),
    ] {
      let error = #expect(throws: (any Error).self) { try Conceptor(Matrix(rows: 2, columns: 2, values)) }
      #expect(error.map { "\($0)" }?.contains(words) == true, "\(String(describing: error))")
    }
  }

  // MARK: Map files

  private func map(_ sites: String = "*.1.*layernorm", beta: Float? = nil) throws -> MapFile {
    var map = try Model(fixture("tiny-plain")).fitRandomMap(conceptor, at: sites)
    if let beta {
      for index in map.sites.indices { map.sites[index].parameters["beta"] = MapParameter(beta) }
    }
    return map
  }

  private func written(_ maps: [MapFile]) throws -> [(file: MapFile, path: String)] {
    try maps.enumerated().map { index, map in
      let path = directory.file("\(index).maps.safetensors")
      try map.write(to: path)
      return (map, path)
    }
  }

  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  @Test func mapFiles() throws {
    let model = try Model(fixture("tiny-plain"))
    let operands = try written([map(beta: 0.5), map(beta: 0.5)])
    for operation in ConceptorOperation.allCases {
      let result = try operation.apply(to: Array(operands.prefix(operation.operandCount)))
      #expect(result.sites.map(\.name) == operands[0].file.sites.map(\.name))
      #expect(result.sites.allSatisfy { $0.parameters["beta"]?.values == [0.5] })
      #expect(result.fit.method.name == "conceptor")
      #expect(result.fit.method.options["operation"] == operation.rawValue)
      #expect(result.fit.method.options["operand_1"]?.count == 64)
      let logits = try model.makeEngine(steeredBy: result, .frozen, strength: 0.3).run(randomPrompt(9))
      #expect(logits.allSatisfy { $0.isFinite })
    }
    let negated = try ConceptorOperation.not.apply(to: [operands[0]], beta: 2)
    let site = negated.sites[0]
    let own = try #require(operands[0].file.sites[0].parameters["C"]).values
    for (index, value) in try #require(site.parameters["C"]).values.enumerated() {
      let identity: Float = index % (site.width + 1) == 0 ? 1 : 0
      #expect((value - (identity - own[index])).magnitude < 1e-6)
    }
    #expect(site.parameters["beta"]?.values == [2])
  }

  @Test func mapFilesThatDoNotFit() throws {
    var other = try map()
    other.modelFingerprint = "00"
    var scoped = try map()
    scoped.fit.scope = try #require(TokenScope("prompt"))
    let mean = try Model(fixture("tiny-plain")).fitRandomMap(meanAct, at: "*.1.*layernorm")
    var broken = try map()
    broken.sites[0].parameters["C"] = MapParameter(
      [Float](repeating: 1, count: broken.sites[0].width * broken.sites[0].width),
      shape: [broken.sites[0].width, broken.sites[0].width])
    for (map, problem) in [
      (try map("*.2.*layernorm"), "expected the site, which"), (other, "model_fingerprint: expected"),
      (scoped, "token_scope: expected all"),
      (mean, "expected the function of `conceptor`, found one of `mean-act`"),
      (try map(beta: 3), "beta: expected 1.0"), (broken, "/C: expected eigenvalues"),
    ] {
      let operands = try written([try self.map(), map])
      let error = #expect(throws: FileError.self) { try ConceptorOperation.or.apply(to: operands) }
      #expect(error.map { "\($0)" }?.contains(problem) == true, "\(String(describing: error))")
    }
  }
}
