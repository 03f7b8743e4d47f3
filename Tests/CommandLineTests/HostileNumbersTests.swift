import ActFormats
import Testing
import Workbench

/// Results that are not finite: one line that names the place, never a text or a figure made of them.
@Suite struct HostileNumbersTests {
  let workshop: Workshop
  let directory: TemporaryDirectory

  init() throws {
    workshop = try Workshop.get()
    directory = try TemporaryDirectory()
  }

  /// Every command that runs a plan.
  private func commands(_ plan: String, steer: String? = nil) throws -> [[String]] {
    let steering = steer.map { ["--steer", $0] } ?? []
    let tokens = try writeTokens([1, 2, 3], to: directory)
    return [
      ["generate", plan, "-p", "abc", "-n", "4"] + steering, ["score", plan, workshop.source] + steering,
      ["run", plan, "--input", tokens, "-o", directory.file("out")] + steering,
      ["bench", plan, "-p", "4", "-n", "2", "-r", "1"] + steering,
      [
        "eval", plan, "--prompts", workshop.source, "--concept", workshop.source, "-n", "4", "--steer",
        steer ?? "m=0",
      ],
    ]
  }

  /// A plan whose tensor has other numbers.
  private func plan(_ tensor: String, _ edit: (inout [Float]) -> Void) throws -> String {
    var file = try EditableSafetensors(workshop.steered)
    try file.setFloats(tensor, edit)
    return try directory.write(file.bytes, to: "bad.plan")
  }

  @Test(arguments: [Float.nan, .infinity])
  func weightsOfAPlan(value: Float) throws {
    let bad = try plan("model.layers.1.self_attn.o_proj.weight") { $0[5] = value }
    for arguments in try commands(bad) {
      try expectRefusal(
        .actrun, arguments, 3,
        "bad.plan: model.layers.1.post_attention_layernorm:in, of model.layers.1.self_attn.o_proj.weight: expected "
          + "finite numbers, found ",
        " at position ")
    }
    #expect(directory.contents == ["bad.plan", "tokens.safetensors"])
  }

  /// Numbers that are finite until they are multiplied.
  @Test func weightsThatOverflow() throws {
    let bad = try plan("model.layers.2.mlp.down_proj.weight") { values in
      for index in values.indices { values[index] = index % 2 == 0 ? 3e38 : -1e38 }
    }
    for arguments in try commands(bad) { try expectRefusal(.actrun, arguments, 3, "model.layers.") }
  }

  @Test func strengthsThatOverflow() throws {
    for arguments in try commands(workshop.steered, steer: "m=1e38") {
      let outcome = try Tool.actrun.run(arguments)
      #expect(outcome.code == 2, "\(outcome.error)")
      #expect(outcome.output.isEmpty, "\(outcome.text)")
      let errors = outcome.errorLines.filter { $0.contains("error: ") }
      #expect(errors.count == 1)
      for words in ["expected finite numbers, found ", "with m=1e+38; use a strength nearer to [0, 1]"] {
        #expect(errors.first?.contains(words) == true, "\(outcome.error)")
      }
    }
  }

  @Test func frozenStrengthsThatOverflow() throws {
    let plan = directory.file("x.plan")
    let outcome = try Tool.actc.run(
      "compile", workshop.model, "--maps", "m=\(workshop.map)", "--freeze", "m=3e38", "-o", plan)
    if outcome.code == 0 {
      // A map with a support stays in the step, where a run finds it.
      try expectRefusal(.actrun, ["generate", plan, "-p", "a"], 3, "expected finite numbers")
    } else {
      #expect(outcome.code == 2 && outcome.error.contains("m=3e+38 frozen"), "\(outcome.error)")
    }
  }

  @Test func parametersOfMaps() throws {
    for value in [Float.nan, -.infinity] {
      var file = try EditableSafetensors(workshop.map)
      try file.setFloats("model.norm/slope") { $0[7] = value }
      let map = try directory.write(file.bytes, to: "x.maps.safetensors")
      let plan = directory.file("x.plan")
      try expectRefusal(
        .actc, ["compile", workshop.model, "--maps", "m=\(map)", "-o", plan], 3,
        "x.maps.safetensors: model.norm/slope: expected finite numbers, found \(value) at [7]")
    }
  }

  @Test func samplesOfShards() throws {
    let samples = directory.file("whole")
    let collect = try Tool.actc.run(
      "collect", workshop.model, "--source", workshop.source, "--target", workshop.target, "--sites", "*norm",
      "--simultaneous", "--shard", "1/1", "-o", samples)
    #expect(collect.code == 0, "\(collect.error)")
    var file = try EditableSafetensors(samples)
    try file.setFloats("model.norm/target") { $0[33] = .nan }
    let bad = try directory.write(file.bytes, to: "bad.samples")
    try expectRefusal(
      .actc, ["solve", bad, "-o", directory.file("x")], 3,
      "bad.samples: model.norm/target: expected finite numbers, found nan at [1, 1]")

    #expect(!directory.contents.contains("x"))
  }

  @Test func shardsOfAnotherModel() throws {
    let shards = try ["1/2", "2/2"].map { shard in
      let path = directory.file("\(shard.prefix(1)).samples")
      let outcome = try Tool.actc.run(
        "collect", workshop.model, "--source", workshop.source, "--target", workshop.target, "--sites",
        "*norm",
        "--simultaneous", "--shard", shard, "-o", path)
      #expect(outcome.code == 0, "\(outcome.error)")
      return path
    }
    #expect(try Tool.actc.run(["solve"] + shards + ["-o", directory.file("good")]).code == 0)
    for (key, value) in [
      ("model_fingerprint", String(repeating: "0", count: 64)), ("pooling", "last"),
      ("token_scope", "prompt"),
      ("skip_first", "1"), ("fit_order", "causal"),
    ] {
      var file = try EditableSafetensors(shards[1])
      try file.set("__metadata__", key, .string(value))
      let other = try directory.write(file.bytes, to: "other.samples")
      for pair in [[shards[0], other], [other, shards[0]]] {
        try expectRefusal(.actc, ["solve"] + pair + ["-o", directory.file("x")], 2, "\(key): expected ")
      }
    }
    #expect(!directory.contents.contains("x"))
  }

  /// A temperature that divides every logit to infinity takes the likeliest token.
  @Test func temperaturesNearZero() throws {
    let arguments = ["generate", workshop.plan, "-p", "abc", "-n", "6", "--temp"]
    let cold = try Tool.actrun.run(arguments + ["1e-40"])
    #expect(cold.code == 0, "\(cold.error)")
    #expect(try cold.text == Tool.actrun.run(arguments + ["0"]).text)
  }
}
