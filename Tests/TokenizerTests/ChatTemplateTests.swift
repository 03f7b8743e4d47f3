import ActFormats
import ActText
import Testing

/// Templates against the texts that Jinja made of them (`Scripts/make-chat-fixtures.py`).
@Suite struct ChatTemplateTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var template: String
    var messages: [JSON]
    var addsPrompt: Bool
    /// nil where the template refuses the chat.
    var text: String?

    var testDescription: String { "\(name), \(messages.count) messages\(addsPrompt ? ", prompt" : "")" }
  }

  static let cases: [Case] = {
    guard let json = try? JSON(readingFile: fixture("chat/cases.json")) else { return [] }
    return (json.array ?? []).map { json in
      Case(
        name: json["name"]?.string ?? "", template: json["template"]?.string ?? "",
        messages: json["messages"]?.array ?? [], addsPrompt: json["add_generation_prompt"]?.bool ?? false,
        text: json["text"]?.string)
    }
  }()

  private func template(_ text: String) throws -> ChatTemplate {
    try ChatTemplate(
      TokenizerConfig(bosToken: "<s>", eosToken: "</s>", chatTemplate: text), path: "tokenizer_config.json")
  }

  @Test func coverage() {
    #expect(Self.cases.count == 36)
    #expect(Self.cases.contains { $0.text == nil })
  }

  @Test(arguments: cases)
  func equalsJinja(item: Case) throws {
    let template = try template(item.template)
    guard let expected = item.text else {
      let error = #expect(throws: FileError.self) {
        try template.text(of: item.messages, addsPrompt: item.addsPrompt)
      }
      #expect(error?.problem == "the template refuses the chat: no system!")
      #expect(error?.isUnsupported == false)
      return
    }
    let found = try template.text(of: item.messages, addsPrompt: item.addsPrompt)
    #expect(Array(found.unicodeScalars) == Array(expected.unicodeScalars), "\(found.debugDescription)")
  }

  /// Known to Jinja, not to us: refused as not supported when the template is read or run, never guessed at.
  @Test(arguments: [
    "{% macro f() %}{% endmacro %}", "{% for a, b in messages %}{% endfor %}", "{{ strftime_now('%d') }}",
    "{% for m in messages if m %}{% endfor %}", "{{ messages | tojson }}", "{{ messages }}", "{{ {'a': 1} }}",
    "{{ (1, 2) }}", "{% set x %}a{% endset %}", "{% for m in messages %}{% else %}{% endfor %}",
    "{{ 1 < 2 < 3 }}", "{{ messages is iterable }}", "{{ 'a'.split() }}", "{{ pad_token }}",
    "{% generation %}{% endgeneration %}", "{% for c in 'abc' %}{% endfor %}", "{{ '\\x41' }}",
    "{{ 'a' | replace('a', 'b') }}", "{{ messages == messages }}",
  ])
  func unsupported(text: String) {
    let error = #expect(throws: FileError.self) {
      _ = try template(text).text(of: [.object(["role": .string("user"), "content": .string("x")])])
    }
    #expect(error?.isUnsupported == true, "\(String(describing: error))")
  }

  @Test(arguments: [
    ("{% if a %}", "an `if` without `endif`"), ("{% for m in messages %}", "a `for` without `endfor`"),
    ("{% endif %}", "`endif` without its beginning"), ("{% if a %}{% endfor %}", "ends with `endfor`"),
    ("{{ a", "a tag that does not end"), ("{{ 'a }}", "a string that does not end"),
    ("{# a", "a comment that"),
    ("{{ }}", "expected a value, found its end"), ("{{ a b }}", "expected the end of the tag, found `b`"),
    ("{{ a ; }}", "an unexpected `;`"), ("{{ 99999999999999999999 }}", "a number out of range"),
    ("{{ \(String(repeating: "(", count: 500)) }}", "nested too deeply"),
    ("{{ \(String(repeating: "not ", count: 500)) a }}", "nested too deeply"),
    ("{{ \(String(repeating: "-", count: 500)) 1 }}", "nested too deeply"),
    ("{{ a\(String(repeating: ".b", count: 500)) }}", "nested too deeply"),
    ("{{ a\(String(repeating: "+a", count: 5000)) }}", "a tag of more than 1024 parts"),
    (String(repeating: "{% if a %}", count: 500), "nested too deeply"),
    (String(repeating: "a", count: 2_000_000), "longer than 1 MiB"),
  ])
  func malformed(text: String, problem: String) {
    let error = #expect(throws: FileError.self) { try template(text) }
    #expect(error?.description.contains(problem) == true, "\(String(describing: error))")
    #expect(error?.isUnsupported == false)
  }

  /// Templates that run away stop.
  @Test(arguments: [
    ("{{ 9223372036854775807 + 1 }}", "a number out of range"), ("{{ 1 // 0 }}", "a division by 0"),
    ("{{ x.y }}", "a member of an undefined value"), ("{{ 'a' + 1 }}", "`+` of values"),
    (
      "{% set ns = namespace(s='aaaaaaaa') %}{% for m in messages %}{% set ns.s = ns.s ~ ns.s %}{{ ns.s }}{% endfor %}",
      "longer than"
    ),
    (
      "{% for a in messages %}{% for b in messages %}{% for c in messages %}{% for d in messages %}"
        + "{% for e in messages %}{% endfor %}{% endfor %}{% endfor %}{% endfor %}{% endfor %}",
      "runs too long"
    ),
  ])
  func runsThatFail(text: String, problem: String) throws {
    let messages = (0..<40).map { _ in JSON.object(["role": .string("user"), "content": .string("x")]) }
    let error = #expect(throws: FileError.self) { try template(text).text(of: messages) }
    #expect(error?.description.contains(problem) == true, "\(String(describing: error))")
  }

  @Test func missing() {
    let error = #expect(throws: FileError.self) { try ChatTemplate(TokenizerConfig(), path: "t.json") }
    #expect(error?.description.contains("chat_template: is missing") == true)
  }
}
