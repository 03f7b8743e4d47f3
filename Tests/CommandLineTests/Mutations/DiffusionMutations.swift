import ActFormats
import Testing
import Workbench

extension MutationKind {
  /// What networks of images, and pipelines that make pictures, are read from.
  static let diffusion: [MutationKind] =
    pipelineFiles.map { file in pipeline(file) }
    + networks.map { network in configuration(of: network) } + [
      spieceModel, latents, pictureSize, picturePlan,
    ]

  // MARK: Pipelines

  private static let fixture = "tiny-sd"
  private static let folders = ["scheduler", "text_encoder", "tokenizer", "unet", "vae"]
  private static let pipelineFiles = [
    "model_index.json", "scheduler/scheduler_config.json", "unet/config.json", "text_encoder/config.json",
    "tokenizer/vocab.json", "tokenizer/merges.txt", "tokenizer/tokenizer_config.json",
  ]
  private static let wholeFiles = [
    "text_encoder/model.safetensors", "unet/diffusion_pytorch_model.safetensors", "vae/config.json",
    "vae/diffusion_pytorch_model.safetensors",
  ]

  /// A file of a pipeline's folder, compiled, and a picture made.
  private static func pipeline(_ file: String) -> MutationKind {
    MutationKind(name: "pipeline \(file)") { _, directory in
      _ = try directory.makeDirectory("model")
      for folder in folders { _ = try directory.makeDirectory("model/\(folder)") }
      for file in pipelineFiles + wholeFiles {
        try directory.write(readBytes(Workshop.fixture("\(fixture)/\(file)")), to: "model/\(file)")
      }
    } run: { attempt in
      let whole = try readBytes(Workshop.fixture("\(fixture)/\(file)"))
      let damaged =
        file.hasSuffix(".json")
        ? attempt.mutator.pointee.json((try? JSON(parsing: whole)) ?? .null)
        : attempt.mutator.pointee.text(String(decoding: whole, as: UTF8.self))
      try attempt.directory.write(damaged, to: "model/\(file)")
      _ = try attempt.run(.actc, ["show", attempt.file("model")])
      let plan = attempt.file("x.plan")
      let compile = ["compile", attempt.file("model"), "--size", "24x16", "-o", plan]
      guard try attempt.run(.actc, compile) == 0 else { return }
      try attempt.makePicture(plan)
    }
  }

  private static let spieceModel = MutationKind(name: "spiece.model") { _, directory in
    try SpieceModel.copy(to: directory, as: "model")
  } run: { attempt in
    let whole = try SpieceModel.whole()
    try attempt.directory.write(
      attempt.mutator.pointee.bytes(whole, headerLength: whole.count), to: "model/tokenizer/spiece.model")
    let plan = attempt.file("x.plan")
    let compile = ["compile", attempt.file("model"), "--size", "16x16", "-o", plan]
    guard try attempt.run(.actc, compile) == 0 else { return }
    try attempt.makePicture(plan)
  }

  private static func compile(_ directory: TemporaryDirectory) throws {
    let outcome = try Tool.actc.run(
      "compile", Workshop.fixture(fixture), "--size", "24x16", "-o", directory.file("whole.plan"))
    try #require(outcome.code == 0, "\(outcome.error)")
  }

  private static let latents = MutationKind(name: "latents") { _, directory in
    try compile(directory)
  } run: { attempt in
    let whole = try readBytes(Workshop.fixture("\(fixture)/plain.safetensors"))
    let path = try attempt.directory.write(
      attempt.mutator.pointee.safetensors(whole), to: "x.latents.safetensors")
    try attempt.makePicture(attempt.file("whole.plan"), ["--latents", path])
  }

  private static let picturePlan = MutationKind(name: "plan of a pipeline") { _, directory in
    try compile(directory)
  } run: { attempt in
    let path = try attempt.directory.write(
      attempt.mutator.pointee.safetensors(attempt.directory.read("whole.plan")), to: "x.plan")
    try attempt.makePicture(path)
  }

  private static let pictureSize = MutationKind(name: "size of a picture") { attempt in
    let whole = ["24x16", "8x8", "2x24", "4096x2"][attempt.mutator.pointee.next(0..<4)]
    let bytes = attempt.mutator.pointee.text(whole).filter { $0 != 0 }
    let plan = attempt.file("x.plan")
    let size = "--size=\(String(decoding: bytes, as: UTF8.self))"
    _ = try attempt.run(.actc, ["compile", Workshop.fixture(fixture), size, "-o", plan])
    _ = try attempt.run(
      .actc, ["compile", Workshop.fixture("tiny-z-image"), size, "-o", attempt.file("x.other.plan")])
  }

  // MARK: Networks

  /// A network of a fixture, the size of its input, and the inputs of a call.
  private typealias Network = (fixture: String, options: [String], call: String)

  private static let networks: [Network] = [
    ("tiny-unet-2", ["--size", "4x4"], "call1"), ("tiny-unet-xl", ["--size", "4x4"], "call1"),
    ("tiny-unet-resnets", ["--size", "8x4"], "call1"), ("tiny-unet-fourier", ["--size", "4x4"], "call1"),
    ("tiny-kl", ["--module", "decoder", "--size", "4x3"], "decoder1"),
    ("tiny-taesd", ["--module", "encoder", "--size", "16x16"], "encoder1"), ("tiny-flux", [], "call1"),
    ("tiny-sd3", ["--size", "10x7"], "call1"), ("tiny-pixart", ["--size", "11x6"], "call1"),
    ("tiny-dit", ["--size", "10x10"], "call1"), ("tiny-z-image", ["--size", "10x6"], "call1"),
  ]

  /// The configuration of a network, compiled and run.
  private static func configuration(of network: Network) -> MutationKind {
    MutationKind(name: "\(network.fixture)/config.json") { _, directory in
      _ = try directory.makeDirectory("model")
      for file in TemporaryDirectory.contents(Workshop.fixture(network.fixture))
      where file.hasPrefix("diffusion_pytorch_model") {
        try directory.write(
          readBytes(Workshop.fixture("\(network.fixture)/\(file)")), to: "model/\(file)")
      }
    } run: { attempt in
      let whole = try JSON(parsing: readBytes(Workshop.fixture("\(network.fixture)/config.json")))
      try attempt.directory.write(attempt.mutator.pointee.json(whole), to: "model/config.json")
      let plan = attempt.file("x.plan")
      let compile = ["compile", attempt.file("model"), "-o", plan] + network.options
      guard try attempt.run(.actc, compile) == 0 else { return }
      try attempt.runPlan(
        plan, input: Workshop.fixture("\(network.fixture)/\(network.call).safetensors"))
    }
  }
}

extension MutationKind.Case {
  /// Makes a picture by a plan, and checks that it is finite.
  fileprivate func makePicture(_ plan: String, _ options: [String] = []) throws {
    let output = file("out.safetensors")
    let arguments = [
      "image", plan, "-p", "a cat's 12 \u{E9}", "--steps", "1", "--threads", "1", "-o", output,
    ]
    guard try run(.actrun, arguments + options) == 0 else { return }
    let results = try SafetensorsFile(output)
    for tensor in results.tensors { try results.checkFinite(tensor) }
  }
}
