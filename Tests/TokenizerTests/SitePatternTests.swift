import ActFormats
import ActText
import Testing

@Suite struct SitePatternTests {
  @Test(arguments: [
    ("model.norm", "model.norm"),
    ("*", ""),
    ("*", "model.layers.3"),
    ("*norm", "model.layers.3.input_layernorm"),
    ("model.layers.*.mlp", "model.layers.13.mlp"),
    ("*.1*.*", "model.layers.1.mlp.10.x"),
    ("**norm**", "norm"),
    ("model.layers.?.mlp", "model.layers.3.mlp"),
    ("layers.[0-3].mlp", "layers.2.mlp"),
    ("layers.[13]", "layers.3"),
    ("layers.[!0-3]", "layers.7"),
    ("layers.[-a]", "layers.-"),
    ("re:model\\.layers\\.(3|7)\\..*", "model.layers.7.mlp"),
    ("*:in", "model.norm:in"),
    ("model.norm:in", "model.norm:in"),
    ("*.?_proj:delta", "a.o_proj:delta"),
    ("re:.*:(in|delta)", "model.norm:in"),
    ("re:.*norm(:in)?", "model.norm:in"),
    ("re:.*norm(:in)?", "model.norm"),
  ])
  func matches(_ pattern: String, _ site: String) throws {
    #expect(try SitePattern(pattern).matches(site))
  }

  @Test(arguments: [
    ("model.norm", "model.norm.weight"),
    ("model.norm", "a.model.norm"),
    ("model.norm", "modelxnorm"),
    ("", "model"),
    ("*norm", "model.norm.x"),
    ("layers.?", "layers.13"),
    ("layers.[0-3]", "layers.4"),
    ("layers.[!0-3]", "layers.0"),
    ("layers.[!0-3]", "layers."),
    ("*", "model.norm:in"),
    ("*:*", "model.norm:in"),
    ("*in", "model.norm:in"),
    ("model.norm?in", "model.norm:in"),
    ("*:in", "model.norm"),
    ("*:in", "model.norm:delta"),
    ("re:.*", "model.norm:in"),
    ("re:.*in", "model.norm:in"),
    ("re:model\\.norm.in", "model.norm:in"),
    ("re:layers", "model.layers"),
    ("re:layers", "layers.0"),
  ])
  func doesNotMatch(_ pattern: String, _ site: String) throws {
    #expect(try SitePattern(pattern).matches(site) == false)
  }

  @Test(arguments: ["re:(", "re:[", "layers.[0", "layers.[]", "layers.[!]", "layers.[3-0]"])
  func refuses(_ pattern: String) {
    #expect(throws: SitePatternError.self) { try SitePattern(pattern) }
  }

  @Test func refusesLongPatterns() throws {
    _ = try SitePattern(String(repeating: "a", count: 4096))
    #expect(throws: SitePatternError.self) { try SitePattern(String(repeating: "a", count: 4097)) }
  }

  /// Each of these runs for ever in an engine without limits.
  @Test(
    .timeLimit(.minutes(1)),
    arguments: ["re:(a+)+b", "re:(a|aa)+b", "re:(a*)*b", "re:(.*)*(.*)*(.*)*b", "re:(?:(?:a+)+)+b"])
  func givesUpOnExpressions(_ pattern: String) throws {
    let pattern = try SitePattern(pattern)
    let name = String(repeating: "a", count: 200)
    // PCRE2 sees at once that some of them cannot match.
    do { #expect(try pattern.matches(name) == false) } catch { #expect(error.problem.contains("given up")) }
  }

  @Test func saysWhatItGaveUpOn() throws {
    let names = [String(repeating: "a", count: 60) + "c"]
    let error = #expect(throws: SitePatternError.self) {
      try SitePattern.choose(["re:(a+)+[bd]"], from: names)
    }
    #expect(error?.problem.contains("aaac") == true, "\(error?.problem ?? "")")
  }

  /// A pattern of many stars takes no more than the product of both lengths.
  @Test(.timeLimit(.minutes(1))) func doesNotExplode() throws {
    let pattern = try SitePattern(String(repeating: "*a", count: 2000) + "b")
    #expect(try !pattern.matches(String(repeating: "a", count: 20_000)))
  }
}
