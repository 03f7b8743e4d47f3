import ActCompile
import ActFit
import ActFormats
import ActTerminal
import ArgumentParser

struct CollectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "collect",
    abstract: "Runs a shard of the data through a model, for a fit on several machines.",
    discussion: """
      Takes the data that `actc fit` takes and writes the samples of every N-th record. `actc solve` makes the map \
      from the samples of all shards: the same map that `actc fit` makes on one machine. With --simultaneous that \
      is one round. A causal fit takes a round for each group of sites, and --after names the map of the rounds \
      before; --rounds prints how many rounds there are.

      Examples:
        actc collect SmolLM2 --source a.txt --target b.txt \\
          --sites '*layernorm' --simultaneous --shard 1/4 -o 1.samples.safetensors
        actc collect SmolLM2 --source a.txt --target b.txt --shard 3/4 \\
          --after so-far.maps.safetensors -o 3.samples.safetensors
        actc collect SmolLM2 --source a.txt --target b.txt --rounds
      """)

  @Argument(help: "The model's directory, or its GGUF file.", completion: modelFiles) var model: String
  @OptionGroup var partOptions: PartOptions
  @OptionGroup var adapterOptions: AdapterOptions
  @OptionGroup(title: "Data") var data: DataArguments
  @OptionGroup(title: "Samples") var samples: SampleArguments
  @OptionGroup(title: "Resources") var resources: ResourceArguments
  @Flag(help: "Print how many rounds the fit takes, and do nothing else.") var rounds = false
  @Option(help: ArgumentHelp("The part of the data to take, i from 1 to N.", valueName: "i/N"))
  var shard: SampleFile.Part?
  @OptionGroup var earlier: EarlierRounds
  @Option(
    name: .shortAndLong, help: ArgumentHelp("The sample file to write.", valueName: "file"),
    completion: .file(extensions: ["safetensors"]))
  var output: String?

  func validate() throws {
    if !rounds, shard == nil || output == nil { throw ValidationError("expected --shard and --output") }
  }

  func run() throws {
    let model = try Model(
      self.model, part: partOptions.part(context: data.maxTokens), adapters: adapterOptions.load())
    noteMissing(model)
    let sites = try samples.sites(of: model)
    let options = try samples.options(resources, output: output)
    guard let shard, let output, !rounds else {
      print(model.rounds(at: sites, options.order))
      return
    }
    let fitted = try earlier.map()
    let (data, hashes) = try self.data.samples(of: model, skippedPositions: samples.skipFirst)

    _ = try AtomicFile(output)
    let bar = ProgressBar("collecting", of: (data.sampleCount / shard.count, "samples"))
    let started = ContinuousClock.now
    let header = try collect(
      model, data, sites: sites, shard: shard, after: fitted, options: options, dataHashes: hashes,
      output: output, progress: { bar.update($0.share, $0.site) })
    bar.finish()
    note(
      """
      wrote \(output): shard \(header.shard), round \(header.round), \(header.sites.count) of \(sites.count) sites, \
      \(fixed((ContinuousClock.now - started).seconds, 1)) s
      """)
  }
}

extension SampleFile.Part: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}
