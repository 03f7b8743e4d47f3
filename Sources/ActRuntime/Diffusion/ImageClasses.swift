import ActErrors
import ActPlan

/// The classes of images that a denoiser reads, which prompts name.
package struct ImageClasses {
  private let labels: [PlanPipeline.Label]
  /// How many there are.
  private let count: Int

  /// The number that stands for no class: the one after the last.
  package var none: Int { count }

  /// The classes of a pipeline whose denoiser has so many.
  package init(_ pipeline: PlanPipeline, count: Int) {
    labels = pipeline.labels
    self.count = count
  }

  /// The number of the class that a text names, by a name or by the number itself.
  ///
  /// - Throws: `EngineError` for a text that names none.
  package func number(of text: String) throws(EngineError) -> Int {
    if let label = labels.first(where: { $0.name == text }) { return label.number }
    if let number = Int(text), (0..<count).contains(number) { return number }
    let closest = text.prefix(256).description.closest(among: labels.map(\.name))
    throw EngineError(
      "no class of images is `\(text.prefix(60))`\(closest.map { "; closest is `\($0)`" } ?? ""): give a name, or a "
        + "number from 0 to \(count - 1)")
  }
}
