import ActCompile
import Glibc
import ModelChecks
import Testing

/// SmolLM2-135M-Instruct as `actc import` writes it, where `ACT_SMOLLM2` says it is.
enum SmolLM2 {
  static let path = getenv("ACT_SMOLLM2").map { String(cString: $0) }

  /// The condition of every suite on this model, with what a skipped one says.
  static let isThere = ConditionTrait.enabled(
    if: path != nil, "set ACT_SMOLLM2 to the directory that `actc import` made of SmolLM2-135M-Instruct")

  static func model() throws -> Model { try Model(try #require(path)) }

  static let prompts = ["short", "code", "unicode", "long"]
}
