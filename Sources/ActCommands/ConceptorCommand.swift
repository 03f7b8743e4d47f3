import ActConvert
import ActFormats
import ActPasses
import ActTerminal
import ArgumentParser

struct ConceptorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "conceptor", abstract: "Combines conceptors: what passes both, either, or not.",
    usage: "actc conceptor [<options>] <operation> <maps> ... --output <file>",
    discussion: """
      Takes map files that `actc fit --method conceptor` wrote, with the same sites of one model, and combines the \
      conceptors of each site.

      Examples:
        actc conceptor and formal.maps.safetensors short.maps.safetensors \\
          -o both.maps.safetensors
        actc conceptor not formal.maps.safetensors -o informal.maps.safetensors
      """)

  @Argument(help: "What to make of the conceptors.") var operation: ConceptorOperation
  @Argument(
    help: "The map files: two, or one for not.", completion: .file(extensions: ["safetensors"]))
  var maps: [String]
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "What the result is multiplied by, beta of the method. (default: that of the maps)", valueName: "factor"
    ))
  var beta: Float?
  @OptionGroup var output: MapOutput

  func validate() throws {
    guard maps.count == operation.operandCount else {
      let files = operation.operandCount == 1 ? "map file" : "map files"
      throw ValidationError(
        "\(operation.rawValue): expected \(operation.operandCount) \(files), found \(maps.count)")
    }
    if let beta, !beta.isFinite { throw ValidationError("--beta: expected a finite number, found \(beta)") }
  }

  func run() throws {
    let operands = try maps.map { (file: try MapFile(reading: $0), path: $0) }
    let bar = ProgressBar("combining")
    let map = try operation.apply(to: operands, beta: beta) { bar.update($0) }
    bar.finish()
    try map.write(to: output.path)
    let sites = map.sites.count == 1 ? "site" : "sites"
    note("wrote \(output.path): \(operation.rawValue), \(map.sites.count) \(sites)")
  }
}

extension ConceptorOperation: ExpressibleByArgument {}
