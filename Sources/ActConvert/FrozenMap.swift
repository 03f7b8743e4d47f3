import ActCompile
import ActFormats
import ActIR
import ActPasses

/// A map file at one strength, whose transports are asked for what they come to.
package struct FrozenMap {
  package let file: MapFile
  package let path: String
  package let strength: Float
  private let inserted: Transport

  /// Checks a map file against its model, and that it applies to all tokens and steps of denoising, as what is frozen
  /// does.
  ///
  /// - Throws: `FileError` for a map that does not fit the model, and for one that is for some tokens or steps only.
  package init(
    _ file: MapFile, path: String, model: Model, strength: Float, skipping skipped: Set<MapSet.Check> = []
  ) throws {
    var maps = MapSet()
    try maps.add(file, name: "map", path: path, model: model, skipping: skipped)
    let scope = file.fit.scope
    guard scope == .all else {
      let skipped = scope.skippedPositions > 0 ? ", of which \(scope.skippedPositions) are skipped" : ""
      throw FileError.unsupported(
        path, "token_scope", "expected a map of all tokens, found `\(scope)`\(skipped)",
        next: "other formats know no tokens; keep the map file")
    }
    guard file.fit.steps == .all else {
      throw FileError.unsupported(
        path, "step_scope", "expected a map of all steps of denoising, found `\(file.fit.steps)`",
        next: "other formats know no steps; keep the map file")
    }
    self.file = file
    self.path = path
    self.strength = strength
    inserted = maps.transports[0]
  }

  /// A site's map that has another form than a format can say.
  func unsupported(_ site: String, _ problem: String, next: String) -> FileError {
    .unsupported(path, site, "\(problem) at strength \(strength)", next: next)
  }

  /// What the transport comes to at a site.
  ///
  /// - Throws: `FileError` where it is not affine in the site's value.
  package func transport(at site: MapFile.Site) throws(FileError) -> AffineFunction {
    do {
      return try inserted.function.affineFunction(
        width: site.width, site.parameters, strength: Double(strength))
    } catch {
      throw unsupported(
        site.name, "expected x·scale + U (V x) + shift, found `\(error.mnemonic)` of what varies with x",
        next: "keep the map file")
    }
  }
}
