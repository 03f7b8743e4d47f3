import ActDiffusion
import ActFormats
import ActGraphs
import ActIR
import ActPlan

/// How the networks of a class of pipelines work together.
struct PictureMaking: Sendable {
  /// How an encoder of texts is given them.
  struct Text: Sendable {
    enum Length: Sendable {
      /// What the tokenizer says, and the encoder takes.
      case own
      /// So many tokens, unless others are asked for.
      case tokens(Int)
    }

    /// The component.
    var encoder: String
    var length = Length.own
    /// Whether shorter texts are filled up.
    var isPadded = true
    /// Where the text becomes the message of a chat, what else the chat template of its tokenizer is told.
    var chat: [JSON.Member]?
    /// Whether a folder may leave it out; 0 stands for its rows then.
    var isOptional = false
  }

  /// The class in diffusers.
  var className: String
  var texts: [Text] = []
  /// What the denoiser reads of the texts. A result of ``penultimate`` is the encoder's hidden states before its last
  /// layer.
  var wires: [Wire] = []
  /// What a run has that is told nothing else.
  var steps: Int
  var guidance: Double
  /// Whether predictions are guided by a negative text, or by none.
  var isGuided = true
  /// Whether the denoiser must be one that is told of the guidance by ``InputRole/guidanceEmbedding``.
  var embedsGuidance = false
  var lowercasesTexts = false
  /// Whether `latents_mean` and `latents_std` of the decoder take part; else they are ignored, as in diffusers.
  var hasLatentMoments = false
  /// What the scheduler's times are multiplied by for the denoiser, and what is added then.
  var timeScale = 1.0
  var timeShift = 0.0
  /// What the denoiser's predictions are multiplied by for the scheduler.
  var predictionScale = 1.0
  /// The guidance at which predictions are those with the text, and above which they move away from the negative one's.
  var plainGuidance = 1.0
  var hasEvenSigmas = false
  /// The side of the squares of latents that count as the rows of an image; nil: that of the denoiser's patches.
  var rowSide: Int?
  /// What inputs of the denoiser are for pictures of a size, as far as it has them.
  var constants: @Sendable (ImageSize) -> [PlanPipeline.Constant] = { _ in [] }

  /// The name of hidden states before the last layer among an encoder's results.
  static let penultimate = "penultimate_hidden_state"
}

/// Every class of pipelines that is compiled whole.
private let pictureMakings: [PictureMaking] = [
  stableDiffusion, latentConsistency, stableDiffusionXL, stableDiffusion3, flux, pixArtAlpha, pixArtSigma,
  dit, zImage, textsAndUNet,
]

/// The names of all classes of pipelines that are compiled whole.
package let pipelineClassNames = pictureMakings.map(\.className)

extension PictureMaking {
  /// The class of that name; nil for one that is not compiled whole.
  static func known(_ className: String) -> PictureMaking? {
    pictureMakings.first { $0.className == className }
  }

  /// The class of a folder.
  ///
  /// - Throws: `FileError` for one that is not compiled whole.
  init(of folder: PipelineFolder) throws(FileError) {
    guard let making = Self.known(folder.className) else {
      throw FileError.unsupported(
        folder.indexPath, "_class_name", "`\(legible(folder.className))` is not compiled whole",
        next: "known: \(pipelineClassNames.joined(separator: ", ")); `actc compile` takes a component")
    }
    self = making
  }
}
