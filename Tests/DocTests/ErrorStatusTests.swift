import Testing

/// Every error that a tool may end with says its exit status.
@Suite struct ErrorStatusTests {
  /// Errors that their module turns into others; functions that throw them say so by type.
  private static let inner: Set = [
    "NotAffine",
    "InstructionProblem", "MalformedBody", "TemplateError", "TokenizationFailure", "TypeMismatch",
  ]

  @Test func everyErrorHasOne() throws {
    var plain: Set<String> = []
    var statuses = 0
    for folder in ["Sources", "passes", "graphs"] {
      for path in Repository.files(under: folder, suffix: ".swift") {
        let text = try #require(Repository.text(path))
        for match in text.matches(of: #/(?:struct|enum|class|actor|extension) ([\w.]+):([^{]*)\{/#) {
          let conformances = match.2.split { !$0.isLetter && !$0.isNumber }
          if conformances.contains("Error") { plain.insert(String(match.1)) }
          if conformances.contains("ToolError") { statuses += 1 }
        }
      }
    }
    #expect(plain == Self.inner)
    #expect(statuses >= 18)
  }
}
