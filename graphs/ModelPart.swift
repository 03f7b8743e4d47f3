import ActErrors

/// Which part of a checkpoint to build, and how large the images are that it takes.
package struct ModelPart: Hashable, Sendable {
  /// Of a checkpoint of several graphs, the one wanted: `decoder`.
  package var module: String?
  /// The size of the part's own input, which a convolution must know when it is compiled.
  package var size: ImageSize?
  /// The longest sequence that is asked for, in tokens: some models choose the frequencies of their positions by it.
  package var context: Int?
  /// Whether a language model is wanted as an encoder of whole texts, which gives hidden states in place of logits.
  package var encodesTexts = false

  package init(module: String? = nil, size: ImageSize? = nil, context: Int? = nil) {
    self.module = module
    self.size = size
    self.context = context
  }
}

/// The width and the height of an image in pixels.
package struct ImageSize: Hashable, Sendable, CustomStringConvertible {
  package static let sides = 1...16384

  package let width, height: Int

  package init(width: Int, height: Int) {
    precondition(Self.sides.contains(width) && Self.sides.contains(height))
    self.width = width
    self.height = height
  }

  /// Reads `WIDTHxHEIGHT`; nil for other text.
  package init?(_ text: String) {
    let sides = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard sides.count == 2, let width = sides[0], let height = sides[1], Self.sides.contains(width),
      Self.sides.contains(height)
    else { return nil }
    self.init(width: width, height: height)
  }

  package var description: String { "\(width)x\(height)" }
}

/// A part that a checkpoint does not have, or one that must be chosen.
package struct ModelPartError: ToolError, Hashable {
  package var exitStatus: ExitStatus { .usage }
  package var description: String
}

extension Architecture {
  /// Checks that `part` names a module where there are several, and a size where that matters.
  func check(_ part: ModelPart, name: String) throws(ModelPartError) {
    guard !modules.isEmpty else {
      guard part.module == nil, takesSize || part.size == nil else {
        throw ModelPartError(
          description: "`\(name)` has no modules to choose from\(takesSize ? "" : ", and no size")")
      }
      guard !takesSize || part.size != nil else {
        throw ModelPartError(description: "the size of the sample is not known: give --size WIDTHxHEIGHT")
      }
      return
    }
    guard takesSize || part.size == nil else {
      throw ModelPartError(description: "`\(name)` takes no --size: its configuration says it")
    }
    let known = modules.joined(separator: " or ")
    guard let module = part.module else {
      let all = takesSize ? "--size WIDTHxHEIGHT, or " : ""
      throw ModelPartError(
        description: "`\(name)` has several modules: give \(all)one by --module \(known)")
    }
    guard modules.contains(module) else {
      throw ModelPartError(description: "`\(name)` has no module `\(module)`: give --module \(known)")
    }
    guard !takesSize || part.size != nil else {
      throw ModelPartError(
        description: "the size of the \(module)'s input is not known: give --size WIDTHxHEIGHT")
    }
  }
}
