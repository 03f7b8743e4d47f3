import ActGraphs
import ArgumentParser

/// Which part of a checkpoint a command works on, and for images of which size.
struct PartOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Of a checkpoint that holds several networks, the one to take: decoder.", valueName: "name"))
  var module: String?
  @Option(
    help: ArgumentHelp(
      "The size of the images that a network of convolutions takes: pixels for an encoder, latents for a decoder.",
      valueName: "widthxheight"))
  var size: String?

  func validate() throws { _ = try part() }

  /// What the options name, for sequences of `context` where that is given.
  func part(context: Int? = nil) throws -> ModelPart {
    let parsed = size.flatMap { ImageSize($0) }
    if let size, parsed == nil {
      let sides = ImageSize.sides
      throw ValidationError(
        "--size: expected WIDTHxHEIGHT of \(sides.lowerBound) to \(sides.upperBound) each, found `\(size)`")
    }
    return ModelPart(module: module, size: parsed, context: context)
  }
}
