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
      before; --rounds prints how many rounds there are. A shard of a pipeline's prompts reads its own alone.

      Examples:
        actc collect SmolLM2 --source a.txt --target b.txt \\
          --sites '*layernorm' --simultaneous --shard 1/4 -o 1.samples.safetensors
        actc collect SmolLM2 --source a.txt --target b.txt --shard 3/4 \\
          --after so-far.maps.safetensors -o 3.samples.safetensors
        actc collect SmolLM2 --source a.txt --target b.txt --rounds
        actc collect stable-diffusion-v1-5 --size 512x512 --source a.txt \\
          --target b.txt --sites 'unet.*norm*' --simultaneous --shard 1/4 \\
          -o 1.samples.safetensors
      """)

  @Argument(
    help: "The model's directory, its GGUF file, or the folder of a pipeline.", completion: modelFiles)
  var model: String
  @OptionGroup var partOptions: PartOptions
  @OptionGroup var componentOptions: ComponentOptions
  @OptionGroup var adapterOptions: AdapterOptions
  @OptionGroup(title: "Data") var data: DataArguments
  @OptionGroup(title: "Samples") var samples: SampleArguments
  @OptionGroup(title: "Prompts of a pipeline") var prompts: PromptArguments
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
    let network = try FittedNetwork(
      model, partOptions, componentOptions, adapterOptions, data, samples, prompts)
    let sites = network.sites
    var options = try samples.options(resources, output: output)
    network.describe(&options, prompts)
    guard let shard, let output, !rounds else {
      print(network.model.rounds(at: sites, options.order))
      return
    }
    let fitted = try earlier.map()
    _ = try AtomicFile(output)
    let (part, hashes) = try network.shard(shard, data, samples, prompts, &options)

    let bar = ProgressBar("collecting", of: (part.samples.sampleCount, "samples"))
    let started = ContinuousClock.now
    let header = try collect(
      network.model, part, sites: sites, after: fitted, options: options, dataHashes: hashes,
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
