import ActCompile
import ActFormats
import ActGraphs
import ActIR
import ActLowering
import ActPasses
import ActPlan
import ActTerminal
import ArgumentParser

/// The element types that keys and values can be cached in.
enum CacheType: String, ExpressibleByArgument, CaseIterable {
  case bf16, f32

  var dtype: DType { self == .bf16 ? .bf16 : .f32 }
}

struct CompileCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compile", abstract: "Compiles a model, with maps or without, into a plan.",
    discussion: """
      A map becomes a dial of the plan, which `actrun` turns; --freeze folds it into the weights at one strength. \
      Conditions of `actrun --steer` test scores that --score and --gate put into the plan.

      Examples:
        actc compile SmolLM2 -o SmolLM2.plan
        actc compile SmolLM2-135M-Instruct.Q4_1.gguf -o SmolLM2.plan
        actc compile SmolLM2 --maps football=football.maps.safetensors \\
          -o steered.plan
        actc compile SmolLM2 --maps football=football.maps.safetensors \\
          --freeze football=0.5 -o frozen.plan
        actc compile SmolLM2 --maps polite=polite.maps.safetensors \\
          --score hate=hate.maps.safetensors --gate polite=hate -o polite.plan
        actc compile SmolLM2 --lora poet-adapter=0.7 -o poet.plan
        actc compile taesd --size 512x512 -o taesd.plan
        actc compile stable-diffusion-v1-5 --size 512x512 -o sd.plan
        actc compile sdxl --size 1024x1024 --lora lightning.safetensors \\
          -o sdxl.plan
        actc compile taesd --module decoder --size 64x64 -o decoder.plan
      """)

  @Argument(
    help: "The model's directory, its GGUF file, or the folder of a pipeline.", completion: modelFiles)
  var model: String
  @OptionGroup var partOptions: PartOptions
  @OptionGroup var componentOptions: ComponentOptions
  @OptionGroup var adapterOptions: AdapterOptions
  @OptionGroup var mapOptions: MapOptions
  @OptionGroup(title: "Conditions") var conditionOptions: ConditionOptions
  @Option(help: "What the plan's matrices hold.") var weights = WeightType.bf16
  @Option(help: "What cached keys and values hold.") var kv = CacheType.bf16
  @Option(
    help: ArgumentHelp(
      "Fold a map into the weights at one strength; repeat the option for several maps.",
      valueName: "name=strength"))
  var freeze: [String] = []
  @Option(
    name: .shortAndLong, help: ArgumentHelp("The plan to write.", valueName: "file"),
    completion: .file(extensions: ["plan"]))
  var output: String
  @Option(
    help: ArgumentHelp(
      "The longest sequence, in tokens; by default the model's context, at most 2048.", valueName: "n"))
  var context: Int?
  @Option(
    help: ArgumentHelp(
      "The most tokens of one step, over all sequences; by default 512, of a pipeline those of as many texts as entries.",
      valueName: "n"))
  var rows: Int?
  @Option(
    help: ArgumentHelp(
      "The most whole texts or pictures of one step, for which memory is planned; by default 64 texts or 4 pictures.",
      valueName: "n"))
  var entries: Int?
  @Option(
    help: ArgumentHelp(
      "The most rows of images of one step, of models that take pictures as packed rows; by default 4096, of a pipeline those of as many pictures as entries.",
      valueName: "n"))
  var imageRows: Int?
  @Option(
    help: ArgumentHelp(
      "Of a pipeline, decode larger pictures in tiles of so many pixels, which overlap by a quarter and fade into each other.",
      valueName: "widthxheight"))
  var decodeTile: String?
  @Flag(help: "Run the graph as it is written: fold, merge and fuse nothing.") var noFuse = false
  @Flag(help: "Give every buffer its own bytes instead of sharing them.") var noArena = false
  @Flag(
    help:
      "Make the plan to compare others with: --no-fuse and --no-arena, and a step computes all that depends on a call."
  )
  var reference = false
  @OptionGroup(title: "Passes") var passOptions: PassManagerOptions

  func validate() throws {
    if let rows, !(1...65536).contains(rows) {
      throw ValidationError("--rows: expected 1 to 65536, found \(rows)")
    }
    if let entries, !(1...4096).contains(entries) {
      throw ValidationError("--entries: expected 1 to 4096, found \(entries)")
    }
    _ = try decodeTileSize()
    if let imageRows, !(1...65536).contains(imageRows) {
      throw ValidationError("--image-rows: expected 1 to 65536, found \(imageRows)")
    }
    _ = try parseStrengths(freeze, option: "--freeze")
  }

  func run() throws {
    guard !PipelineFolder.isPipeline(model) else { return try compilePipeline() }
    try componentOptions.refuse(for: self.model)
    guard decodeTile == nil else {
      throw ValidationError("--decode-tile: expected the folder of a pipeline, found \(self.model)")
    }
    let models = try Model.modules(
      self.model, part: partOptions.part(context: context), adapters: adapterOptions.load())
    let model = models[0]
    noteMissing(model)
    guard models.count == 1 || mapOptions.maps.isEmpty && conditionOptions.score.isEmpty else {
      throw ValidationError("--maps: the model has several modules; choose one by --module")
    }
    if let context, !(1...model.contextLength).contains(context) {
      throw ValidationError(
        "--context: expected 1 to \(model.contextLength), the model's own, found \(context)")
    }
    var maps = try mapOptions.load(for: model)
    for (name, file) in maps.files where file.fit.steps != .all {
      note(
        "`\(name)` acts at steps \(file.fit.steps) of a pipeline; in the plan of one network, at every call")
    }
    try conditionOptions.add(to: &maps, mapOptions, for: model)
    let modules = try models.map { try $0.compile(maps, self.options(for: $0)) }
    let options = try self.options(for: model)
    let compiled = modules[0]
    for module in modules { try passOptions.report(module.timings) }
    for (name, strength) in options.frozen.sorted(by: { $0.key < $1.key }) where !(0...1).contains(strength) {
      warn("strength \(strength) of `\(name)` outside [0, 1] extrapolates the map")
    }

    let placements = try model.placements(of: maps, in: compiled, options)
    let tokenizer = try ModelTokenizer(
      model.files, isRequired: !compiled.plan.caches.isEmpty, note: note)
    let bar = ProgressBar("compiling")
    try CompiledModel.write(
      modules, to: output,
      texts: PlanTexts(
        tokenizers: tokenizer.map { [$0.inPlan] } ?? [],
        endTokens: compiled.plan.caches.isEmpty ? [] : model.endTokens(), labels: model.labels),
      provenance: provenance(model, maps, mapOptions.hashes(), options, placements)
    ) { bar.update($0) }
    bar.finish()
    for module in modules {
      let name = modules.count == 1 ? "" : ", \(module.plan.name)"
      note("wrote \(output)\(name): \(module.plan.summary)")
    }
    for placement in placements { note("\(placement)") }
  }

  /// What `--decode-tile` names.
  func decodeTileSize() throws -> ImageSize? {
    let size = decodeTile.flatMap { ImageSize($0) }
    if let decodeTile, size == nil {
      let sides = ImageSize.sides
      throw ValidationError(
        "--decode-tile: expected WIDTHxHEIGHT of \(sides.lowerBound) to \(sides.upperBound) each, found `\(decodeTile)`"
      )
    }
    return size
  }

  /// What the command line says of a network, by itself or of a pipeline.
  func options(for network: Model, of pipeline: PlanPipeline? = nil) throws -> CompileOptions {
    var options = CompileOptions()
    options.frozen = try parseStrengths(freeze, option: "--freeze")
    options.weights = weights
    options.fuses = !noFuse && !reference
    options.lowering.sharesArena = !noArena && !reference
    options.lowering.preparesPrompts = !reference
    // How long the texts of a pipeline are is its own.
    if let context = pipeline == nil ? context : network.contextLength {
      options.lowering.contextLength = context
    }
    // A picture takes as much memory as many texts.
    if network.graph.readsPictures || pipeline != nil { options.lowering.maximumEntries = 4 }
    if let entries { options.lowering.maximumEntries = entries }
    if let rows { options.lowering.maximumRows = rows }
    if let imageRows { options.lowering.maximumImageRows = imageRows }
    if let pipeline {
      // Room for the text and the picture of an entry at least.
      let entries = options.lowering.maximumEntries
      let text = pipeline.textRows(of: network)
      if text > 0 { options.lowering.maximumRows = max(rows ?? entries * text, text) }
      if let image = pipeline.imageRows {
        options.lowering.maximumImageRows = max(imageRows ?? entries * image, image)
      }
    }
    options.lowering.cacheType = kv.dtype
    options.passManager = try passOptions.makePassManager()
    return options
  }

  func provenance(
    _ model: Model, _ maps: MapSet, _ hashes: [String: String], _ options: CompileOptions,
    _ placements: [MapPlacement]
  ) -> JSON {
    // Only of a plan that has such, so that others are what they were.
    let scores = maps.scores.map { score in
      JSON.object([
        "name": .string(score.name), "sites": .array(score.sites.map(JSON.string)),
        "gates": .array(
          maps.transports.filter { $0.gates.contains(score.name) }.map { .string($0.name) }),
      ])
    }
    let provenance = JSON.object([
      "model": .object([
        "name": .string(lastComponent(model.path)), "fingerprint": .string(model.fingerprint),
        "adapters": .array(
          model.adapters.map {
            .object([
              "name": .string(lastComponent($0.path)), "sha256": .string($0.sha256),
              "weight": .double($0.weight),
            ])
          }),
      ]),
      "maps": .array(
        maps.files.map { name, file in
          .object([
            "name": .string(name), "method": .string(file.fit.method.name),
            "method_version": .string(file.fit.method.version),
            "sha256": hashes[name].map(JSON.string) ?? .null, "sites": .int(file.sites.count),
            "frozen": options.frozen[name].map { .double(Double("\($0)")!) } ?? .null,
            "placement": placements.first { $0.map == name }?.json ?? .null,
          ])
        }),
      "weights": .string(weights.rawValue),
      "compiler": .string("actc \(toolVersion)"),
    ])
    let compositions = maps.compositions.map(\.json)
    let more = [("scores", scores), ("compositions", compositions)].filter { !$0.1.isEmpty }
    return .object((provenance.members ?? []) + more.map { .init($0, .array($1)) })
  }

  private func lastComponent(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }
}

extension Graph {
  /// Whether an entry is a picture or a part of making one, and not a text alone.
  fileprivate var readsPictures: Bool {
    declaredInputs.contains { $0.role == .sample || $0.type.rank == 4 || $0.type.shape.first == .symbol("P") }
  }
}

extension Plan {
  /// What a compilation says of a plan.
  var summary: String {
    "\(stepCount) kernels a step, " + (prompt.isEmpty ? "" : "\(promptCount) a prompt, ")
      + "arena \(arenaByteCount) bytes"
  }
}
