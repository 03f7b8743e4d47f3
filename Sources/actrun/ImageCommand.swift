import ActDiffusion
import ActFormats
import ActPlan
import ActRuntime
import ActTerminal
import ArgumentParser

struct ImageCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "image", abstract: "Makes pictures of a text.",
    discussion: """
      The plan is that of a whole pipeline. A picture depends on the text, the seed, its index and the strengths alone, \
      not on what is made beside it. A file that ends in .png holds all pictures: texts and samples side by side, and \
      for ranges of strengths a row each, with its label; its metadata says what was asked. A file that ends in \
      .safetensors has the tensor image, f32[B,3,H,W] in 0…1: strengths first, texts within, and samples within these.

      Examples:
        actrun image pipeline.plan -p "a cat on a mat" -o cat.png
        actrun image pipeline.plan -p "a cat" --steps 4 --guidance 0 --seed 3 \\
          --samples 4 -o cats.png
        actrun image steered.plan -p "a cat" -p "a dog" --steer anime=0:1:0.25 -o both.png
        actrun image steered.plan --prompts captions.txt --steer anime=1 -o all.safetensors
      """)

  @Argument(help: "The plan of a pipeline.", completion: .file(extensions: ["plan"])) var plan: String
  @Option(
    name: .shortAndLong,
    help: """
      A text, or of a model of classes the name or the number of one; - reads standard input. Several of these make \
      pictures of each.
      """)
  var prompt: [String] = []
  @Option(help: "A data file of texts, by default a line each.", completion: .file()) var prompts: String?
  @OptionGroup(title: "Records of the data file") var records: RecordArguments
  @Option(help: "What the picture is to be unlike.") var negativePrompt: String?
  @Option(help: ArgumentHelp("Denoising steps; by default as many as the pipeline's.", valueName: "n"))
  var steps: Int?
  @Option(
    help: """
      How far predictions move from those of the negative prompt to those of the prompt and beyond; 1 and less read the \
      prompt alone. By default as in the pipeline.
      """)
  var guidance: Double?
  @Option(help: "Which noise the pictures begin with.") var seed: UInt64 = 0
  @Option(help: ArgumentHelp("How many pictures for each set of strengths.", valueName: "n")) var samples = 1
  @Option(
    help: """
      First latents in place of the seed's: a file with the tensor latents, [B,C,H,W], for all samples of the first \
      text, then of the next.
      """,
    completion: .file(extensions: ["safetensors"]))
  var latents: String?
  @Option(
    help: ArgumentHelp(
      "A scheduler in place of the pipeline's: \(schedulerNames.joined(separator: ", ")).", valueName: "class"
    ))
  var scheduler: String?
  @Option(help: "How much of the noise that a step of DDIM removes is drawn anew, 0 to 1.") var eta = 0.0
  @OptionGroup var steering: SteeringOptions
  @Option(
    help: ArgumentHelp(
      "Strengths by map for the negative prompt and its predictions; by default those of --steer. 0 steers the prompt alone.",
      valueName: "expression"))
  var steerNegative: [String] = []
  @Option(
    name: .shortAndLong, help: ArgumentHelp("The file to write: .png or .safetensors.", valueName: "file"),
    completion: .file(extensions: ["png", "safetensors"]))
  var output: String

  func validate() throws {
    guard prompt.isEmpty != (prompts == nil) else {
      throw ValidationError("expected --prompt or --prompts, one of them")
    }
    if prompts == nil, let option = records.given.first {
      throw ValidationError("\(option): expected --prompts, whose records it chooses")
    }
    guard (1...256).contains(samples) else {
      throw ValidationError("--samples: expected 1 to 256, found \(samples)")
    }
    guard output.hasSuffix(".png") || output.hasSuffix(".safetensors") else {
      throw ValidationError("-o: expected a file that ends in .png or .safetensors, found `\(output)`")
    }
    guard try SteeringExpression(parsing: steerNegative).single != nil else {
      throw ValidationError("--steer-negative: expected one strength for each map")
    }
    if let guidance, !(guidance.isFinite && abs(guidance) <= 1000) {
      throw ValidationError("--guidance: expected a number from -1000 to 1000, found \(guidance)")
    }
  }

  func run() throws {
    let prompts =
      try prompts.map { try records.read($0).texts } ?? prompt.map { $0 == "-" ? try readText("-") : $0 }
    let model = try PictureModel(PlanFile(plan), threads: steering.threads, scheduler: scheduler)
    let expression = try steering.expression()
    let combinations = expression.combinations
    try model.check(combinations[0])
    for name in expression.extrapolated { warn("strength of `\(name)` outside [0, 1] extrapolates the map") }
    let labels = combinations.count == 1 ? [""] : combinations.map(steeringText)
    let size = ContactSheet.size(
      rows: combinations.count, columns: prompts.count * samples, width: model.width, height: model.height,
      isLabelled: combinations.count > 1)
    guard output.hasSuffix(".safetensors") || [size.width, size.height].allSatisfy(PNGFile.sides.contains)
    else {
      throw FileError(
        output, nil, "a sheet of \(size.width)x\(size.height) pixels is too large for a PNG file",
        next: "make fewer pictures, or write a .safetensors file")
    }
    var request = PictureModel.Request(
      prompt: "", steps: steps ?? model.pipeline.steps, guidance: guidance ?? model.pipeline.guidance,
      seed: seed,
      samples: 0..<samples)
    request.negativePrompt = negativePrompt
    request.eta = eta
    if !steerNegative.isEmpty {
      let negative = try SteeringExpression(parsing: steerNegative)
      guard model.isGuided(request) else {
        throw ValidationError(
          model.pipeline.isGuided
            ? "--steer-negative: expected a --guidance above \(fixed(model.pipeline.plainGuidance, 0)), found \(request.guidance), which reads the prompt alone"
            : "--steer-negative: the pipeline makes no predictions with a negative prompt")
      }
      request.negativeSteering = negative.single
      try model.check(negative.combinations[0])
      for name in negative.extrapolated {
        warn("strength of `\(name)` outside [0, 1] extrapolates the map")
      }
    }
    let latents = try latents.map {
      try Latents(reading: $0, shape: model.latentShape, count: prompts.count * samples)
    }
    for prompt in prompts {
      request.prompt = prompt
      if let line = try model.cut(request) { warn(line) }
    }

    let bar = ProgressBar("denoising")
    var pictures: [[[Float]]] = []
    for strengths in combinations {
      var row: [[Float]] = []
      for (index, prompt) in prompts.enumerated() {
        request.prompt = prompt
        request.latents = latents?[index * samples..<(index + 1) * samples]
        let before = pictures.count * prompts.count + index
        row += try model.pictures(request, steering: strengths) { done, count in
          let share =
            (Double(before) + Double(done) / Double(count)) / Double(combinations.count * prompts.count)
          bar.update(share, "step \(done) of \(count)")
        }
      }
      pictures.append(row)
    }
    bar.finish()
    try write(pictures, labels, texts(prompts, request, combinations), model)
    let count = combinations.count * prompts.count * samples
    note("wrote \(output): \(count) of \(model.width)x\(model.height) pixels")
  }

  private func write(
    _ pictures: [[[Float]]], _ labels: [String], _ texts: [(key: String, text: String)], _ model: PictureModel
  ) throws {
    guard output.hasSuffix(".png") else {
      return try ImageTensorFile.write(
        pictures.flatMap { $0 }, width: model.width, height: model.height, to: output, texts: texts)
    }
    let rows = zip(labels, pictures).map { label, row in
      ContactSheet.Row(
        label: label, pictures: row.map { Picture(planes: $0, width: model.width, height: model.height) })
    }
    try ContactSheet.picture(rows).write(to: output, texts: texts)
  }

  /// What the file says of its pictures.
  private func texts(
    _ prompts: [String], _ request: PictureModel.Request, _ combinations: [Steering]
  ) -> [(key: String, text: String)] {
    var texts = [(key: "prompt", text: prompts.joined(separator: "\n"))]
    if let negative = request.negativePrompt { texts.append(("negative_prompt", negative)) }
    texts += [
      ("seed", "\(request.seed)"), ("steps", "\(request.steps)"), ("guidance", "\(request.guidance)"),
      ("samples", "\(request.samples.count)"),
    ]
    if let latents { texts.append(("latents", latents)) }
    if let scheduler { texts.append(("scheduler", scheduler)) }
    texts.append(("strengths", combinations.map(steeringText).joined(separator: "; ")))
    if let negative = request.negativeSteering {
      texts.append(("negative_strengths", steeringText(negative)))
    }
    return texts + [("software", "actrun \(toolVersion)")]
  }
}
