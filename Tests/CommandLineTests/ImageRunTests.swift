import ActFormats
import Testing
import Workbench

/// Models of images from the command line: [B,C,H,W] in files, whatever the plan has.
@Suite struct ImageRunTests {
  /// What is recorded is both input and expected result, and in the first calls of `tiny-taesd` sites too.
  @Test(arguments: [
    ("tiny-taesd", "encoder1"), ("tiny-taesd", "encoder4"), ("tiny-taesd", "decoder1"),
    ("tiny-taesd-2", "encoder2"),
    ("tiny-taesd-2", "decoder2"), ("tiny-taesd-3", "encoder1"),
  ])
  func equalsDiffusers(checkpoint: String, call: String) throws {
    let directory = try TemporaryDirectory()
    let module = String(call.dropLast())
    let record = Workshop.fixture("\(checkpoint)/\(call).safetensors")
    let (input, result) = module == "encoder" ? ("x", "latents") : ("z", "sample")
    let shape = try #require(SafetensorsFile(record)[input]).shape
    let size = "\(shape[3])x\(shape[2])"
    let plan = try compile(checkpoint, module, size, "--no-fuse", to: directory.file("x.plan"))
    let sites = try SafetensorsFile(record).tensors.map(\.name).filter { $0 != input && $0 != result }
    #expect(sites.count == (checkpoint == "tiny-taesd" && call.hasSuffix("1") ? 2 : 0))
    let compared = try Tool.actrun.run(
      ["run", plan, "--input", record, "--expected", record, "--nmse", "1e-8", "--json"]
        + (sites.isEmpty ? [] : ["--dump"] + sites))
    #expect(compared.code == 0, "\(compared.text)\(compared.error)")
    let names = try #require(JSON(parsing: compared.text).array).compactMap { $0["name"]?.string }
    #expect(Set(names) == Set([result] + sites))

    let wider = [shape[0], shape[1], shape[2], shape[3] + 8]
    let other = try compile(checkpoint, module, "\(wider[3])x\(wider[2])", to: directory.file("y.plan"))
    try expectRefusal(
      .actrun, ["run", other, "--input", record, "-o", directory.file("out")], 3,
      "\(input): expected \(wider), found \(shape)")
  }

  /// Image towers, with all their sites, and both towers, of which those run whose inputs the file has.
  @Test(arguments: ["tiny-clip-vision", "tiny-clip-vision-2", "tiny-clip"])
  func equalsTransformers(checkpoint: String) throws {
    let directory = try TemporaryDirectory()
    let plan = directory.file("x.plan")
    let compiled = try Tool.actc.run(
      "compile", Workshop.fixture(checkpoint), "--weights", "f32", "--kv", "f32", "--no-fuse", "-o", plan)
    try #require(compiled.code == 0, "\(compiled.error)")
    for call in ["images1", "images2"] {
      let record = Workshop.fixture("\(checkpoint)/\(call).safetensors")
      let names = try SafetensorsFile(record).tensors.map(\.name)
      let sites = names.filter { $0.contains(".") || $0.hasSuffix("layernorm") }
      let compared = try Tool.actrun.run(
        ["run", plan, "--input", record, "--expected", record, "--nmse", "1e-8", "--json"]
          + (sites.isEmpty ? [] : ["--dump"] + sites))
      #expect(compared.code == 0, "\(compared.text)\(compared.error)")
      let found = try #require(JSON(parsing: compared.text).array).compactMap { $0["name"]?.string }
      #expect(Set(sites).isSubset(of: found))
      #expect(found.contains("image_embeds") == names.contains("image_embeds"))
      #expect(found.contains("text_embeds") == (checkpoint == "tiny-clip"))
    }
    if checkpoint != "tiny-clip" {
      try expectRefusal(
        .actc, ["compile", Workshop.fixture(checkpoint), "--size", "26x26", "-o", plan], 2,
        "has no modules to choose from, and no size")
    }
  }

  /// A plan of both networks runs from the one whose input the file has.
  @Test(arguments: [("encoder1", "x", 1), ("decoder1", "z", 8)])
  func choosesTheModule(call: String, input: String, scale: Int) throws {
    let directory = try TemporaryDirectory()
    let record = Workshop.fixture("tiny-taesd/\(call).safetensors")
    let shape = try #require(SafetensorsFile(record)[input]).shape
    let plan = directory.file("both.plan")
    let compiled = try Tool.actc.run([
      "compile", Workshop.fixture("tiny-taesd"), "--size", "\(shape[3] * scale)x\(shape[2] * scale)",
      "--weights", "f32", "-o", plan,
    ])
    try #require(compiled.code == 0, "\(compiled.error)")
    let compared = try Tool.actrun.run(
      ["run", plan, "--input", record, "--expected", record, "--nmse", "1e-8"])
    #expect(compared.code == 0, "\(compared.text)\(compared.error)")
    #expect(compared.text.split(separator: "\n").count == 1, "\(compared.text)")
    let out = directory.file("out.safetensors")
    _ = try Tool.actrun.run("run", plan, "--input", record, "-o", out)
    let results = try SafetensorsFile(out)
    #expect(results.tensors.map(\.name) == (input == "x" ? ["latents", "sample"] : ["sample"]))
    try expectRefusal(
      .actrun, ["run", plan, "--input", plan, "-o", directory.file("out")], 3,
      "expected the inputs of a module, found none; give x of encoder, or z of decoder")
  }

  /// What the encoder gives is what the decoder takes, where the file has none for it.
  @Test func theDecoderTakesWhatTheEncoderGives() throws {
    let directory = try TemporaryDirectory()
    let record = Workshop.fixture("tiny-taesd/encoder1.safetensors")
    let shape = try #require(SafetensorsFile(record)["x"]).shape
    let plan = directory.file("both.plan")
    let size = "\(shape[3])x\(shape[2])"
    let compiled = try Tool.actc.run("compile", Workshop.fixture("tiny-taesd"), "--size", size, "-o", plan)
    try #require(compiled.code == 0, "\(compiled.error)")
    let out = directory.file("out.safetensors")
    let run = try Tool.actrun.run("run", plan, "--input", record, "-o", out)
    try #require(run.code == 0, "\(run.error)")
    let results = try SafetensorsFile(out)
    // The decoder on the same latents, given.
    let latents = directory.file("z.safetensors")
    let tensor = try #require(results["latents"])
    let writer = try SafetensorsWriter(latents, [.init("z", .f32, tensor.shape)])
    try writer.append(results.bytes(of: tensor), to: "z")
    try writer.finish()
    let decoded = directory.file("decoded.safetensors")
    _ = try Tool.actrun.run("run", plan, "--input", latents, "-o", decoded)
    #expect(try readFloats("sample", of: decoded) == readFloats("sample", of: out))
    let shown = try Tool.actc.run("show", plan)
    #expect(shown.text.contains("  wire z = latents from @encoder\n"), "\(shown.text)")
    let alone = directory.file("alone.plan")
    _ = try compile("tiny-taesd", "decoder", "2x2", to: alone)
    #expect(try !Tool.actc.run("show", alone).text.contains("wire"))
  }

  private func compile(
    _ checkpoint: String, _ module: String, _ size: String, _ options: String..., to plan: String
  ) throws -> String {
    let compiled = try Tool.actc.run(
      [
        "compile", Workshop.fixture(checkpoint), "--module", module, "--size", size, "--weights", "f32", "-o",
        plan,
      ]
        + options)
    try #require(compiled.code == 0, "\(compiled.error)")
    return plan
  }
}
