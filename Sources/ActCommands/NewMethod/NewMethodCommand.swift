import ActFormats
import ActPasses
import ActTerminal
import ArgumentParser

struct NewMethodCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "new-method",
    abstract: "Writes a Swift package with a steering method, and an actc that knows it.",
    discussion: """
      The package builds, and its method passes the checks that every method must pass. It shifts by the difference of \
      the means: replace it by yours, part by part.

      Example:
        actc new-method centre-act -o centre-act
      """)

  @Argument(help: "The method's name, in small letters, digits and single hyphens.") var name: String
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The directory to write, where nothing may be yet; by default one of the method's name.",
      valueName: "directory"),
    completion: .directory)
  var output: String?
  @Option(
    name: .customLong("package"),
    help: ArgumentHelp(
      "The package of actc to depend on: its directory or its URL; by default the one that this actc was built in.",
      valueName: "package"),
    completion: .directory)
  var location: String?

  func run() throws {
    guard SteeringMethod.isName(name) else {
      throw ValidationError(
        "expected a name of small letters, digits and single hyphens, as in centre-act, found `\(name)`")
    }
    guard !KnownMethods.all.contains(where: { $0.name == name }) else {
      throw ValidationError("a method is named `\(name)` already; expected a name of its own")
    }
    let skeleton = MethodSkeleton(name, dependingOn: try PackageLocation(location))
    let directory = output ?? name
    try skeleton.write(to: directory)
    note("wrote \(directory)")
    note("next: cd \(directory); swift test; swift run -c release \(skeleton.tool) methods \(name)")
  }
}
