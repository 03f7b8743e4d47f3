import FileCheck
import Testing

@Suite struct FileCheckTests {
  private let output = """
    graph @a {
      %x = weight
      %y = mul %x, %x
      %z = add %y, %x
    }
    graph @b {
      %x = dial
    }
    """

  private func failure(_ checks: String) -> CheckFailure? {
    do {
      try fileCheck(output, against: checks)
      return nil
    } catch { return error }
  }

  @Test(arguments: [
    "// CHECK: %x = weight",
    "// CHECK: %x  =   weight",
    "// CHECK: graph @a\n// CHECK-NEXT: %x = weight\n// CHECK-NEXT: %y",
    "// CHECK-LABEL: graph @b\n// CHECK: %x = dial",
    "// CHECK-LABEL: graph @a\n// CHECK-NOT: dial\n// CHECK-LABEL: graph @b\n// CHECK-NOT: mul",
    "// CHECK-COUNT-2: = {{mul|add}}",
    "// CHECK: [[Y:%[a-z]+]] = mul\n// CHECK: = add [[Y]], %x",
    "// CHECK: = mul [[X:%.]], [[X]]",
    "// CHECK: {{^}}  %z = add %y, %x{{$}}",
    "// CHECK: %y\n// CHECK-NOT: weight",
    "no checks at all",
  ])
  func holds(_ checks: String) { #expect(failure(checks) == nil) }

  @Test(arguments: [
    ("// CHECK: %q", 1, "no match for `%q`\n  output line 1: graph @a {"),
    ("\n// CHECK: %y\n// CHECK: %x = weight", 3, "it would match\n  output line 2:   %x = weight"),
    ("// CHECK: %x = weight\n// CHECK-NEXT: %z", 2, "output line 3:   %y = mul %x, %x"),
    ("// CHECK-NEXT: %x", 1, "CHECK-NEXT needs a match before it"),
    ("// CHECK: %x\n// CHECK-NOT: mul\n// CHECK: %z", 2, "`mul` is there\n  output line 3"),
    ("// CHECK: %z\n// CHECK-NOT: dial", 2, "`dial` is there\n  output line 7"),
    ("// CHECK-LABEL: graph @a\n// CHECK: dial\n// CHECK-LABEL: graph @b", 2, "no match for `dial`"),
    ("// CHECK-LABEL: graph @c", 1, "no match for `graph @c`"),
    ("// CHECK-COUNT-3: = {{mul|add}}", 1, "after 2 of 3 matches"),
    ("// CHECK: [[Y:%x]] = weight\n// CHECK: add [[Y]]", 2, "Y is `%x`"),
    ("// CHECK: = mul [[X:%.]]\n// CHECK: = add [[X]], [[Q]]", 2, "`Q` was never captured"),
    ("// CHECK: {{(}}", 1, "malformed regular expression"),
    ("// CHECK: {{x", 1, "unclosed `{{`"),
    ("// CHECK: [[x", 1, "unclosed `[[`"),
    ("// CHECK:", 1, "`CHECK` has no pattern"),
    ("// CHECK that", 1, "expected `:` after `CHECK`"),
    ("// CHECK-NETX: %x", 1, "unknown directive `CHECK-NETX`"),
    ("// CHECK-COUNT-0: %x", 1, "`CHECK-COUNT-0`: expected a count above 0"),
  ])
  func fails(_ checks: String, _ line: Int, _ problem: String) {
    let failure = failure(checks)
    #expect(failure?.line == line)
    #expect(failure?.problem.contains(problem) == true, "\(failure?.problem ?? "no failure")")
  }

  @Test func counts() throws {
    #expect(try fileCheck(output, against: "// CHECK: %x\n// prose\n// CHECK-NOT: %q") == 2)
    #expect(try fileCheck(output, against: "// OTHER: %x\n// CHECK: %q", prefix: "OTHER") == 1)
  }
}
