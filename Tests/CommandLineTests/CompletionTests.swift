import ActFormats
import Testing
import Workbench

/// What bash completes with the script that `actc` prints.
@Suite struct CompletionTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
    let made = try Tool.actc.run("--generate-completion-script", "bash")
    try #require(made.code == 0, "\(made.error)")
    try directory.write(made.text, to: "actc.bash")
    for name in ["a.txt", "b.jsonl", "c.plan", "d.maps.safetensors", "e.gguf", "f.graph"] {
      try directory.write("", to: name)
    }
    _ = try directory.makeDirectory("model")
  }

  /// What the last of `words` is completed to.
  private func completions(_ words: [String]) throws -> Set<String> {
    let driver = try directory.write(
      """
      cd '\(directory.path)' && source ./actc.bash
      COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
      _actc actc "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
      printf '%s\\n' "${COMPREPLY[@]}"

      """, to: "driver.bash")
    let child = try Child(
      "/bin/bash", [driver] + words, input: "/dev/null", output: nil, environment: [:])
    let outcome = try child.wait(.seconds(20))
    #expect(outcome.code == 0, "\(outcome.error)")
    return Set(outcome.text.split(separator: "\n").map { $0.trimmingSuffix(" ") })
  }

  private func names(_ list: String) throws -> Set<String> {
    let entries = try #require(JSON(parsing: Tool.actc.run(list, "--json").output).array)
    return Set(entries.compactMap { $0["name"]?.string })
  }

  @Test func registeredNames() throws {
    #expect(try completions(["actc", "fit", "M", "--method", ""]) == names("methods"))
    #expect(try completions(["actc", "opt", "F", "--passes", ""]) == names("passes"))
    #expect(try completions(["actc", "compile", "M", "--stop-after", ""]) == names("passes"))
  }

  @Test(arguments: [
    (["compile", "M", "--weights", ""], ["bf16", "f32", "q4", "q8"]),
    (["compile", "M", "--kv", ""], ["bf16", "f32"]),
    (["fit", "M", "--pooling", "m"], ["max", "mean", "min"]), (["import", "F", "--dtype", "s"], ["stored"]),
    (["compile", "M", "--force", ""], ["fingerprint"]),
  ])
  func enumerations(words: [String], expected: [String]) throws {
    #expect(try completions(["actc"] + words) == Set(expected))
  }

  /// Files by the endings that an argument takes, beside directories.
  @Test(arguments: [
    (["fit", "M", "--source", ""], ["a.txt", "b.jsonl", "d.maps.safetensors"]), (["fit", ""], ["e.gguf"]),
    (["show", ""], ["c.plan", "d.maps.safetensors", "e.gguf", "f.graph"]), (["import", ""], ["e.gguf"]),
    (["compile", "M", "-o", ""], ["c.plan"]), (["solve", ""], ["d.maps.safetensors"]),
  ])
  func files(words: [String], expected: [String]) throws {
    #expect(try completions(["actc"] + words) == Set(expected + ["model"]))
  }
}

extension Substring {
  fileprivate func trimmingSuffix(_ suffix: String) -> String {
    hasSuffix(suffix) ? String(dropLast(suffix.count)) : String(self)
  }
}
