import ActCompile
import ActConvert
import ActFormats
import ActTerminal
import ArgumentParser

/// What `actc convert` writes.
enum ConversionTarget: String, ExpressibleByArgument, CaseIterable {
  case map, controlVector = "control-vector", lora
}

struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert", abstract: "Converts map files to formats of others, and theirs to map files.",
    discussion: """
      A control vector of llama.cpp becomes a map at the outputs of blocks. A map becomes a control vector where it is \
      a shift of those, and a LoRA adapter of PEFT where it is affine after linear layers. What a format cannot say \
      exactly is refused.

      Examples:
        actc convert happy.gguf --model SmolLM2 --to map -o happy.maps.safetensors
        actc convert caa.maps.safetensors --model SmolLM2 --to control-vector \\
          --strength 0.8 -o caa.gguf
        actc convert football.maps.safetensors --model SmolLM2 --to lora -o football
      """)

  @Argument(
    help: "The map file, or the GGUF file of a control vector.",
    completion: .file(extensions: ["safetensors", "gguf"])) var file: String
  @Option(help: "The model that it belongs to: a directory, or a GGUF file.", completion: modelFiles)
  var model: String
  @Option(help: "What to write.") var to: ConversionTarget
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The file to write, or the directory of an adapter.", valueName: "file"),
    completion: .file(extensions: ["safetensors", "gguf"])) var output: String
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The strength of a map in another format, which has no dial. (default: 1)", valueName: "strength"))
  var strength: Float?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The number that a control vector gives to block 0: 0 as llama.cpp reads it, 1 as its cvector-generator writes it. (default: 0)",
      valueName: "n"))
  var layerBase: Int?
  @Option(help: ArgumentHelp("Skip a check of the map file against the model.", valueName: "check"))
  var force: [MapSet.Check] = []

  func validate() throws {
    if let strength, !strength.isFinite {
      throw ValidationError("--strength: expected a finite number, found \(strength)")
    }
    if let layerBase, !(-1...1).contains(layerBase) {
      throw ValidationError("--layer-base: expected -1, 0 or 1, found \(layerBase)")
    }
    if to == .map, strength != nil {
      throw ValidationError("--strength: a map has a dial; the option is for what has none")
    }
    if to == .lora, layerBase != nil {
      throw ValidationError("--layer-base: an adapter names its layers; the option is for control vectors")
    }
  }

  func run() throws {
    switch to {
    case .map: try writeMap()
    case .controlVector: try writeControlVector()
    case .lora: try writeAdapter()
    }
  }

  private func openModel() throws -> Model {
    let model = try Model(model)
    noteMissing(model)
    return model
  }

  private func frozenMap(_ model: Model) throws -> FrozenMap {
    try FrozenMap(
      MapFile(reading: file), path: file, model: model, strength: strength ?? 1, skipping: Set(force))
  }

  private func writeMap() throws {
    let vector = try ControlVectorFile(reading: file)
    let map = try MapFile(vector, path: file, model: openModel(), layerBase: layerBase ?? 0)
    try map.write(to: output)
    note(
      "wrote \(output): \(map.fit.method.name), \(map.sites.count) \(map.sites.count == 1 ? "site" : "sites")"
    )
  }

  private func writeControlVector() throws {
    let model = try openModel()
    let vector = try frozenMap(model).controlVector(model: model, layerBase: layerBase ?? 0)
    try vector.write(to: output)
    note("wrote \(output): \(vector.directions.count) directions of \(vector.width) numbers")
  }

  private func writeAdapter() throws {
    let model = try openModel()
    let adapter = try LowRankExport(frozenMap(model), model: model)
    let bar = ProgressBar("converting")
    try adapter.write(to: output) { bar.update($0) }
    bar.finish()
    note("wrote \(output): \(adapter.layerCount) layers, rank \(adapter.rank)")
    guard adapter.hasBias else { return }
    let without = adapter.modulesWithoutBias
    note(
      "the map shifts, so that the adapter has `lora_bias`, which PEFT reads from 0.14 on"
        + (without.isEmpty
          ? ""
          : "; PEFT cannot merge it, since \(without.count) of its layers, such as \(without[0]), have no bias")
    )
  }
}
