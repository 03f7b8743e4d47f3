import ActFormats
import Testing
import Workbench

/// `actc compile` and `actrun image` of pipelines of several classes.
@Suite struct PipelineClassTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private var plan: String { directory.file("a.plan") }

  private func compile(
    _ pipeline: String, _ arguments: [String] = [], size: String = "24x16"
  ) throws -> Outcome {
    try Tool.actc.run(["compile", Workshop.fixture(pipeline), "--size", size, "-o", plan] + arguments)
  }

  private func image(_ prompt: String, _ arguments: [String] = []) throws -> Outcome {
    try Tool.actrun.run(
      ["image", plan, "-p", prompt, "--steps", "1", "-o", directory.file("a.png")] + arguments)
  }

  private func expect(_ outcome: Outcome, _ code: Int32, _ problem: String) {
    #expect(outcome.code == code)
    #expect(outcome.error.contains(problem), "\(outcome.error)")
    #expect(outcome.errorLines.count == 1)
  }

  /// Whoever asks for nothing gets a picture; a text that is cut is told of in one line.
  @Test(
    arguments: [
      "tiny-sdxl", "tiny-flux-dev", "tiny-flux-schnell", "tiny-sd3-pipeline", "tiny-pixart-sizes",
      "tiny-z-image-pipeline", "tiny-text-unet",
    ])
  func pictures(pipeline: String) throws {
    try #require(compile(pipeline).code == 0)
    let outcome = try image("a red cat")
    #expect(outcome.code == 0, "\(outcome.error)")
    let long = try image(String(repeating: "the river ", count: 400))
    #expect(long.code == 0, "\(long.error)")
    let warnings = long.errorLines.filter { $0.contains("is cut to the") }
    #expect(warnings.count == 1 && outcome.error.contains("is cut to the") == false, "\(long.error)")
  }

  @Test func classesOfImages() throws {
    try #require(compile("tiny-dit-pipeline", size: "16x16").code == 0)
    func picture(_ prompt: String) throws -> [UInt8] {
      let outcome = try Tool.actrun.run(
        ["image", plan, "-p", prompt, "--steps", "2", "-o", directory.file("a.safetensors")])
      #expect(outcome.code == 0, "\(outcome.error)")
      let file = try SafetensorsFile(directory.file("a.safetensors"))
      return try Array(file.bytes(of: #require(file["image"])))
    }
    #expect(try picture("Tinca tinca") == picture("0"))
    #expect(try picture("cock") != picture("0"))
    expect(try image("golfish"), 2, "no class of images is `golfish`; closest is `goldfish`")
    expect(try image("1000"), 2, "or a number from 0 to 999")
    expect(try image("0", ["--negative-prompt", "1"]), 2, "the pipeline reads no negative prompt")
    expect(try compile("tiny-dit-pipeline", size: "24x16"), 2, "takes square samples")
  }

  /// Guidance acts above 0, and texts are messages of a chat.
  @Test func zImage() throws {
    try #require(compile("tiny-z-image-pipeline", ["--context", "40"]).code == 0)
    #expect(try image("a cat by the river, and so on and so on").error.contains("is cut to the 40"))
    func picture(_ arguments: [String]) throws -> [UInt8] {
      let outcome = try Tool.actrun.run(
        ["image", plan, "-p", "a cat", "--steps", "1", "-o", directory.file("a.safetensors")] + arguments)
      #expect(outcome.code == 0, "\(outcome.error)")
      let file = try SafetensorsFile(directory.file("a.safetensors"))
      return try Array(file.bytes(of: #require(file["image"])))
    }
    let plain = try picture(["--guidance", "0"])
    #expect(try picture(["--guidance", "0", "--negative-prompt", "a dog"]) == plain)
    #expect(try picture(["--guidance", "0.5", "--negative-prompt", "a dog"]) != plain)
    expect(
      try image("a cat", ["--guidance", "0", "--steer-negative", "x=1"]), 2,
      "--steer-negative: expected a --guidance above 0")
    expect(
      try compile("tiny-z-image-pipeline", size: "22x16"), 2,
      "is not whole patches of 2x2: give another --size")
    let tokenizer = try directory.makeDirectory("tokenizer")
    for file in ["tokenizer.json", "tokenizer_config.json"] {
      try directory.write(
        readBytes(Workshop.fixture("tiny-z-image-pipeline/tokenizer/\(file)")), to: "tokenizer/\(file)")
    }
    expect(
      try compile("tiny-z-image-pipeline", ["--component", "tokenizer=\(tokenizer)"]), 3,
      "chat_template: expected the layout of a chat")
    try directory.write("{% unheard %}", to: "tokenizer/chat_template.jinja")
    expect(
      try compile("tiny-z-image-pipeline", ["--component", "tokenizer=\(tokenizer)"]), 4, "chat_template")
  }

  @Test func fluxRefuses() throws {
    expect(
      try compile("tiny-flux-dev", size: "22x16"), 2, "--size: expected a width and a height that 4 divides")
    try #require(compile("tiny-flux-schnell", ["--context", "8"]).code == 0)
    expect(try image("a cat", ["--negative-prompt", "a dog"]), 2, "the pipeline reads no negative prompt")
    expect(try image("a cat", ["--guidance", "3"]), 2, "the pipeline reads no guidance")
    expect(
      try image("a cat", ["--steer-negative", "x=1"]), 2,
      "--steer-negative: the pipeline makes no predictions with a negative prompt")
    #expect(try image("a cat by the river").error.contains("is cut to the 8 that `text_encoder` takes"))
  }

  @Test func refusesComponents() throws {
    let own = Workshop.fixture("tiny-sdxl")
    expect(
      try compile("tiny-sdxl", ["--component", "unt=\(own)"]), 2,
      "the pipeline has no `unt`; closest is `unet`")
    expect(
      try compile("tiny-sdxl", ["--component", "unet=/nonexistent.safetensors"]), 3,
      "/nonexistent.safetensors")
    expect(
      try compile("tiny-sdxl", ["--component", "scheduler=a.safetensors"]), 2,
      "expected a folder in place of `scheduler`")
    expect(
      try compile("tiny-sdxl", ["--component", "unet=\(own)/vae/diffusion_pytorch_model.safetensors"]), 3,
      "expected a tensor")
    expect(
      try compile("tiny-sdxl", ["--component", "text_encoder=\(Workshop.fixture("tiny-bert"))"]), 3,
      "wire encoder_hidden_states of @unet: expected f32[T,20], found f32[T,")
    expect(try compile("tiny-tied", ["--component", "unet=a"]), 2, "--component")
  }

  @Test func refusesAdapters() throws {
    let source = Workshop.fixture("tiny-sdxl/lora-new.safetensors")
    func adapter(_ edit: (inout EditableSafetensors) throws -> Void) throws -> Outcome {
      var file = try EditableSafetensors(source)
      try edit(&file)
      try directory.write(file.bytes, to: "lora.safetensors")
      return try compile("tiny-sdxl", ["--lora", "\(directory.file("lora.safetensors"))=0.5"])
    }
    let module = "unet.mid_block.attentions.0.proj_in"
    #expect(try adapter { _ in }.code == 0)
    expect(
      try adapter { try $0.rename("\(module).lora_A.weight", "\(module).hada_w1_a") }, 4,
      "\(module).hada_w1_a")
    expect(
      try adapter { try $0.remove("\(module).lora_A.weight") }, 3, "expected both matrices of a pair")
    expect(
      try adapter { file in
        for half in ["lora_A", "lora_B"] {
          try file.rename("\(module).\(half).weight", "unet.input_blocks.0.proj_in.\(half).weight")
        }
      }, 3, "unet.input_blocks.0.proj_in.lora_A.weight: no network of the pipeline has this module")
    expect(
      try adapter { file in
        for half in ["lora_A", "lora_B"] {
          try file.rename("\(module).\(half).weight", "unet.mid_block.resnets.0.conv1.\(half).weight")
        }
      }, 3, "as the model's matrix, found")
  }
}
