import ActCompile
import ActFormats
import ActGraphs
import ActTerminal
import ArgumentParser

struct BakeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bake",
    abstract: "Folds maps into a checkpoint of Hugging Face that other programs run unchanged.",
    discussion: """
      Each map has one strength from then on. What the checkpoint's family, or the program that is to read it, has no \
      weight for is an error that names the site and the reason.

      Examples:
        actc bake SmolLM2 --maps football=football.maps.safetensors --strength football=0.8 -o SmolLM2-football
        actc bake Qwen3 --maps a=a.maps.safetensors --strength a=1 --for vllm --dtype f32 -o Qwen3-a
      """)

  @Argument(help: "The model's directory, or its GGUF file.", completion: modelFiles) var model: String
  @OptionGroup var adapterOptions: AdapterOptions
  @OptionGroup var mapOptions: MapOptions
  @Option(
    help: ArgumentHelp(
      "The strength at which a map is baked; repeat the option for several maps.", valueName: "name=strength")
  )
  var strength: [String] = []
  @Option(
    name: .customLong("for"),
    help: ArgumentHelp("The program that is to read the checkpoint.", valueName: "program"))
  var loader = CheckpointLoader.transformers
  @Flag(help: "Leave out what has no home in the checkpoint, and say how much that matters.")
  var approximate = false
  @Option(help: "What the written tensors hold; with stored, what the model's own hold.")
  var dtype = ImportPrecision.stored
  @Flag(help: "Replace the directory where there is one.") var replace = false
  @Flag(inversion: .prefixedNo, help: "Compare the logits with the steered model's, on random tokens.")
  var measure = true
  @Option(
    name: .shortAndLong, help: ArgumentHelp("The directory to write.", valueName: "directory"),
    completion: .directory)
  var output: String

  func validate() throws {
    _ = try parseStrengths(strength, option: "--strength")
    guard !mapOptions.maps.isEmpty || !adapterOptions.lora.isEmpty else {
      throw ValidationError("nothing to bake: give --maps NAME=FILE or --lora ADAPTER")
    }
  }

  func run() throws {
    let model = try Model(self.model, adapters: adapterOptions.load())
    noteMissing(model)
    let maps = try mapOptions.load(for: model)
    let options = BakeOptions(
      strengths: try parseStrengths(strength, option: "--strength"), loader: loader,
      isApproximate: approximate, precision: dtype)
    guard !areSameFile(self.model, output) else {
      throw ValidationError("--output: expected another directory than the model's own, \(output)")
    }
    // Before anything is computed.
    let directory = try AtomicDirectory(output, replacing: replace ? "config.json" : nil)
    let baked = try model.bake(maps, options)
    for (name, strength) in options.strengths.sorted(by: { $0.key < $1.key })
    where !(0...1).contains(strength) {
      warn("strength \(strength) of `\(name)` outside [0, 1] extrapolates the map")
    }
    for part in baked.leftOut { warn("left out \(part)") }
    let bar = ProgressBar("baking")
    try baked.write(to: directory) { bar.update($0) }
    bar.finish()
    let measurement = measure ? try baked.measure(directory.provisionalPath, maps) : nil
    try directory.commit()
    let changes = baked.form.changes.isEmpty ? "" : ", \(baked.form.changes.joined(separator: ", "))"
    note(
      "wrote \(output) for \(loader.rawValue): \(baked.form.architecture), \(baked.changedCount) tensors changed\(changes)"
    )
    guard let measurement else { return }
    note(
      "logits: NMSE \(scientific(measurement.normalizedSquaredError)) to the steered model's on \(measurement.sequences) "
        + "sequences of \(measurement.tokens) random tokens; without maps \(scientific(measurement.errorWithoutMaps))"
    )
  }
}

extension CheckpointLoader: ExpressibleByArgument {}
