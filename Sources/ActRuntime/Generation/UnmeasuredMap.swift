import ActIR
import ActPlan

/// A map that is on and that scoring some texts cannot measure: its token scope holds none of the tokens that the model
/// reads before a scored one.
package struct UnmeasuredMap: Hashable, Sendable {
  package var name: String
  /// As `TokenScope` writes it.
  package var scope: String

  package init(name: String, scope: String) {
    self.name = name
    self.scope = scope
  }
}

extension LanguageModel {
  /// The maps with a strength that scoring these texts cannot measure, in the order of the plan.
  package func unmeasuredMaps(_ texts: [ScoredText], strengths: [String: Float]) -> [UnmeasuredMap] {
    plan.scopes.compactMap { name, scope in
      guard let strength = strengths[name], strength != 0 else { return nil }
      let isMeasured = texts.contains { text in
        guard text.tokens.count > text.firstScored else { return false }
        let promptCount = text.promptCount ?? text.tokens.count
        return (0..<text.tokens.count - 1).contains { scope.contains(position: $0, promptCount: promptCount) }
      }
      return isMeasured ? nil : UnmeasuredMap(name: name, scope: scope.description)
    }
  }
}
