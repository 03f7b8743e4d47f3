import ActFormats
import ActPlan
import ActRuntime
import ActTerminal
import ActText
import ArgumentParser
import Glibc

struct ChatCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "chat", abstract: "Holds a conversation with a model.",
    discussion: """
      Each line is a message, and the answer is printed as it comes. Ctrl-C ends an answer, and while no answer comes \
      the chat. A chat that outgrows the plan's context forgets its oldest messages. Lines that begin with / are \
      commands: /steer football=0.5 turns a dial from the next answer on, /steer shows the dials, /reset begins anew, \
      /exit ends the chat.

      Examples:
        actrun chat SmolLM2.plan
        actrun chat steered.plan --system 'Answer in one sentence.' \\
          --steer football=0.5
        echo 'What is a lighthouse?' | actrun chat SmolLM2.plan --temp 0
      """)

  @Argument(help: "The plan.", completion: .file(extensions: ["plan"])) var plan: String
  @Option(help: "What the model is told before the first message.") var system: String?
  @Option(name: [.customShort("n"), .long], help: "The most tokens of an answer.") var tokens = 512
  @OptionGroup var sampling: SamplingArguments
  @OptionGroup var steering: SteeringOptions

  func validate() throws {
    guard (1...1 << 20).contains(tokens) else { throw ValidationError("-n: expected 1 or more tokens") }
    try steering.validateSingle()
  }

  func run() throws {
    let file = try PlanFile(plan)
    let model = try LanguageModel(file, threads: steering.threads)
    var chat = Conversation(model, try file.makeChatTemplate(), system: system)
    var strengths = try steering.strengths(for: model)
    var sampling = sampling.options
    let isTerminal = isatty(STDIN_FILENO) == 1
    if isTerminal { note("Ctrl-C ends an answer, /exit the chat; /steer and /reset are commands too.") }
    while let line = readMessage(isTerminal) {
      if line.first == "/" {
        guard obey(line, model, &chat, &strengths) else { return }
        continue
      }
      if line.allSatisfy(\.isWhitespace) { continue }
      // An answer that fills the context leaves no message.
      let room = min(tokens, max(1, model.contextLength / 2))
      let asked: (tokens: [Int32], forgotten: Int)
      do { asked = try chat.ask(line, room: room) } catch let error as EngineError {
        note("\(error); shorten it, or compile the plan with a larger --context")
        continue
      }
      if asked.forgotten > 0 {
        note("forgot the \(asked.forgotten) oldest messages, for which there is no room")
      }
      var request = GenerationRequest(prompt: asked.tokens, maximumTokens: room)
      request.strengths = strengths
      request.sampling = sampling
      request.stopTokens = model.endTokens
      chat.answer(try answer(request, model))
      sampling.seed &+= 1
      try finishOutput()
    }
  }

  /// Prints an answer as it comes; returns it.
  private func answer(_ request: GenerationRequest, _ model: LanguageModel) throws -> String {
    var decoder = model.tokenizer?.streamingDecoder()
    let generation = try Interruption.catching {
      try model.generate(
        [request], onToken: { _, token in stream(decoder?.append(Int(token)) ?? "") },
        isStopped: { Interruption.isPending }
      ).generations[0]
    }
    stream((decoder?.finish() ?? "") + "\n")
    return model.decode(generation.tokens)
  }

  /// Carries out a command; returns whether the chat goes on.
  private func obey(
    _ line: String, _ model: LanguageModel, _ chat: inout Conversation, _ strengths: inout Steering
  ) -> Bool {
    let words = line.split(separator: " ", maxSplits: 1).map(String.init)
    switch words[0] {
    case "/exit": return false
    case "/reset":
      chat.reset()
      note("began anew")
    case "/steer":
      do {
        if words.count == 2 { strengths.terms.merge(try change(words[1], model)) { $1 } }
        let dials = model.plan.dials.map { name in "\(name)=" + (strengths.terms[name].map { "\($0)" } ?? "0")
        }
        note(dials.isEmpty ? "the plan has no dials" : dials.joined(separator: ", "))
      } catch { note("/steer: \(error)") }
    default: note("unknown command \(words[0]); there are /steer, /reset and /exit")
    }
    return true
  }

  private func change(_ text: String, _ model: LanguageModel) throws -> [String: Steering.Term] {
    let expression = try SteeringExpression(parsing: text)
    guard let change = expression.single else {
      throw SteeringExpression.Malformed(description: "expected one strength for each map")
    }
    try model.engine.check(change)
    for name in expression.extrapolated { note("strength of `\(name)` outside [0, 1] extrapolates the map") }
    return change.terms
  }

  private func readMessage(_ isTerminal: Bool) -> String? {
    if isTerminal { showPrompt("> ") }
    return readLine()
  }
}
