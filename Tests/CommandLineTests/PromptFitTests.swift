import ActFormats
import Glibc
import Testing
import Workbench

/// `actc fit` of a pipeline on prompts, and what is made with its maps.
@Suite struct PromptFitTests {
  private let directory: TemporaryDirectory
  private let model = Workshop.fixture("tiny-sd")
  private let captions, plain, tagged, tags: String

  init() throws {
    directory = try TemporaryDirectory()
    let texts = ["a cat", "a dog", "the sea", "a red house", "two trees", "a road", "The River", "a man"]
    captions = try directory.write(texts.joined(separator: "\n"), to: "captions.txt")
    plain = try directory.write(texts.prefix(5).joined(separator: "\n"), to: "plain.txt")
    tagged = try directory.write("a cup\na town\nrain\nan old mat\n", to: "other.txt")
    tags = try directory.write("anime\nsharp lines\nred\nnight\ncat ears\n", to: "tags.txt")
  }

  private var data: [String] { [model, "--size", "24x16", "--source", plain, "--target", tagged] }
  private var sites: [String] { ["--sites", "unet.*norm1", "unet.*.attentions.0.norm"] }

  @discardableResult
  private func actc(_ arguments: [String]) throws -> Outcome {
    let outcome = try Tool.actc.run(arguments)
    try #require(outcome.code == 0, "\(outcome.error)")
    return outcome
  }

  private func fit(_ arguments: [String], to name: String) throws -> (path: String, outcome: Outcome) {
    let path = directory.file("\(name).maps.safetensors")
    return (path, try actc(["fit"] + data + sites + arguments + ["-o", path]))
  }

  private func image(_ plan: String, _ steer: [String], steps: Int = 3, to name: String) throws -> [Float] {
    let path = directory.file("\(name).safetensors")
    let outcome = try Tool.actrun.run(
      ["image", plan, "-p", "a cat", "--steps", "\(steps)", "--guidance", "1", "--seed", "4"] + steer
        + ["-o", path])
    try #require(outcome.code == 0, "\(outcome.error)")
    let file = try SafetensorsFile(path)
    return Array(file.bytes(of: try #require(file["image"])).bindMemory(to: Float.self))
  }

  private func compile(_ maps: [String], to name: String) throws -> String {
    let plan = directory.file("\(name).plan")
    try actc(
      ["compile", model, "--size", "24x16", "--weights", "f32"] + maps.flatMap { ["--maps", $0] } + [
        "-o", plan,
      ])
    return plan
  }

  /// From prompts to pictures: nothing changes at 0, and much at 1.
  @Test func fitsCompilesAndSteers() throws {
    let map = try fit(["--append-target", tags, "--append-fixed", "1", "--seed", "3"], to: "m").path
    let file = try MapFile(reading: map)
    #expect(file.counts == ["source": 5, "target": 4])
    #expect(Set(file.dataHashes.keys) == ["source", "target", "append_target"])
    let prompts = try #require(file.fit.prompts)
    #expect(prompts.component == "unet" && prompts.seed == 3 && prompts.size == "24x16")
    #expect(prompts.run == .init(scheduler: "DDIMScheduler", count: 50, steps: .first))
    #expect(prompts.appended == .init(fixed: 1, drawn: 1))
    #expect(file.fit.steps == .all)
    let shown = try actc(["show", map]).text
    #expect(
      shown.contains(
        "// prompts: unet of StableDiffusionPipeline at 24x16, fitted at steps 0 of 50 by DDIMScheduler, phrases "
          + "appended: the first 1 and 1 drawn, seed 3\n"), "\(shown)")
    #expect(shown.contains("// append_target: "))
    let json = try JSON(parsing: actc(["show", map, "--json"]).text)
    #expect(json["prompts"]?["append_drawn"]?.int == 1)

    let (bare, steered) = (try compile([], to: "bare"), try compile(["m=\(map)"], to: "steered"))
    let unsteered = try image(bare, [], to: "a")
    #expect(try image(steered, [], to: "b") == unsteered)
    #expect(try image(steered, ["--steer", "m=0"], to: "c") == unsteered)
    let changed = try image(steered, ["--steer", "m=1"], to: "d")
    let largest = zip(changed, unsteered).reduce(0) { max($0, abs($1.0 - $1.1)) }
    #expect(largest > 0.01, "\(largest)")
  }

  /// Components of elsewhere, with their maps' model as it would be in their folder.
  @Test func takesOtherComponents() throws {
    let partial = try directory.makeDirectory("partial")
    for name in ["model_index.json", "text_encoder", "tokenizer", "vae", "scheduler"] {
      #expect(symlink("\(model)/\(name)", "\(partial)/\(name)") == 0)
    }
    let rest = ["--size", "24x16", "--source", plain, "--target", tagged] + sites + ["--of-steps", "4"]
    let (whole, other) = (directory.file("a.maps.safetensors"), directory.file("b.maps.safetensors"))
    try actc(["fit", model] + rest + ["-o", whole])
    try actc(["fit", partial, "--component", "unet=\(model)/unet"] + rest + ["-o", other])
    #expect(try readBytes(whole) == readBytes(other))
    try actc(
      ["collect", partial, "--component", "unet=\(model)/unet", "--simultaneous", "--shard", "1/1"] + rest
        + ["-o", directory.file("c.samples.safetensors")])
    try expectRefusal(
      .actc, ["fit", partial, "--component", "unt=x"] + rest + ["-o", other], 2,
      "the pipeline has no `unt`; closest is `unet`")
    try expectRefusal(
      .actc,
      [
        "fit", Workshop.fixture("tiny-tied"), "--component", "unet=x", "--source", plain, "--target", tagged,
        "-o", other,
      ], 2, "--component: ")
  }

  /// Of classes of images a data file has one a line.
  @Test func classesOfImages() throws {
    let dit = Workshop.fixture("tiny-dit-pipeline")
    let source = try directory.write("goldfish\n7\ncock\n", to: "source.txt")
    let target = try directory.write("999\ntoilet tissue\n12\n", to: "target.txt")
    func arguments(_ source: String, _ more: [String] = []) -> [String] {
      ["fit", dit, "--size", "16x16", "--source", source, "--target", target, "--sites"]
        + ["transformer.transformer_blocks.*"] + more + ["-o", directory.file("dit.maps.safetensors")]
    }
    try actc(arguments(source))
    let plan = directory.file("dit.plan")
    try actc([
      "compile", dit, "--size", "16x16", "--maps", "m=\(directory.file("dit.maps.safetensors"))", "-o", plan,
    ])
    let outcome = try Tool.actrun.run([
      "image", plan, "-p", "goldfish", "--steps", "2", "--steer", "m=1", "-o", directory.file("a.png"),
    ])
    #expect(outcome.code == 0, "\(outcome.error)")
    let other = try directory.write("goldfish\ngolfish\n", to: "others.txt")
    try expectRefusal(.actc, arguments(other), 2, "no class of images is `golfish`; closest is `goldfish`")
    try expectRefusal(
      .actc, arguments(source, ["--append-source", tags]), 2, "prompts are classes of images, and no texts")
  }

  /// A fit at the blocks of a transformer whose texts are filled up, in causal order.
  @Test(arguments: [
    ("tiny-z-image-pipeline", "transformer.layers.?"), ("tiny-flux-dev", "transformer.*blocks.0:1"),
  ])
  func blocksOfTransformers(pipeline: String, sites: String) throws {
    let (folder, map) = (Workshop.fixture(pipeline), directory.file("t.maps.safetensors"))
    try actc([
      "fit", folder, "--size", "24x16", "--source", plain, "--target", tagged, "--sites", sites, "--steps",
      "0-1", "--of-steps", "3", "-o", map,
    ])
    let plan = directory.file("t.plan")
    try actc([
      "compile", folder, "--size", "24x16", "--weights", "f32", "--maps", "m=\(map)", "-o", plan,
    ])
    let bare = try image(plan, [], to: "bare")
    #expect(try image(plan, ["--steer", "m=0"], to: "off") == bare)
    #expect(try image(plan, ["--steer", "m=1"], to: "on") != bare)
  }

  /// Maps for several ranges of steps are one map over all of them.
  @Test func mapsOfRangesOfSteps() throws {
    let whole = try fit([], to: "whole").path
    let first = try fit(["--apply-steps", "0"], to: "first").path
    let rest = try fit(["--apply-steps", "1-"], to: "rest").path
    #expect(try MapFile(reading: first).sites == MapFile(reading: whole).sites)
    #expect(try actc(["show", rest]).text.contains("// acts at steps 1- of denoising\n"))
    let (one, two) = (
      try compile(["m=\(whole)"], to: "one"), try compile(["a=\(first)", "b=\(rest)"], to: "two")
    )
    #expect(try actc(["show", two, "--summary"]).text.contains("// steps of denoising: a at 0, b at 1-\n"))
    let expected = try image(one, ["--steer", "m=0.8"], to: "a")
    let found = try image(two, ["--steer", "a=0.8,b=0.8"], to: "b")
    let largest = zip(found, expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
    #expect(largest < 1e-5, "\(largest)")
    let early = try image(two, ["--steer", "a=0.8"], to: "c")
    let unsteered = try image(two, [], to: "d")
    #expect(early != expected && early != unsteered)
    try expectRefusal(
      .actrun,
      [
        "image", two, "-p", "a", "--steps", "1", "--guidance", "1", "--steer", "b=1", "-o",
        directory.file("x.png"),
      ], 2, "`b` acts at steps 1-, of which a run of 1 has none")
    try expectRefusal(
      .actc,
      [
        "compile", model, "--size", "24x16", "--maps", "b=\(rest)", "--freeze", "b=1", "-o",
        directory.file("x"),
      ], 2, "cannot freeze `b`: it acts at steps 1- alone")
  }

  /// The run of later steps, in order of the prompts.
  @Test func laterSteps() throws {
    let map = try fit(
      ["--steps", "0-2", "--of-steps", "4", "--scheduler", "EulerDiscreteScheduler", "--simultaneous"],
      to: "m")
    let file = try MapFile(reading: map.path)
    #expect(file.counts == ["source": 15, "target": 12])
    let steps = try #require(DenoisingSteps("0-2"))
    #expect(
      file.fit.prompts?.run == .init(scheduler: "EulerDiscreteScheduler", count: 4, steps: steps))
  }

  @Test(arguments: [[], ["--simultaneous", "--steps", "0-1", "--of-steps", "3"]])
  func shardsEqualOneProcess(flags: [String]) throws {
    let options = data + ["--sites", "unet.conv_in", "unet.mid_block.resnets.0.norm2"] + flags
    try actc(["fit"] + options + ["-o", directory.file("expected")])
    let rounds = try #require(Int(try actc(["collect"] + options + ["--rounds"]).text.dropLast()))
    for round in 1...rounds {
      let behind = round == 1 ? [] : ["--after", directory.file("found\(round - 1)")]
      let shards = try (1...2).map { shard in
        let path = directory.file("\(shard).samples")
        try actc(["collect"] + options + behind + ["--shard", "\(shard)/2", "-o", path])
        return path
      }
      try actc(["solve"] + shards + behind + ["-o", directory.file("found\(round)")])
    }
    #expect(try directory.read("found\(rounds)") == directory.read("expected"))
  }

  /// The same captions on both sides: a half each, unless all are wanted.
  @Test func halvesOfOneFile() throws {
    func counts(_ flags: [String]) throws -> (counts: [String: Int], notes: String) {
      let path = directory.file("h")
      let outcome = try actc(
        [
          "fit", model, "--size", "24x16", "--source", captions, "--target", captions, "--append-target",
          tags,
          "--sites", "unet.conv_in",
        ] + flags + ["-o", path])
      return (try MapFile(reading: path).counts, outcome.error)
    }
    let half = try counts([])
    #expect(half.counts == ["source": 4, "target": 4])
    #expect(half.notes.contains("take different halves of \(captions): 4 and 4 records; --no-disjoint"))
    #expect(try counts(["--limit", "3", "--seed", "2"]).counts == ["source": 3, "target": 3])
    let all = try counts(["--no-disjoint"])
    #expect(all.counts == ["source": 8, "target": 8] && !all.notes.contains("halves"))
    try refuse(["--disjoint"], 2, "--disjoint: expected the same files, fields and filters on both sides")
  }

  /// An encoder's map acts while the denoiser is fitted.
  @Test func oneNetworkAfterAnother() throws {
    let text = directory.file("text.maps.safetensors")
    try actc(["fit"] + data + ["--sites", "text_encoder.*layer_norm1", "-o", text])
    #expect(try MapFile(reading: text).fit.prompts?.run == nil)
    let (bare, behind) = (
      try MapFile(reading: fit([], to: "bare").path),
      try MapFile(reading: fit(["--encoder-maps", text], to: "behind").path)
    )
    #expect(bare.sites != behind.sites)
    #expect(behind.dataHashes["encoder_maps"] == (try SHA256.hex(ofFile: text)))
    let plan = try compile(["t=\(text)", "u=\(directory.file("behind.maps.safetensors"))"], to: "both")
    let (both, one) = (
      try image(plan, ["--steer", "t=1,u=1"], to: "a"), try image(plan, ["--steer", "t=1"], to: "b")
    )
    #expect(both != one)
    try refuse(
      ["--encoder-maps", directory.file("bare.maps.safetensors")], 2,
      "bare.maps.safetensors is of `unet`, which is no encoder of texts")
    try expectRefusal(
      .actc, ["fit"] + data + ["--sites", "text_encoder.*", "unet.conv_in", "-o", directory.file("x")], 2,
      "expected sites of one network, found some of text_encoder, unet: fit one after another")
    try expectRefusal(
      .actc,
      ["fit"] + data + ["--sites", "text_encoder.*", "--steps", "0", "-o", directory.file("x")], 2,
      "--steps: `text_encoder` reads prompts, before there are steps of denoising")
  }

  private func refuse(
    _ flags: [String], _ code: Int32, _ words: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try expectRefusal(
      .actc, ["fit"] + data + sites + flags + ["-o", directory.file("x")], code, words,
      sourceLocation: sourceLocation)
    #expect(!directory.contents.contains("x"), sourceLocation: sourceLocation)
  }

  @Test func refuses() throws {
    try refuse(["--steps", "50"], 2, "--steps: expected steps of 0 to 49, which the run has, found 50")
    try refuse(["--steps", "3-1"], 2, "--steps")
    try refuse(["--of-steps", "0"], 2, "--of-steps: expected 1 or more, found 0")
    try refuse(["--scheduler", "Euler"], 2, "there is no scheduler `Euler`")
    try refuse(["--append-drawn", "2"], 2, "--append-drawn: expected --append-source or --append-target")
    try refuse(
      ["--append-target", tags, "--append-drawn", "6"], 3,
      "\(tags): expected at least 6 phrases, 0 fixed and 6 drawn, found 5")
    try refuse(
      ["--append-target", tags, "--append-drawn", "0"], 2, "expected at least one phrase, found none")
    try refuse(["--append-target", directory.file("absent.txt")], 3, "absent.txt")
    try refuse(["--skip-first", "1"], 2, "images have no tokens to leave out")
    try refuse(["--prompt-field", "p"], 2, "--prompt-field: a pipeline reads whole prompts")
    try refuse(["--max-tokens", "4"], 2, "--max-tokens: a pipeline reads whole prompts")
    try refuse(["--module", "unet"], 2, "--module: a pipeline has components")
    try refuse(["--lora", directory.file("absent.safetensors")], 3, "absent.safetensors: cannot open")
    try expectRefusal(
      .actc, ["fit"] + data + ["-o", directory.file("x")], 2, "--sites: expected patterns of sites")
    try expectRefusal(
      .actc, ["fit"] + data + ["--sites", "vae.*", "-o", directory.file("x")], 4,
      "vae: fitting on prompts is not supported where a network reads none")
    try expectRefusal(
      .actc,
      [
        "fit", model, "--source", plain, "--target", tagged, "--sites", "unet.conv_in", "-o",
        directory.file("x"),
      ], 2, "the size of the picture is not known")
    try expectRefusal(
      .actc,
      [
        "fit", model, "--size", "24x16", "--source", "a.safetensors", "--target", tagged, "--sites",
        "unet.conv_in", "-o", directory.file("x"),
      ], 2, "a.safetensors: a pipeline is fitted on prompts")
    try expectRefusal(
      .actc, ["search"] + [model, "--source", plain, "--target", tagged, "--held-out", plain], 4,
      "a search measures perplexity")
    let records = try directory.write(#"{"prompt": "a", "response": "b"}"#, to: "r.jsonl")
    try expectRefusal(
      .actc,
      [
        "fit", model, "--size", "24x16", "--source", records, "--target", tagged, "--sites", "unet.conv_in",
        "-o", directory.file("x"),
      ], 3, "expected a prompt, found a prompt and a response")
    let language = try Workshop.get().model
    for option in [["--steps", "0"], ["--append-target", tags], ["--apply-steps", "0"]] {
      try expectRefusal(
        .actc,
        ["fit", language, "--source", plain, "--target", tagged] + option + ["-o", directory.file("x")],
        2, "\(option[0]): expected the folder of a pipeline, found a model")
    }
  }
}
