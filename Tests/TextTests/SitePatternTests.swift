import ActIR
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
  ])
  func matches(_ pattern: String, _ site: String) throws {
    #expect(try #require(SitePattern(pattern)).matches(site))
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
    ("re:layers", "model.layers"),
    ("re:layers", "layers.0"),
  ])
  func doesNotMatch(_ pattern: String, _ site: String) throws {
    #expect(try #require(SitePattern(pattern)).matches(site) == false)
  }

  @Test(arguments: ["re:(", "re:[", "layers.[0", "layers.[]", "layers.[!]", "layers.[3-0]"])
  func refuses(_ pattern: String) { #expect(SitePattern(pattern) == nil) }

  /// A pattern of many stars takes no more than the product of both lengths.
  @Test(.timeLimit(.minutes(1))) func doesNotExplode() throws {
    let pattern = try #require(SitePattern(String(repeating: "*a", count: 2000) + "b"))
    #expect(!pattern.matches(String(repeating: "a", count: 20_000)))
  }
}
