import ActErrors
import ActFormats

/// What a plan of a whole pipeline knows beside its modules: how texts become pictures, the metadata `pipeline`, JSON.
package struct PlanPipeline: Hashable, Sendable {
  /// The class of the pipeline in diffusers.
  package var className: String
  /// The parsed `scheduler_config.json`.
  package var scheduler: JSON
  /// To how many tokens every text is filled up.
  package var textLength: Int
  /// What a latent is divided by for the decoder, and what is added then.
  package var latentScale: Double
  package var latentShift: Double
  /// What a run has that is told nothing else.
  package var steps: Int
  package var guidance: Double
  /// How pictures are decoded in parts; nil: whole.
  package var decodeTile: DecodeTile?

  package init(
    className: String, scheduler: JSON, textLength: Int, latentScale: Double, latentShift: Double, steps: Int,
    guidance: Double
  ) {
    self.className = className
    self.scheduler = scheduler
    self.textLength = textLength
    self.latentScale = latentScale
    self.latentShift = latentShift
    self.steps = steps
    self.guidance = guidance
  }

  static let key = "pipeline"

  /// As a plan records it.
  package var json: JSON {
    let json = JSON.object([
      "class": .string(className), "scheduler": scheduler, "text_length": .int(textLength),
      "latent_scale": .double(latentScale), "latent_shift": .double(latentShift), "steps": .int(steps),
      "guidance": .double(guidance),
    ])
    guard let decodeTile else { return json }
    let tile = JSON.object(["width": .int(decodeTile.width), "height": .int(decodeTile.height)])
    return .object((json.members ?? []) + [.init("decode_tile", tile)])
  }

  /// Reads what a plan records; nil for a plan of no pipeline.
  init?(_ file: SafetensorsFile) throws(FileError) {
    guard let text = file.metadata(Self.key) else { return nil }
    let json: JSON
    // A scheduler's numbers may be infinite.
    do throws(JSONError) { json = try JSON(parsing: Array(text.utf8), takesNonFinite: true) } catch {
      throw FileError(file.path, Self.key, "\(error)")
    }
    func number(_ name: String, in range: ClosedRange<Double>) throws(FileError) -> Double {
      guard let number = json[name]?.double, range.contains(number) else {
        throw FileError(file.path, "\(Self.key).\(name)", "expected a number from \(range.spelling)")
      }
      return number
    }
    guard let className = json["class"]?.string, let scheduler = json["scheduler"], scheduler.members != nil,
      let textLength = json["text_length"]?.int, SaneRange.size.contains(textLength),
      let steps = json["steps"]?.int, SaneRange.size.contains(steps)
    else { throw FileError(file.path, Self.key, "expected what a pipeline has, found something else") }
    self.init(
      className: className, scheduler: scheduler, textLength: textLength,
      latentScale: try number("latent_scale", in: 1e-6...1e6),
      latentShift: try number("latent_shift", in: -1e6...1e6), steps: steps,
      guidance: try number("guidance", in: -1e6...1e6))
    if let tile = json["decode_tile"], tile != .null {
      func side(_ name: String) throws(FileError) -> Int {
        guard let side = tile[name]?.int, SaneRange.size.contains(side),
          side.isMultiple(of: DecodeTile.divisor)
        else {
          throw FileError(
            file.path, "\(Self.key).decode_tile.\(name)", "expected a multiple of \(DecodeTile.divisor)")
        }
        return side
      }
      decodeTile = DecodeTile(width: try side("width"), height: try side("height"))
    }
  }
}
