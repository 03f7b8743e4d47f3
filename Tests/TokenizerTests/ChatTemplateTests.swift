import ActFormats
import ActText
import FoundationEssentials
import Testing
import Workbench

/// Templates against the texts that Jinja made of them (`Scripts/make-chat-fixtures.py`).
@Suite struct ChatTemplateTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var number: Int
    var name: String
    var template: String
    /// What the template is given.
    var given: JSON
    /// nil where the template raises.
    var text: String?

    var testDescription: String { "\(number), \(name)" }
  }

  static let cases = read(fixture("chat/cases.json"))

  /// A file of more cases, of templates that are not ours to keep here, or nil where the environment does not name one.
  static let more = ProcessInfo.processInfo.environment["ACT_CHAT_CASES"]

  private static func read(_ path: String) -> [Case] {
    guard let json = try? JSON(readingFile: path) else { return [] }
    return (json.array ?? []).enumerated().map { number, json in
      Case(
        number: number, name: json["name"]?.string ?? "", template: json["template"]?.string ?? "",
        given: json["given"] ?? .null, text: json["text"]?.string)
    }
  }

  /// Noon of 26 July 2024, UTC.
  private static let noon = 1_721_995_200

  private func template(_ text: String) throws -> ChatTemplate {
    let config: JSON = .object([
      "bos_token": .string("<s>"), "eos_token": .string("</s>"), "pad_token": .string("<pad>"),
      "unk_token": .object(["content": .string("<unk>")]), "cls_token": .null, "chat_template": .string(text),
    ])
    return try ChatTemplate(TokenizerConfig(json: config, path: "t"), path: "tokenizer_config.json") {
      Self.noon
    }
  }

  private func text(of item: Case) throws -> String {
    let variables = (item.given.members ?? []).filter {
      !["messages", "add_generation_prompt", "tools", "documents"].contains($0.key)
    }
    return try template(item.template).text(
      of: item.given["messages"]?.array ?? [], addsPrompt: item.given["add_generation_prompt"]?.bool ?? false,
      tools: item.given["tools"]?.array, documents: item.given["documents"]?.array, variables: variables)
  }

  @Test func coverage() {
    #expect(Self.cases.count > 150)
    #expect(Set(Self.cases.map(\.template)).count > 100)
    #expect(Self.cases.count { $0.text == nil } > 60)
  }

  @Test(arguments: cases.filter { $0.text != nil })
  func equalsTransformers(item: Case) throws {
    let found = try text(of: item)
    let expected = item.text ?? ""
    guard Array(found.unicodeScalars) != Array(expected.unicodeScalars) else { return }
    let same = zip(found.unicodeScalars, expected.unicodeScalars).prefix { $0 == $1 }.count
    func part(_ text: String) -> String {
      String(String.UnicodeScalarView(text.unicodeScalars.dropFirst(max(0, same - 30)).prefix(90)))
    }
    Issue.record(
      "at \(same): found \(part(found).debugDescription), expected \(part(expected).debugDescription)")
  }

  @Test(arguments: cases.filter { $0.text == nil })
  func raisesLikeTransformers(item: Case) {
    // `transformers` refuses an empty chat before it reads a template.
    if item.given["messages"]?.array?.isEmpty == true { return }
    let error = #expect(throws: FileError.self) { try text(of: item) }
    #expect(error?.place == "chat_template")
    let isUnknown = ["unknown statement", "do"].contains(item.name)
    #expect(error?.isUnsupported == isUnknown, "\(String(describing: error))")
    if item.name == "refuses" { #expect(error?.problem == "the template refuses the chat: no system!") }
  }

  @Test(.enabled(if: more != nil, "ACT_CHAT_CASES names no file of cases"))
  func equalsTransformersOnMore() {
    let cases = Self.read(Self.more ?? "")
    #expect(!cases.isEmpty)
    var (equal, refused) = (0, 0)
    for item in cases {
      do {
        let found = try text(of: item)
        if let expected = item.text, found.unicodeScalars.elementsEqual(expected.unicodeScalars) {
          equal += 1
        } else {
          Issue.record(
            "\(item.testDescription): other than expected: \(item.text == nil ? "an error" : found)")
        }
      } catch {
        if item.text == nil {
          refused += 1
        } else {
          Issue.record("\(item.testDescription): \(error)")
        }
      }
    }
    print("\(cases.count) cases, \(equal) equal, \(refused) refused by both")
  }

  /// Known to Jinja, not to us: refused as not supported when the template is read or run, never guessed at.
  @Test(arguments: [
    "{% include 'x' %}", "{% import 'x' as y %}", "{% extends 'x' %}", "{% block a %}{% endblock %}",
    "{% for m in messages recursive %}{% endfor %}", "{% macro f() %}{{ varargs }}{% endmacro %}",
    "{{ f(*messages) }}", "{{ messages | groupby('role') }}", "{{ 'a' | urlize }}", "{{ messages | random }}",
    "{{ lipsum() }}", "{{ '\\N{DIGIT ONE}' }}", "{{ 'a'.encode() }}", "{{ '{:>5}'.format('a') }}",
    "{{ '%(a)s' % {'a': 1} }}", "{{ range(3) }}", "{{ messages | map('upper') }}", "{{ namespace() }}",
    "{{ ('<' | safe).upper() }}", "{{ ('<' | safe) | upper }}", "{{ 1 is frobnicated }}",
    "{{ sep_token }}", "{{ messages[0, 1] }}", "{{ 'é'.casefold() }}",
  ])
  func unsupported(text: String) {
    let error = #expect(throws: FileError.self) {
      _ = try template(text).text(of: [.object(["role": .string("user"), "content": .string("x")])])
    }
    #expect(error?.isUnsupported == true, "\(String(describing: error))")
  }

  @Test(arguments: [
    ("{% if a %}", "an `if` without `endif`"), ("{% for m in messages %}", "a `for` without `endfor`"),
    ("{% endif %}", "`endif` without its beginning"),
    ("{% if a %}{% endfor %}", "expected `endif` of `if`, found `endfor`"),
    ("{{ a", "a tag that does not end"), ("{{ 'a }}", "a string that does not end"),
    ("{# a", "a comment that"),
    ("{{ }}", "expected a value, found its end"), ("{{ a b }}", "expected the end of the tag, found `b`"),
    ("{{ a ; }}", "an unexpected `;`"), ("{{ 99999999999999999999 }}", "a number out of range"),
    (
      "{{ \(String(repeating: "(", count: 500))1\(String(repeating: ")", count: 500)) }}", "nested too deeply"
    ),
    ("{{ \(String(repeating: "not ", count: 500)) a }}", "nested too deeply"),
    ("{{ \(String(repeating: "-", count: 500)) 1 }}", "nested too deeply"),
    ("{{ a\(String(repeating: ".b", count: 500)) }}", "nested too deeply"),
    ("{{ a\(String(repeating: "+a", count: 500)) }}", "a chain of more than 128 operators"),
    ("{{ a\(String(repeating: "~a", count: 5000)) }}", "a tag of more than 4096 parts"),
    (String(repeating: "{% if a %}", count: 500), "nested too deeply"),
    ("{% macro f(a=1, b) %}{% endmacro %}", "the parameter `b` without a default after one that has it"),
    ("{% call f %}{% endcall %}", "expected a call after `call`"),
    ("{% set a, b %}{% endset %}", "without a value"),
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
    ("{{ x.y }}", "`.y` of an undefined value"), ("{{ 'a' + 1 }}", "`+` of a text and a number"),
    ("{{ 2 ** 64 }}", "a number out of range"), ("{{ 'a' * 1000000000 }}", "a repetition longer than"),
    ("{{ range(10 ** 9) | list }}", "a range of more than 100000 numbers"),
    ("{{ 'a'.center(10 ** 9) }}", "a width above"), ("{{ 'a\\nb' | indent(10 ** 9) }}", "a width up to 4096"),
    ("{{ '%999999d' % 1 }}", "a width above 4096"),
    ("{{ 'aaaa'.replace('', 'x' * 1000000) * 9 }}", "too large, or too deep"),
    ("{% macro f(n) %}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}", "does a macro call itself without end?"),
    ("{% macro f(n) %}{{ f(n) }}{{ f(n) }}{% endmacro %}{{ f(0) }}", "does a macro call itself without end?"),
    ("{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}", "runs too long"),
    (
      "{% set ns = namespace(a=[0]) %}{% for i in range(60) %}{% set ns.a = [ns.a, ns.a] %}{% endfor %}{{ ns.a }}",
      "too large, or too deep"
    ),
    (
      "{% set ns = namespace(a=[0]) %}{% for i in range(40) %}{% set ns.a = [ns.a, ns.a] %}{% endfor %}{{ ns.a == ns.a }}{{ ns.a | tojson }}",
      "too large, or too deep"
    ),
    (
      "{% set ns = namespace(s='ab') %}{% for i in range(99) %}{% set ns.s = ns.s.replace('a', 'aa') %}{% endfor %}",
      "too large, or too deep"
    ),
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

  /// A file of its own comes before the configuration's template.
  @Test func templateInItsOwnFile() throws {
    let directory = try TemporaryDirectory()
    #expect(throws: FileError.self) { try ChatTemplate(directory: directory.path) }
    try directory.write(#"{"bos_token":"<s>","chat_template":"old"}"#, to: "tokenizer_config.json")
    #expect(try ChatTemplate(directory: directory.path).text(of: []) == "old")
    try directory.write("{{ bos_token }}new", to: "chat_template.jinja")
    #expect(try ChatTemplate(directory: directory.path).text(of: []) == "<s>new")
  }

  @Test func missing() {
    let error = #expect(throws: FileError.self) { try ChatTemplate(TokenizerConfig(), path: "t.json") }
    #expect(error?.description.contains("chat_template: is missing") == true)
  }
}
