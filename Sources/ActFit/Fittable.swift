import ActCompile
import ActFormats
import ActIR

extension Model {
  /// Opens a model that maps are to be fitted on, with samples as long as `context` where that is given.
  ///
  /// - Throws: what opening it throws, and an unsupported `FileError` for a model whose rows see later ones: a fit runs
  ///   rows in chunks, as a language model takes them.
  package init(fittable path: String, context: Int? = nil) throws {
    try self.init(path, context: context)
    guard graph.order.contains(where: { if case .kvAppend = graph[$0].op { true } else { false } }) else {
      throw FileError.unsupported(
        path, nil, "fitting is supported for language models, not yet for encoders",
        next: "a map file that Python writes compiles for any model")
    }
  }
}
