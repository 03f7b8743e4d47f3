import ActFormats
import Testing

@Suite struct RecordFilterTests {
  private let record = DataRecord(
    fields: .object([
      "toxicity": .number("0.75"), "label": .string("toxic"), "n": .string("12"), "empty": .string(""),
      "none": .null, "flag": .bool(true), "spelled": .string("true"), "Best Answer": .string("é"),
      "prompt": .object(["score": .number("1e-3"), "deep": .object(["x.y": .number("2")])]),
    ]), path: "f", line: 9)

  @Test(arguments: [
    ("toxicity>=0.75", true), ("toxicity > 0.75", false), ("toxicity<=0.75", true), ("toxicity<.75", false),
    ("toxicity==0.750", true), ("toxicity!=0.75", false), ("toxicity==7.5e-1", true), ("toxicity>-1", true),
    ("label==toxic", true), ("label == \"toxic\"", true), ("label=='toxi'", false), ("label!=toxic", false),
    ("label==TOXIC", false), ("n>9", true), ("n==12.0", true), ("n=='12'", true), ("n=='12.0'", false),
    ("empty>0", false), ("empty<=0", false), ("empty==\"\"", true), ("none>0", false), ("none==null", true),
    ("none!=null", false), ("absent==null", true), ("absent<1", false), ("!(absent<1)", true),
    ("flag==true", true), ("flag!=false", true), ("spelled==true", true), ("label==true", false),
    ("`Best Answer`=='\u{E9}'", true), ("`Best Answer`=='e\u{301}'", false),
    ("prompt.score<0.01", true), ("prompt.deep.x.y==2", true), ("prompt==null", false),
    ("prompt=='x'", false),
    ("label==toxic && n>9", true), ("label==x && n>9", false), ("label==x || n>9", true),
    // `&&` binds before `||`.
    ("label==toxic || label==x && n>99", true), ("(label==toxic || label==x) && n>99", false),
    ("!label==x", true), ("!!label==toxic", true), ("  ( ( n>1 ) ) ", true),
    ("label=='a\\'b' || n==12", true),
  ])
  func accepts(text: String, expected: Bool) throws {
    #expect(try RecordFilter(text).accepts(record) == expected)
  }

  @Test(arguments: [
    ("", 1, "the name of a field"), ("toxicity", 9, "expected one of >="),
    ("toxicity=1", 9, "expected one of"),
    ("toxicity>=", 11, "expected a value"), ("toxicity>=high", 11, "expected a number after `>=`"),
    ("toxicity>='1'", 11, "expected a number after"), ("a==1 b==2", 6, "expected `&&`, `||` or the end"),
    ("a==1 &&", 8, "the name of a field"), ("(a==1", 6, "expected `)`"), ("a==1)", 5, "or the end"),
    ("a=='x", 6, "expected `'`"), ("`a==1", 6, "expected ```"), ("a==inf", 4, "a finite number"),
    ("a>nan", 3, "a finite number"), ("a>1e999", 3, "a finite number"), ("==1", 1, "the name of a field"),
    (String(repeating: "(", count: 9999), 1, "longer than"),
    (String(repeating: "(", count: 999), 33, "nested too deeply"),
    (String(repeating: "!", count: 999), 64, "nested too deeply"),
  ])
  func rejects(text: String, character: Int, problem: String) {
    let error = #expect(throws: RecordFilterError.self) { try RecordFilter(text) }
    #expect(error?.character == character)
    #expect(error?.problem.contains(problem) == true, "\(String(describing: error))")
  }

  /// A chain as long as a condition may be is no deeper than the stack.
  @Test func longChains() throws {
    let chain = Array(repeating: "n>9", count: 680).joined(separator: "&&")
    #expect(try RecordFilter(chain).accepts(record))
  }

  @Test(arguments: ["label>1", "flag>1", "prompt>1"])
  func textsAreNotNumbers(text: String) throws {
    let filter = try RecordFilter(text)
    let error = #expect(throws: FileError.self) { try filter.accepts(record) }
    #expect(error?.place == "line 9")
  }
}
