import ActCompile
import ActFormats
import ActIR
import ActLowering
import ActPasses
import ActRuntime
import ModelChecks
import Testing

/// The score of every method that has one, against NumPy in float64 (`Scripts/make-fit-reference.py --golden`).
@Suite struct ScoreFunctionTests {
  static let methods = registeredMethods.filter { $0.score != nil }

  private let model: Model
  private let golden: JSON
  private let site = "model.layers.0"

  init() throws {
    model = try Model(fixture("tiny-plain"))
    golden = try #require(try FitReference("tiny-plain").json["scores"])
  }

  private func map(_ method: SteeringMethod) throws -> (map: MapFile, expected: [Float]) {
    let recorded = try #require(golden[method.name], "run the script with --golden")
    let functions = try method.functions(.all)
    var parameters: [String: MapParameter] = [:]
    for name in functions.parameterNames {
      let values = recorded[name]?.numbers ?? [Float](repeating: 0, count: 32)
      parameters[name] = MapParameter(values, shape: name == "condition" ? [1, 32] : [32])
    }
    var map = MapFile(
      FitDescription(.init(method.name, version: method.version)), transport: method.transport,
      parameterNames: functions.parameterNames, modelFingerprint: model.fingerprint,
      sites: [.init(name: site, width: 32, parameters: parameters)])
    map.score = method.score
    return (map, try #require(recorded["score"]).numbers)
  }

  @Test(arguments: methods)
  func scoresHitTheirVectors(method: SteeringMethod) throws {
    let (map, expected) = try map(method)
    let x = try #require(golden["x"]).numbers
    let scores = try scores(of: map, x)
    #expect(scores.count == expected.count && expected[0] != 0 && expected[5] == 0)
    for (score, expected) in zip(scores, expected) { #expect((score - expected).magnitude <= 1e-6) }
  }

  /// A fit writes the score with the parameters that it reads, and the file keeps both.
  @Test(arguments: methods)
  func fitsWriteScores(method: SteeringMethod) throws {
    let map = try model.fitRandomMap(method, at: site)
    #expect(map.score == (try Graph(parsing: try #require(method.score)).description))
    #expect(Set(map.sites[0].parameters.keys) == Set(map.parameterNames))
    #expect(map.parameterNames == (try method.functions(.all).parameterNames))
  }

  /// The scores of rows at a site, in a graph that is the score alone.
  private func scores(of map: MapFile, _ rows: [Float]) throws -> [Float] {
    var graph = Graph(name: "site")
    let type = TensorType(.f32, [.symbol("T"), .fixed(32)])
    let x = graph.append(Node(.input(name: "x"), [], type, name: "x", site: site))
    graph.addResult("y", graph.append(.unary(.neg), x, name: "y"))
    var maps = MapSet()
    try maps.add(scoreOf: map, name: "s", path: "x", model: model)
    var options = CompileOptions()
    let count = rows.count / 32
    options.lowering.maximumRows = count
    let engine = try model.compile(graph, maps, options).makeEngine(threads: 1)
    let sequence = try engine.openSequence(capacity: count)
    defer { engine.closeSequence(sequence) }
    try #require(engine.input("x")).update(from: rows, count: rows.count)
    try engine.step(
      (0..<count).map { Row(token: 0, position: Int32($0), sequence: sequence) }, logitRows: .none)
    return Array(UnsafeBufferPointer(start: try #require(engine.result("score.s")), count: count))
  }
}

extension JSON {
  /// The numbers of an array of any depth, in order.
  fileprivate var numbers: [Float] { array.map { $0.flatMap(\.numbers) } ?? [Float(double ?? .nan)] }
}
