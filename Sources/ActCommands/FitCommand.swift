import ActCompile
import ActFit
import ActFormats
import ActTerminal
import ArgumentParser

struct FitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fit", abstract: "Fits a map from source to target behaviour at the sites of a model.",
    discussion: """
      A data file holds a sample a line (.txt), a JSON object a line (.jsonl), or a table (.csv, .tsv); - is \
      standard input. Where a record has a prompt and a response, the model runs over both and the response \
      becomes the sample. A record with messages is laid out by the model's chat template. A file that ends in \
      .safetensors holds inputs of the model by name, as actrun run takes them: images, or texts as tokens.

      A pipeline is fitted on prompts, at sites of one of its networks: samples are what the denoiser does at its \
      first step, each prompt from noise of its own, or what an encoder of texts does. Where both sides read the same \
      file of captions, each takes half of them.

      A fit that is interrupted keeps its finished sites beside its output, as OUTPUT.partial; the same command \
      run again goes on from there.

      Examples:
        actc fit SmolLM2 --source neutral.txt --target football.txt \\
          --sites '*.o_proj' -o football.maps.safetensors
        actc fit SmolLM2 --source a.txt --target b.txt --method mean-act \\
          --sites '*layernorm' --support q0-100 -o ab.maps.safetensors
        actc fit SmolLM2 --source rtp.jsonl --target rtp.jsonl \\
          --prompt-field prompt.text --field continuation.text \\
          --source-filter 'continuation.toxicity>=0.75' \\
          --target-filter 'continuation.toxicity<0.25' \\
          --limit 500 --seed 1 -o toxicity.maps.safetensors
        actc fit SmolLM2 --pairs paradetox.tsv --source-field toxic \\
          --target-field neutral1 -o polite.maps.safetensors
        actc fit taesd --module encoder --size 512x512 \\
          --source photos.safetensors --target sketches.safetensors \\
          --sites encoder.layers.5 -o sketch.maps.safetensors
        actc fit stable-diffusion-v1-5 --size 512x512 \\
          --source captions.txt --target captions.txt \\
          --append-target anime.txt --append-fixed 5 --append-drawn 5 \\
          --sites 'unet.*norm*' --seed 1 -o anime.maps.safetensors
        actc fit stable-diffusion-v1-5 --size 512x512 \\
          --source a.txt --target b.txt --sites 'unet.*norm*' \\
          --steps 0-3 --of-steps 20 --apply-steps 0-3 -o early.maps.safetensors
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
  @OptionGroup(title: "Fit") var method: MethodArguments
  @OptionGroup(title: "Resources") var resources: ResourceArguments
  @OptionGroup var output: MapOutput

  func run() throws {
    let output = output.path
    let network = try FittedNetwork(
      model, partOptions, componentOptions, adapterOptions, data, samples, prompts,
      method: method.requirements)
    var sampleOptions = try samples.options(resources, output: output, method: method.requirements)
    network.describe(&sampleOptions, prompts)
    var options = try method.options(sampleOptions, channels: network.channelCount)
    try method.check(output: output)
    let (data, hashes) = try network.samples(self.data, samples, prompts, &options.samples)

    let bar = ProgressBar("fitting", of: (data.sampleCount, "samples"))
    let started = ContinuousClock.now
    var file = try fit(
      network.model, data, sites: network.sites, options: options,
      progress: { bar.update($0.share, $0.site) },
      note: note)
    bar.finish()
    file.dataHashes = hashes
    try method.write(file, options, to: output, since: started) { try removePartialFit(beside: output) }
  }
}
