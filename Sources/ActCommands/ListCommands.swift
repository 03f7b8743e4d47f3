import ActCompile
import ActFormats
import ActGraphs
import ActIR
import ActPasses
import ActTerminal
import ArgumentParser

struct SitesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sites", abstract: "Lists the activation sites of a model, in order of execution.",
    discussion: """
      A site is what a module gives, by the module's name. What it reads is NAME:in, and what it adds to that NAME:delta, \
      where both are alike; these are listed only for patterns that write the end of the name. Of a pipeline the sites \
      of all networks are listed, their names beginning with that of the component; --size is that of its pictures.

      Examples:
        actc sites SmolLM2
        actc sites SmolLM2 --sites '*o_proj'
        actc sites SmolLM2 --sites '*:in'
        actc sites pipeline --size 512x512 --sites 'unet.*norm*'
      """)

  @Argument(help: "The model's directory, or its GGUF file.", completion: modelFiles) var model: String
  @OptionGroup var partOptions: PartOptions
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "List only sites whose whole name matches a pattern: a glob, or re: and a regular expression.",
      valueName: "pattern ..."))
  var sites: [String] = []
  @Flag(help: "Print the sites as JSON.") var json = false

  func run() throws {
    let listed = try chosenSites()
    if json {
      let rows = listed.map { site in
        let heads = site.heads.map { [JSON.Member("heads", .int($0))] } ?? []
        return JSON.object(
          [.init("name", .string(site.name)), .init("type", .string(site.type.description))] + heads)
      }
      print(JSON.array(rows).pretty, terminator: "")
    } else {
      for site in listed {
        print("\(site.name) : \(site.type)\(site.heads.map { ", \($0) heads" } ?? "")")
      }
    }
  }
}

extension SitesCommand {
  private func chosenSites() throws -> [Graph.Site] {
    guard PipelineFolder.isPipeline(model) else {
      let model = try Model(self.model, part: partOptions.part())
      let chosen = Set(sites.isEmpty ? model.sites.map(\.name) : try model.sites(matching: sites))
      return model.graph.sites.filter { chosen.contains($0.name) }
    }
    let part = try partOptions.part()
    if part.module != nil {
      throw UsageError("--module: a pipeline has components, whose sites are all listed")
    }
    let pipeline = try Pipeline(PipelineFolder(model), size: part.size)
    return try pipeline.sites(matching: sites)
  }
}

struct PassesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "passes", abstract: "Lists the passes over graphs.")

  @Flag(help: "Print the passes as JSON.") var json = false

  func run() {
    printNames(registeredPasses.map { ($0.name, $0.summary) }, json: json)
  }
}

struct MethodsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "methods", abstract: "Lists the steering methods, or describes one.",
    discussion: """
      Examples:
        actc methods
        actc methods lowrank-ot
      """)

  @Argument(help: "The method to describe.", completion: .list(MethodName.allValueStrings))
  var method: MethodName?
  @Flag(help: "Print the methods as JSON.") var json = false

  func run() {
    if let method = method?.method {
      print(json ? method.json.pretty : method.text, terminator: "")
    } else {
      printNames(KnownMethods.all.map { ($0.name, $0.summary) }, json: json)
    }
  }
}

struct ModelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models", abstract: "Lists the architectures of models, by the names in config.json.",
    discussion: """
      Architectures on one line are one graph. The networks of one that holds several stand behind it. As JSON also the \
      names of those that GGUF files may have.

      Examples:
        actc models
        actc models --json
      """)

  @Flag(help: "Print the architectures as JSON.") var json = false

  func run() {
    if json {
      let rows = ModelGraph.supported.map { names, modules in
        JSON.object([
          "names": .array(names.map(JSON.string)), "modules": .array(modules.map(JSON.string)),
          "gguf": .array(
            ggufArchitectures.filter { names.contains($0.architecture) }.map { .string($0.gguf) }),
        ])
      }
      print(JSON.array(rows).pretty, terminator: "")
    } else {
      for (names, modules) in ModelGraph.supported {
        let networks = modules.isEmpty ? "" : ": \(modules.joined(separator: ", "))"
        print(names.joined(separator: ", ") + networks)
      }
    }
  }
}

private func printNames(_ entries: [(name: String, summary: String)], json: Bool) {
  if json {
    let rows = entries.map { JSON.object(["name": .string($0.name), "summary": .string($0.summary)]) }
    print(JSON.array(rows).pretty, terminator: "")
  } else {
    for entry in entries { print("\(entry.name): \(entry.summary)") }
  }
}
