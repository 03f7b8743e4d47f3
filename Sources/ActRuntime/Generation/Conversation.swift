import ActFormats
import ActText

/// A chat with a model: its messages, and how they are laid out for the next answer.
package struct Conversation {
  private let model: LanguageModel
  private let template: ChatTemplate
  private let system: String?
  /// The messages of the user and the answers, in turns; the first is the user's.
  private var turns: [(role: String, content: String)] = []

  /// Begins a chat, with a message of the system where there is one.
  package init(_ model: LanguageModel, _ template: ChatTemplate, system: String?) {
    self.model = model
    self.template = template
    self.system = system
  }

  /// Forgets all messages but the system's.
  package mutating func reset() { turns = [] }

  /// Adds a message of the user, and lays out the chat for its answer.
  ///
  /// Where the chat leaves no room for the answer in the plan's context, its oldest turns are forgotten.
  ///
  /// - Parameters:
  ///   - text: the message.
  ///   - room: the most tokens of the answer.
  /// - Returns: the tokens to continue, and how many messages were forgotten.
  /// - Throws: `EngineError` for a message that leaves no room by itself, which is not added, and what the template and
  ///   the tokenizer throw.
  package mutating func ask(_ text: String, room: Int) throws -> (tokens: [Int32], forgotten: Int) {
    let before = turns
    turns.append(("user", text))
    do {
      var forgotten = 0
      while true {
        let tokens = try layOut()
        if tokens.count + room <= model.contextLength { return (tokens, forgotten) }
        guard turns.count > 2 else {
          throw EngineError(
            "a message of \(tokens.count) tokens and an answer of \(room); the plan's context is "
              + "\(model.contextLength)")
        }
        turns.removeFirst(2)
        forgotten += 2
      }
    } catch {
      turns = before
      throw error
    }
  }

  /// Adds the answer to the last message.
  package mutating func answer(_ text: String) { turns.append(("assistant", text)) }

  private func layOut() throws -> [Int32] {
    let messages = (system.map { [("system", $0)] } ?? []) + turns.map { ($0.role, $0.content) }
    let text = try template.text(
      of: messages.map { role, content in
        JSON.object(["role": .string(role), "content": .string(content)])
      }, addsPrompt: true)
    // What a template lays out has its special tokens.
    return try model.encode(text, addSpecialTokens: false)
  }
}
