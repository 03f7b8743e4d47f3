import Glibc
import Testing
import Workbench

/// Help, completions and manual pages are what is recorded, so that a change of them is seen.
@Suite struct SnapshotTests {
  private static let shells = ["bash", "zsh", "fish"]

  @Test(arguments: CommandTree.commands) func help(_ command: Command) throws {
    try Snapshot(name: helpName(command)).check(command.help())
  }

  @Test(arguments: CommandTree.tools, shells) func completions(_ tool: Command, shell: String) throws {
    let outcome = try tool.tool.run("--generate-completion-script", shell)
    try #require(outcome.code == 0 && outcome.error.isEmpty, "\(outcome.error)")
    try Snapshot(name: "completions/\(tool.name).\(shell)").check(outcome.text)
  }

  @Test(arguments: CommandTree.tools) func manual(_ tool: Command) throws {
    let outcome = try tool.tool.run("--generate-manual")
    try #require(outcome.code == 0 && outcome.error.isEmpty, "\(outcome.error)")
    #expect(outcome.output.allSatisfy { $0 < 0x80 })
    try Snapshot(name: "manual/\(tool.name).1").check(outcome.text)
  }

  /// What a command that is gone has left.
  @Test func nothingElseIsRecorded() {
    let known = [
      "help": CommandTree.commands.map(helpName),
      "completions": CommandTree.tools.flatMap { tool in
        Self.shells.map { "completions/\(tool.name).\($0)" }
      },
      "manual": CommandTree.tools.map { "manual/\($0.name).1" },
    ]
    for (folder, names) in known {
      for file in TemporaryDirectory.contents("\(Snapshot.folder)/\(folder)")
      where !names.contains("\(folder)/\(file)") {
        if Snapshot.isRecording {
          unlink("\(Snapshot.folder)/\(folder)/\(file)")
        } else {
          Issue.record("\(folder)/\(file) belongs to no command; `make snapshots` removes it")
        }
      }
    }
  }

  private func helpName(_ command: Command) -> String {
    "help/\(command.name.replacing(" ", with: "-")).txt"
  }
}
