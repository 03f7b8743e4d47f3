import Testing
import Workbench

/// `make install` puts everything in its place, and `make uninstall` takes it away.
@Suite struct InstallTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private static let script =
    #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 } + "/Scripts/install.sh"
  private static let tools = Tool.actc.path.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }

  private func bash(_ script: String, environment: [String: String] = [:]) throws -> Outcome {
    try Child("/bin/bash", ["-c", script], input: "/dev/null", output: nil, environment: environment)
      .wait(.seconds(60))
  }

  private func files() throws -> Set<String> {
    Set(try bash("cd '\(directory.path)' && find . -type f").text.split(separator: "\n").map(String.init))
  }

  @Test func installsAndRemoves() throws {
    let environment = ["DESTDIR": directory.path]
    let installed = try bash("'\(Self.script)' --from '\(Self.tools)' /opt/act", environment: environment)
    try #require(installed.code == 0, "\(installed.error)")
    let expected = ["actc", "actrun"].flatMap { tool in
      [
        "bin/\(tool)", "share/man/man1/\(tool).1", "share/bash-completion/completions/\(tool)",
        "share/zsh/site-functions/_\(tool)", "share/fish/vendor_completions.d/\(tool).fish",
      ]
    }
    #expect(try files() == Set(expected.map { "./opt/act/\($0)" }))
    let root = "\(directory.path)/opt/act"
    for tool in [Tool.actc, .actrun] {
      #expect(try bash("'\(root)/bin/\(tool)' --version").text == tool.run("--version").text)
      let manual = try bash("head -1 '\(root)/share/man/man1/\(tool).1'").text
      #expect(manual.hasPrefix(".TH "), "\(manual)")
    }
    let completed = try bash(
      """
      . '\(root)/share/bash-completion/completions/actc'
      COMP_WORDS=(actc comp) COMP_CWORD=1 COMP_LINE='actc comp' COMP_POINT=9
      _actc actc comp actc
      echo "${COMPREPLY[@]}"
      """)
    #expect(completed.text == "compile\n", "\(completed.error)")

    let removed = try bash("'\(Self.script)' --remove /opt/act", environment: environment)
    #expect(removed.code == 0, "\(removed.error)")
    #expect(try files().isEmpty)
  }

  /// Tools that cannot say what they take are not installed, and neither is a part of them.
  @Test func installsAllOrNothing() throws {
    let broken = try directory.makeDirectory("broken")
    _ = try bash(
      "cp '\(Self.tools)/actc' '\(broken)'; printf '#!/bin/sh\\nexit 1\\n' >'\(broken)/actrun'; chmod +x '\(broken)'/*"
    )
    let outcome = try bash("'\(Self.script)' --from '\(broken)' '\(directory.path)/prefix'")
    #expect(outcome.code != 0)
    #expect(directory.contents == ["broken"])
  }

  @Test(arguments: ["", "relative", "/a /b", "--from /a"])
  func refusesOtherArguments(_ arguments: String) throws {
    let outcome = try bash("'\(Self.script)' \(arguments)")
    #expect(outcome.code == 2, "\(outcome.error)")
    #expect(!outcome.error.isEmpty)
  }
}
