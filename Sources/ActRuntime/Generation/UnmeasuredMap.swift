import ActIR
import ActPlan

/// A map that is on and that scoring some texts cannot measure: its token scope, its schedule and its tests of the prompt
/// leave none of the tokens that the model reads before a scored one.
package struct UnmeasuredMap: Hashable, Sendable {
  package var name: String
  /// As `TokenScope` writes it.
  package var scope: String
  /// Whether the map hangs on scores of the prompt and is off in it.
  package var isOffInPrompt: Bool

  package init(name: String, scope: String, isOffInPrompt: Bool = false) {
    self.name = name
    self.scope = scope
    self.isOffInPrompt = isOffInPrompt
  }
}

extension LanguageModel {
  /// The maps with a strength that scoring these texts cannot measure, in the order of the plan: at no token that is read
  /// are they on.
  package func unmeasuredMaps(_ texts: [ScoredText], strengths: Steering) -> [UnmeasuredMap] {
    plan.scopes.compactMap { name, scope in
      guard let term = strengths.terms[name], !term.schedule.isOff else { return nil }
      let isOffInPrompt = term.hangsOnPrompt && !strengths.readsPromptAgain
      let isMeasured = texts.contains { text in
        guard text.tokens.count > text.firstScored else { return false }
        let promptCount = text.promptCount ?? text.tokens.count
        return (0..<text.tokens.count - 1).contains { position in
          !(isOffInPrompt && position < promptCount)
            && scope.contains(position: position, promptCount: promptCount)
            && term.schedule.strength(ofGenerated: position - promptCount) != 0
        }
      }
      return isMeasured
        ? nil : UnmeasuredMap(name: name, scope: scope.description, isOffInPrompt: isOffInPrompt)
    }
  }
}
