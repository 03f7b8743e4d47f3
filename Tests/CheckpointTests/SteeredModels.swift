import Testing

/// Where the checks steer: norms, linear outputs, the residual stream, and all three.
enum SteeredSites: String, CaseIterable, CustomTestStringConvertible {
  case norms = "*_layernorm"
  case outputs = "*.self_attn.o_proj"
  case residual = "re:model\\.layers\\.[0-9]+"
  case everything = "re:model\\.layers\\..*"

  var testDescription: String { "\(self)" }
}
