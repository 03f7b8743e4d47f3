import ActTerminal
import Testing

@Suite struct ManualTests {
  private static let dump = #"""
    {"serializationVersion": 0, "command": {"commandName": "tool", "abstract": "Does it.", "arguments": [],
     "subcommands": [
      {"commandName": "go", "abstract": "Goes.", "discussion": "What's `a-b`?\n\nExample:\n  tool go 'x\\y' \\\n    -n 1\n",
       "arguments": [
        {"kind": "positional", "shouldDisplay": true, "valueName": "file", "abstract": ".txt first.",
         "isOptional": true, "isRepeating": true, "completionKind": {"file": {"extensions": []}}},
        {"kind": "option", "shouldDisplay": true, "names": [{"kind": "long", "name": "count"},
         {"kind": "short", "name": "n"}], "valueName": "count", "abstract": "How many: λ.",
         "isOptional": false, "allValues": ["1", "2"], "defaultValue": "1", "sectionTitle": "Numbers"},
        {"kind": "flag", "shouldDisplay": true, "names": [{"kind": "long", "name": "check"}],
         "abstract": "Check it.", "isOptional": true, "defaultValue": "--check"},
        {"kind": "flag", "shouldDisplay": true, "names": [{"kind": "long", "name": "no-check"}],
         "abstract": "Check it.", "isOptional": true},
        {"kind": "flag", "shouldDisplay": false, "names": [{"kind": "long", "name": "hidden"}],
         "abstract": "Hidden.", "isOptional": true}]},
      {"commandName": "help", "abstract": "Helps."}]}}
    """#

  @Test func readsTheTree() throws {
    let tool = try CommandDescription(parsing: Self.dump)
    #expect(tool.all.map(\.path) == [["tool"], ["tool", "go"]])
    let go = tool.subcommands[0]
    #expect(go.arguments.map(\.names) == [[], ["-n", "--count"], ["--check"], ["--no-check"]])
    #expect(go.arguments[0].completion == "file" && go.arguments[1].completion == nil)
    #expect(
      go.discussion.blocks == [
        .paragraph("What's `a-b`?"), .paragraph("Example:"), .verbatim(["tool go 'x\\y' \\", "  -n 1"]),
      ])
    #expect(go.discussion.commandLines(of: ["tool"]) == ["tool go 'x\\y'   -n 1"])
    #expect(throws: (any Error).self) {
      try CommandDescription(parsing: Self.dump.replacing(": 0", with: ": 1"))
    }
  }

  @Test func writesThePage() throws {
    let page = ManualPage(try CommandDescription(parsing: Self.dump), version: "1.2.3").text
    let lines = page.split(separator: "\n")
    for line in [
      #".TH "TOOL" 1 "" "tool 1.2.3""#, #"tool \- does it"#,
      #"\fBtool\fR \fBgo\fR [\fIoptions\fR] [\fIfile\fR ...] \fB\-\-count\fR \fIcount\fR"#,
      #"What\(aqs \fBa\-b\fR?"#, #"tool go \(aqx\ey\(aq \e"#, #"  \-n 1"#, #"\&.txt first."#,
      #"How many: \[u03BB]. (values: 1, 2; default: 1)"#, #"\fB\-\-check\fR, \fB\-\-no\-check\fR"#,
    ] {
      #expect(lines.contains { $0 == line }, "\(line)")
    }
    #expect(!page.contains("hidden") && !page.contains("Helps"))
    #expect(lines.count { $0 == "Check it. (default: \\-\\-check)" } == 1)
  }

  @Test func wrapsUsageBetweenArguments() {
    let message =
      "OVERVIEW: A long line stays as it is here.\n\nUSAGE: tool go [--a <a> ...] --bc <bc> <file> ...\n"
    #expect(wrappingUsage(message, to: 100) == message)
    #expect(
      wrappingUsage(message, to: 27) == """
        OVERVIEW: A long line stays as it is here.

        USAGE: tool go
               [--a <a> ...]
               --bc <bc> <file> ...

        """)
  }
}
