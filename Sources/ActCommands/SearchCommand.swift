import ActCompile
import ActFit
import ActFormats
import ActPasses
import ActTerminal
import ActText
import ArgumentParser

struct SearchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search",
    abstract: "Measures which sites to fit: what maps there achieve and what they cost.",
    discussion: """
      Fits maps at all sites once, on the bare model, and turns on those of one kind of site and one range of \
      layers at a time. The column `closed` is the share of the squared distance from source to target, at the \
      model's last site, that the maps take away; `damage` is how much they raise the perplexity of held-out text. \
      Rows with a star are the ones to choose from: no other row closes as much at a lower perplexity.

      Examples:
        actc search SmolLM2 --source neutral.txt --target football.txt \\
          --held-out texts.txt
        actc search SmolLM2 --source a.txt --target b.txt --held-out c.txt \\
          --sites '*layernorm' '*_proj' --parts 6
      """)

  @Argument(help: "The model's directory, or its GGUF file.", completion: modelFiles) var model: String
  @OptionGroup(title: "Data") var data: DataArguments
  @Option(
    help: ArgumentHelp(
      "A data file of ordinary texts, on which the damage is measured.", valueName: "file"),
    completion: dataFiles)
  var heldOut: String
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Patterns of site names: globs, or re: and a regular expression, that match whole names.",
      valueName: "pattern ..."))
  var sites: [String] = ["*layernorm", "*.o_proj", "*.down_proj"]
  @Option(help: ArgumentHelp("Divide each kind of site into N ranges of layers.", valueName: "n"))
  var parts = 4
  @Option(help: "The strength of the maps that are measured.") var strength: Float = 1
  @OptionGroup var running: RunningWeights
  @OptionGroup(title: "Fit") var method: MethodOptions
  @OptionGroup(title: "Resources") var resources: ResourceArguments
  @Flag(help: "Print the choices as JSON.") var json = false

  func validate() throws {
    guard (1...1000).contains(parts) else {
      throw ValidationError("--parts: expected 1 to 1000, found \(parts)")
    }
    guard strength.isFinite else { throw ValidationError("--strength: expected a number, found \(strength)") }
  }

  func run() throws {
    guard !PipelineFolder.isPipeline(model) else {
      throw FileError.unsupported(
        model, nil, "a search measures perplexity, which no pipeline has",
        next: "fit at some sites with `actc fit` and compare the distances that it prints")
    }
    let model = try Model(self.model, context: data.maxTokens)
    noteMissing(model)
    guard model.keepsSequences else {
      throw FileError.unsupported(
        self.model, nil, "a search measures perplexity, which only a language model has",
        next: "fit at some sites with `actc fit` and compare the distances that it prints")
    }
    let sites = try model.sites(matching: self.sites)
    var samples = resources.options
    samples.weights = running.weights
    samples.pooling = method.requirements.pooling
    let options = try method.options(samples)
    let tokenizer = try model.tokenizer()
    let (sequences, _) = try data.texts(model, tokenizer)
    let texts = try DataSet(reading: heldOut)
    let heldOut = try data.tokens(of: texts, model, tokenizer).map(\.tokens)
    guard heldOut.contains(where: { $0.count > 1 }) else {
      throw FileError(texts.path, nil, "no text has a second token to predict")
    }

    let bar = ProgressBar("searching")
    let found = try searchSites(
      model, sequences, sites: sites, heldOut: heldOut, options: options, parts: parts, strength: strength,
      progress: { bar.update($0.share, $0.site) }, note: note)
    bar.finish()
    print(json ? found.json.pretty : found.text, terminator: "")
  }
}

extension SiteSearch {
  fileprivate var text: String {
    var table = Table(["", "sites", "layers", "count", "closed", "perplexity", "damage"])
    for choice in choices {
      let layers = choice.group.layers.map { "\($0.lowerBound)-\($0.upperBound)" } ?? ""
      table.rows.append([
        choice.isEfficient ? "*" : "", choice.group.kind, layers, "\(choice.group.sites.count)",
        fixed(choice.closed * 100, 1) + " %", fixed(choice.perplexity, 2),
        fixed((choice.perplexity / perplexity - 1) * 100, 1) + " %",
      ])
    }
    var out = "distance \(fixed(distance, 3)) at \(end), perplexity \(fixed(perplexity, 2)) without maps\n\n"
    out += table.description
    let efficient = choices.filter(\.isEfficient)
    if efficient.isEmpty { return out + "\nno choice brings the source nearer to the target\n" }
    out += "\n* for actc fit --sites:\n"
    for choice in efficient { out += "  '\(choice.group.pattern)'\n" }
    return out
  }

  fileprivate var json: JSON {
    .object([
      "end": .string(end), "distance": .double(distance), "perplexity": .double(perplexity),
      "choices": .array(
        choices.map { choice in
          .object([
            "kind": .string(choice.group.kind),
            "layers": choice.group.layers.map { .array([.int($0.lowerBound), .int($0.upperBound)]) } ?? .null,
            "sites": .array(choice.group.sites.map(JSON.string)), "pattern": .string(choice.group.pattern),
            "closed": .double(choice.closed), "perplexity": .double(choice.perplexity),
            "efficient": .bool(choice.isEfficient),
          ])
        }),
    ])
  }
}
