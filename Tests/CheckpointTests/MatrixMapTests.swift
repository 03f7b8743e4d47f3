import ActCompile
import ActFit
import ActFormats
import ActIR
import ActPasses
import ActPlan
import ActRuntime
import ModelChecks
import Testing
import Workbench

/// Maps whose parameters are matrices and scalars: the functions of `Examples/python-directions`, with random parameters.
@Suite struct MatrixMapTests {
  static let examples = ["ablation", "low_rank", "gated_shift"]
  /// A norm, a linear output and the residual stream.
  static let sites = ["model.layers.2.input_layernorm", "model.layers.1.self_attn.o_proj", "model.layers.1"]
  private static let rank = 4

  private let model: Model
  private let prompt = randomPrompt(20)

  init() throws { model = try Model(fixture("tiny-plain")) }

  /// The function that an example writes into its map files.
  private func transport(_ example: String) throws -> String {
    let path = fixture("../../Examples/python-directions/\(example).py")
    let text = String(decoding: try readBytes(path), as: UTF8.self)
    let start = try #require(text.firstRange(of: "TRANSPORT = \"\"\"")).upperBound
    let end = try #require(text[start...].firstRange(of: "\"\"\"")).lowerBound
    return String(text[start..<end])
  }

  /// A map of a function, with random parameters: a symbol that is not the channels is ``rank``.
  private func map(_ transport: String, at sites: String) throws -> MapFile {
    var map = try model.fitRandomMap(meanAct, at: sites)
    let function = try Graph(parsing: transport)
    map.transport = transport
    map.score = nil
    map.parameterNames = function.inputs.map { function[$0].name }.filter { $0 != "x" && $0 != "strength" }
    var random = SplitMix64(state: 11)
    for index in map.sites.indices {
      map.sites[index].parameters = [:]
      for id in function.inputs where map.parameterNames.contains(function[id].name) {
        let shape = function.type(id).shape.map { dim in
          dim.fixed ?? (dim == .symbol("D") ? map.sites[index].width : Self.rank)
        }
        let values = (0..<shape.reduce(1, *)).map { _ in Float.random(in: -0.4...0.4, using: &random) }
        map.sites[index].parameters[function[id].name] = MapParameter(values, shape: shape)
      }
    }
    return map
  }

  private func map(example: String, at sites: String) throws -> MapFile {
    try map(transport(example), at: sites)
  }

  /// What the README's formula makes of a row; nil where rounding may open or close a gate.
  private func expected(_ example: String, _ x: [Double], _ site: MapFile.Site, _ strength: Double)
    -> [Double]?
  {
    func parameter(_ name: String) -> [Double] { site.parameters[name]!.values.map(Double.init) }
    func product(_ matrix: [Double], _ x: [Double]) -> [Double] {
      stride(from: 0, to: matrix.count, by: x.count).map { row in
        x.indices.reduce(0) { $0 + matrix[row + $1] * x[$1] }
      }
    }
    switch example {
    case "ablation":
      let v = parameter("v")
      let along = product(v, x)[0]
      return x.indices.map { x[$0] - strength * along * v[$0] }
    case "low_rank":
      let change = product(parameter("U"), product(parameter("V"), x))
      let t = parameter("t")
      return x.indices.map { x[$0] + strength * (change[$0] + t[$0]) }
    default:
      let score = product(parameter("v"), x)[0] - parameter("threshold")[0]
      guard score.magnitude > 1e-4 else { return nil }
      let s = parameter("s")
      return score > 0 ? x.indices.map { x[$0] + strength * s[$0] } : x
    }
  }

  @Test(arguments: examples, Variant.allCases)
  func computeTheirFormulas(example: String, variant: Variant) throws {
    for site in Self.sites {
      let map = try map(example: example, at: "re:" + site)
      let strength: Float = 0.7
      let x = try model.makeEngine(recording: [site]).run(prompt, result: site).map(Double.init)
      let engine = try model.makeEngine(steeredBy: map, variant, strength: strength, recording: [site])
      if variant != .frozen { try engine.setStrengths([steeringMap: strength], slot: 1) }
      let y = try engine.run(prompt, slot: variant == .frozen ? 0 : 1, result: site)
      let width = map.sites[0].width
      var (checked, moved) = (0, 0.0)
      for row in stride(from: 0, to: x.count, by: width) {
        let before = Array(x[row..<row + width])
        guard let after = expected(example, before, map.sites[0], Double(strength)) else { continue }
        let size = (after.reduce(0) { $0 + $1 * $1 } / Double(width)).squareRoot()
        for (channel, value) in after.enumerated() {
          #expect(
            (Double(y[row + channel]) - value).magnitude <= 2e-6 * max(size, value.magnitude), "\(site)")
          moved = max(moved, (value - before[channel]).magnitude)
        }
        checked += 1
      }
      #expect(checked >= prompt.count - 1 && moved > 0.01)
    }
  }

  @Test(arguments: examples, [Variant.reference, .inserted, .live])
  func strengthZeroChangesNoBit(example: String, variant: Variant) throws {
    let map = try map(example: example, at: SteeredSites.everything.rawValue)
    let engine = try model.makeEngine(steeredBy: map, variant)
    try engine.setStrengths([steeringMap: 0], slot: 1)
    try engine.setStrengths([steeringMap: 1], slot: 2)
    let bare = try model.makeEngine(variant).run(prompt)
    #expect(sameBits(try engine.run(prompt, slot: 1), bare))
    #expect(sameBits(try engine.run(prompt, slot: 0), bare))
    #expect(!sameBits(try engine.run(prompt, slot: 2), bare))
  }

  /// Every shape arrives, through the map file and the plan file.
  @Test(arguments: examples)
  func filesKeepEveryBit(example: String) throws {
    let map = try map(example: example, at: SteeredSites.outputs.rawValue)
    let directory = try TemporaryDirectory()
    try map.write(to: directory.file("x.maps.safetensors"))
    let read = try MapFile(reading: directory.file("x.maps.safetensors"))
    #expect(read == map)
    try model.compileSteered(by: read).write(
      to: directory.file("x.plan"), provenance: .object([:]))
    let (saved, made) = (
      try LanguageModel(directory.file("x.plan")).engine, try model.makeEngine(steeredBy: map)
    )
    for engine in [saved, made] { try engine.setStrengths([steeringMap: 0.7], slot: 1) }
    #expect(sameBits(try saved.run(prompt, slot: 1), try made.run(prompt, slot: 1)))
  }

  /// The matrices of a map stay as they are where those of the model are rounded.
  @Test(arguments: [WeightType.bf16, .q8, .q4])
  func matricesAreNotRounded(weights: WeightType) throws {
    let map = try map(example: "low_rank", at: SteeredSites.outputs.rawValue)
    let constants = try model.compileSteered(by: map, weights: weights).plan.constants
    let ofMap = constants.filter { $0.name.hasPrefix(steeringMap + ".") && $0.type.rank == 2 }
    #expect(ofMap.count == 8)
    #expect(ofMap.allSatisfy { $0.type.dtype == .f32x16 })
    #expect(!constants.filter { $0.type.dtype != .f32x16 && $0.type.dtype.packedFormat != nil }.isEmpty)
  }

  static let mismatches: [(change: @Sendable (inout [String: MapParameter]) -> Void, words: String)] = [
    (
      { $0["U"] = MapParameter(Array(repeating: 1, count: 160), shape: [32, 5]) },
      "/V: expected f32[5,32], found f32[4,32]"
    ),
    (
      { $0["U"] = MapParameter(Array(repeating: 1, count: 124), shape: [31, 4]) },
      "/U: expected f32[32,R], found f32[31,4]"
    ),
    (
      { $0["t"] = MapParameter(Array(repeating: 1, count: 32), shape: [1, 32]) },
      "/t: expected f32[32], found f32[1,32]"
    ),
    ({ $0["t"] = MapParameter(1) }, "/t: expected f32[32], found f32[]"),
    ({ $0["V"] = [1, 2] }, "/V: expected f32[4,32], found f32[2]"),
  ]

  @Test(arguments: mismatches.indices)
  func shapesThatDisagree(index: Int) throws {
    let (change, words) = Self.mismatches[index]
    var map = try map(example: "low_rank", at: SteeredSites.outputs.rawValue)
    change(&map.sites[1].parameters)
    let error = #expect(throws: FileError.self) {
      var maps = MapSet()
      try maps.add(map, name: "m", path: "x", model: model)
    }
    #expect(error?.description.contains(map.sites[1].name + words) == true, "\(error as Any)")
  }

  /// Lines of text that would ask for more memory than there is.
  @Test func outerProductsAreBounded() throws {
    let transport = """
      graph @large(%x: f32[T,D], %v: f32[K,D], %a: f32[K,1], %b: f32[K], %strength: f32[]) {
        %o = mul %a, %b : f32[K,K]
        %c = linear %x, %v : f32[T,K]
        %d = linear %c, %o : f32[T,K]
        %m = reduce_max %d : f32[T,1]
        %p = mul %m, %strength : f32[T,1]
        %y = add %x, %p : f32[T,D]
        return %y
      }
      """
    var map = try map(transport, at: "re:" + Self.sites[0])
    #expect(throws: Never.self) { try model.compileSteered(by: map) }
    let count = 20_000
    map.sites[0].parameters = [
      "v": MapParameter(Array(repeating: 1, count: count * 32), shape: [count, 32]),
      "a": MapParameter(Array(repeating: 1, count: count), shape: [count, 1]),
      "b": MapParameter(Array(repeating: 1, count: count)),
    ]
    let error = #expect(throws: TransportError.self) { try model.compileSteered(by: map) }
    #expect(error?.problem.contains("expected at most 268435456 numbers, found f32[20000,20000]") == true)
  }

  @Test func joinedColumnsAreBounded() throws {
    var lines = ["%c0 = reduce_mean %x : f32[T,1]"]
    for index in 1...21 {
      let part = "%c\(index - 1)"
      lines.append("%c\(index) = concat \(part), \(part) {axis = 1} : f32[T,\(1 << index)]")
    }
    let transport = """
      graph @joined(%x: f32[T,D], %v: f32[D], %strength: f32[]) {
      \(lines.joined(separator: "\n"))
      %m = reduce_mean %c21 : f32[T,1]
      %p = mul %m, %strength : f32[T,1]
      %y = add %x, %p : f32[T,D]
      return %y
      }
      """
    let error = #expect(throws: TransportError.self) {
      try model.compileSteered(by: map(transport, at: "re:" + Self.sites[0]))
    }
    #expect(error?.problem.contains("%c21: expected at most 1048576 numbers, found f32[T,2097152]") == true)
  }

  /// Each value of a function is looked at once, however often others read it.
  @Test(.timeLimit(.minutes(1))) func doublingsTakeNoTime() throws {
    var lines = ["%w0 = add %w, %w : f32[R,D]"]
    for index in 1..<200 { lines.append("%w\(index) = add %w\(index - 1), %w\(index - 1) : f32[R,D]") }
    let transport = """
      graph @doubled(%x: f32[T,D], %w: f32[R,D], %strength: f32[]) {
      \(lines.joined(separator: "\n"))
      %c = linear %x, %w199 : f32[T,R]
      %n = reduce_max %c : f32[T,1]
      %p = mul %n, %strength : f32[T,1]
      %y = add %x, %p : f32[T,D]
      return %y
      }
      """
    var map = try map(transport, at: "re:" + Self.sites[1])
    map.sites[0].parameters["w"] = MapParameter(
      Array(repeating: 0, count: Self.rank * 32), shape: [Self.rank, 32])
    let engine = try model.makeEngine(steeredBy: map)
    try engine.setStrengths([steeringMap: 1], slot: 1)
    #expect(sameBits(try engine.run(prompt, slot: 1), try model.makeEngine().run(prompt)))
  }

  /// A method whose parameters are not what its function declares is named, and the parameter.
  @Test(arguments: [
    (["v": MapParameter([1, 2])], "%v: expected f32[1,32], found f32[2]"),
    ([:], "%v: expected f32[1,32], found nothing"),
    (
      ["v": MapParameter(Array(repeating: .infinity, count: 32), shape: [1, 32])],
      "%v: expected finite numbers, found inf"
    ),
    (
      ["v": MapParameter(Array(repeating: 1, count: 32), shape: [1, 32]), "w": [1]],
      "%w: expected no such parameter, found f32[1]"
    ),
  ])
  func methodsThatBreakTheirWord(parameters: [String: MapParameter], words: String) throws {
    let method = SteeringMethod(
      "broken", version: "1", summary: "gives what it was told to", transport: ablation.transport,
      gathering: Gathering(
        byteCount: { _, _ in 0 }, makeAccumulator: { _, _ in FixedFit(fit: SiteFit(parameters: parameters)) })
    )
    let error = #expect(throws: FitError.self) {
      try model.fitRandomMap(method, at: SteeredSites.outputs.rawValue)
    }
    #expect(
      error?.description.contains("model.layers.0.self_attn.o_proj: broken: " + words) == true,
      "\(error as Any)")
  }
}

private struct FixedFit: SiteAccumulator {
  var fit: SiteFit

  mutating func observe(_ side: Side, _ samples: [Float]) {}
  mutating func merge(_ other: any SiteAccumulator) {}
  func finish() -> SiteFit { fit }
}
