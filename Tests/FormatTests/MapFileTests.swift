import ActFormats
import ActIR
import Testing
import Workbench

@Suite struct MapFileTests {
  static let transport = """
    func @linear_act(%x: f32[T,D], %slope: f32[D], %strength: f32[]) {
      %y = mul %x, %slope : f32[T,D]
    }
    """

  func example() -> MapFile {
    var map = MapFile(
      FitDescription(.init("linear-act", version: "1")), transport: Self.transport,
      parameterNames: ["slope", "source_mean"], modelFingerprint: String(repeating: "ab", count: 32),
      sites: [
        .init(
          name: "model.layers.3.input_layernorm", width: 5,
          parameters: ["slope": [1, 2, 3, -0.0, 1e-30], "source_mean": [0, 1, 0, 1, 0]]),
        .init(name: "a/b", width: 1, parameters: ["slope": [7], "source_mean": [.leastNonzeroMagnitude]]),
      ])
    map.fit.scope = TokenScope(.generated, skippedPositions: 2)
    map.fit.support = .known(.quantiles(lower: 0, upper: 100))
    map.fit.pooling = .known(.mean)
    map.fit.order = .other("as it came")
    map.counts = ["source": 200, "target": 199]
    map.meanShiftChannels = ["a/b": 1, "model.layers.3.input_layernorm": 0]
    map.dataHashes = ["source": "00", "target": "ff"]
    return map
  }

  @Test func roundTrips() throws {
    let directory = try TemporaryDirectory()
    let map = example()
    try map.write(to: directory.file("x.maps.safetensors"))
    #expect(try MapFile(reading: directory.file("x.maps.safetensors")) == map)
    try map.write(to: directory.file("y"))
    #expect(try readBytes(directory.file("y")) == readBytes(directory.file("x.maps.safetensors")))
  }

  /// A file of values per channel is, byte for byte, what versions wrote that knew no other shape.
  @Test func bytesOfChannelsStay() throws {
    let directory = try TemporaryDirectory()
    var map = example()
    map.fit.order = .known(.causal)
    try map.write(to: directory.file("x"))
    var hash = SHA256()
    try readBytes(directory.file("x")).withUnsafeBytes { hash.update($0) }
    #expect(hash.hex() == "536996db9c95db3adb8cbe07b18699cdaa307fde908a9bc7cae0ed7566b267e5")
  }

  @Test func keepsShapes() throws {
    let directory = try TemporaryDirectory()
    var map = example()
    map.parameterNames = ["U", "threshold"]
    map.sites[0].parameters = [
      "U": MapParameter((0..<15).map { Float($0) }, shape: [5, 3]), "threshold": MapParameter(-0.5),
    ]
    map.sites[1].parameters = ["U": MapParameter([3, 4], shape: [1, 2, 1]), "threshold": MapParameter(2)]
    try map.write(to: directory.file("x"))
    #expect(try MapFile(reading: directory.file("x")) == map)
    let file = try SafetensorsFile(directory.file("x"))
    #expect(file["a/b/U"]?.shape == [1, 2, 1] && file["a/b/threshold"]?.shape == [])
  }

  /// What a program that knows only the documentation would write, without the optional entries.
  static let entries: [(key: String, value: String)] = [
    ("format", "act-map"), ("format_version", "1"), ("method", "mine"), ("method_version", "7"),
    ("transport", transport), ("parameters", #"["slope"]"#), ("sites", #"[{"name":"s","width":2}]"#),
    ("model_fingerprint", "f"), ("token_scope", "all"), ("skip_first", "0"),
  ]

  func write(
    _ entries: [(key: String, value: String)], _ tensors: [(SafetensorsWriter.Entry, [Float])],
    to path: String
  ) throws {
    let writer = try SafetensorsWriter(path, tensors.map(\.0), metadata: entries)
    for (entry, values) in tensors {
      let size = entry.shape.reduce(entry.dtype.width, *)
      try values.withUnsafeBytes { try writer.append(.init(rebasing: $0[..<size]), to: entry.name) }
    }
    try writer.finish()
  }

  @Test func readsTheLeast() throws {
    let directory = try TemporaryDirectory()
    try write(Self.entries, [(.init("s/slope", .f32, [2]), [1, 2])], to: directory.file("x"))
    let map = try MapFile(reading: directory.file("x"))
    #expect(map.sites == [.init(name: "s", width: 2, parameters: ["slope": [1, 2]])])
    #expect(map.fit.support == nil && map.counts.isEmpty && map.transport == Self.transport)
  }

  @Test(arguments: entries.map(\.key))
  func requires(key: String) throws {
    let directory = try TemporaryDirectory()
    let rest = Self.entries.filter { $0.key != key }
    try write(rest, [(.init("s/slope", .f32, [2]), [1, 2])], to: directory.file("x"))
    let error = #expect(throws: FileError.self) { try MapFile(reading: directory.file("x")) }
    #expect(error?.problem == "`\(key)` is missing")
  }

  @Test(arguments: [
    ("format", "pt", "expected `act-map`"), ("format_version", "2", "expected `1`, found `2`"),
    ("parameters", "[]", "different names"), ("parameters", #"["slope","slope"]"#, "different names"),
    ("parameters", #"["slope/x"]"#, "different names"),
    ("parameters", #"["slope","low"]"#, "s/low: is missing"),
    ("parameters", #"["low"]"#, "s/low: is missing"), ("parameters", "[", "byte 1"),
    ("sites", "[]", "at least one"), ("sites", #"[{"name":"s"}]"#, "a name and a width"),
    ("sites", #"[{"name":"s","width":0}]"#, "a name and a width"),
    ("sites", #"[{"name":"s","width":2},{"name":"s","width":2}]"#, "given twice"),
    ("sites", #"[{"name":"t","width":2}]"#, "t/slope: is missing"), ("skip_first", "-1", "expected a count"),
    (
      "token_scope", "sometimes",
      "expected all, prompt, generated, last, first:N, after:N or positions as in 4-9"
    ),
    ("counts", #"{"source":-1}"#, "cannot be -1"), ("gated_channels", "[]", "expected an object"),
    ("data", #"{"source":1}"#, "cannot be 1"),
  ])
  func rejects(key: String, value: String, problem: String) throws {
    let directory = try TemporaryDirectory()
    let entries = Self.entries.filter { $0.key != key } + [(key, value)]
    try write(entries, [(.init("s/slope", .f32, [2]), [1, 2])], to: directory.file("x"))
    let error = #expect(throws: FileError.self) { try MapFile(reading: directory.file("x")) }
    #expect(error?.description.contains(problem) == true, "\(String(describing: error))")
    #expect(error?.description.contains("\n") == false)
  }

  @Test func rejectsBadTensors() throws {
    let directory = try TemporaryDirectory()
    let good = (SafetensorsWriter.Entry("s/slope", .f32, [2]), [Float(1), 2])
    let bad: [([(SafetensorsWriter.Entry, [Float])], String)] = [
      ([(good.0, [1, .nan])], "found nan at [1]"), ([(good.0, [-.infinity, 1])], "found -inf at [0]"),
      ([(.init("s/slope", .f16, [2]), [1, 2])], "found F16[2]"),
      (
        [(.init("s/slope", .f32, [1, 1, 1, 1, 1, 1, 1, 1, 2]), [1, 2])],
        "expected F32 of at most 8 dimensions, each above 0, found F32[1, 1, 1, 1, 1, 1, 1, 1, 2]"
      ),
      ([(.init("s/slope", .f32, [0]), [])], "found F32[0]"),
      ([(.init("s/slope", .f32, [2, 0]), [])], "found F32[2, 0]"),
      (
        [(.init("s/slope", .f32, [2, 2]), [1, 2, .nan, 4])],
        "s/slope: expected finite numbers, found nan at [1, 0]"
      ),
      ([good, (.init("s/low", .f32, [2]), [1, 2])], "belongs to no site"), ([], "is missing"),
    ]
    for (tensors, problem) in bad {
      try write(Self.entries, tensors, to: directory.file("x"))
      let error = #expect(throws: FileError.self) { try MapFile(reading: directory.file("x")) }
      #expect(error?.description.contains(problem) == true, "\(String(describing: error))")
    }
  }

  @Test func refusesToWriteWhatItWouldNotRead() throws {
    let directory = try TemporaryDirectory()
    let changes: [(inout MapFile) -> Void] = [
      { $0.sites = [] }, { $0.sites[0].parameters["slope"] = nil },
      { $0.sites[0].parameters["slope"] = MapParameter([], shape: [0]) },
      { $0.sites[0].parameters["slope"] = MapParameter([1], shape: Array(repeating: 1, count: 9)) },
      { $0.sites[1].parameters["slope"] = [.nan] }, { $0.sites[1].parameters["low"] = [0] },
      { $0.sites[1] = $0.sites[0] },
    ]
    for change in changes {
      var map = example()
      change(&map)
      #expect(throws: FileError.self) { try map.write(to: directory.file("x")) }
    }
    #expect(directory.contents.isEmpty)
  }

  @Test func survivesDamage() throws {
    let directory = try TemporaryDirectory()
    try example().write(to: directory.file("x"))
    let original = try readBytes(directory.file("x"))
    let header = Int(original[0]) + Int(original[1]) << 8 + 8
    try openDamaged(original, headerLength: header, name: "x") { path in
      for site in try MapFile(reading: path).sites {
        #expect(site.parameters.values.allSatisfy { $0.values.allSatisfy(\.isFinite) })
      }
    }
  }
}
