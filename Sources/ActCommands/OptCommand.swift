import ActCompile
import ActFormats
import ActIR
import ActPasses
import ActTerminal
import ArgumentParser

struct OptCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "opt", abstract: "Runs passes over a graph and prints the graph that they leave.",
    usage: "actc opt [<options>] <file>",
    discussion: """
      Examples:
        actc opt F.graph --passes recognize-affine,fold-affine-into-norm
        actc opt SmolLM2 --maps football=football.maps.safetensors \\
          --passes insert-transports
        actc opt F.graph --passes fuse-elementwise --print-after all --timing
      """)

  @Argument(
    help: "A .graph file, a model's directory or GGUF file, or - for standard input.",
    completion: .file(extensions: ["gguf", "graph"]))
  var file: String
  @Option(
    help: ArgumentHelp("The passes to run, in order; by default the whole pipeline.", valueName: "a,b,c"),
    completion: .list(passNames))
  var passes: String?
  @OptionGroup var mapOptions: MapOptions
  @OptionGroup(title: "Passes") var passOptions: PassManagerOptions

  func run() throws {
    var options = PipelineOptions()
    var graph: Graph
    if isModel(file) {
      let model = try Model(file)
      graph = model.graph
      options.transports = try mapOptions.load(for: model).transports
    } else {
      guard mapOptions.maps.isEmpty else {
        throw ValidationError("--maps needs a model, not a .graph file")
      }
      graph = try readGraph(file)
      do { try graph.verify() } catch {
        throw FileError(file == "-" ? "standard input" : file, nil, "\(error)")
      }
    }
    let chosen =
      try passes.map { try passesNamed($0, in: "--passes").map { $0.make(options) } } ?? pipeline(options)
    try passOptions.report(passOptions.makePassManager().run(chosen, on: &graph))
    print(graph, terminator: "")
  }
}
