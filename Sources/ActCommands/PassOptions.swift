import ActIR
import ActPasses
import ActTerminal
import ArgumentParser

/// Options of the pass manager, the same for every command that runs passes.
struct PassManagerOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Print the graph after each of these passes, or after all.", valueName: "a,b,c|all"),
    completion: .list(["all"] + passNames))
  var printAfter: String?
  @Flag(inversion: .prefixedNo, help: "Verify the graph after each pass.") var verifyEach = true
  @Flag(help: "Print how long each pass took and what it left.") var timing = false
  @Option(
    help: ArgumentHelp("Run no pass after this one.", valueName: "pass"), completion: .list(passNames))
  var stopAfter: String?
  @Option(
    help: ArgumentHelp("Run only the first N passes, to find the one that goes wrong.", valueName: "n"))
  var bisect: Int?

  func validate() throws {
    if let bisect, bisect < 0 { throw ValidationError("--bisect: expected 0 or more, found \(bisect)") }
    if let stopAfter, try passesNamed(stopAfter, in: "--stop-after").count != 1 {
      throw ValidationError("--stop-after: expected one pass, found `\(stopAfter)`")
    }
    if let printAfter, printAfter != "all" { _ = try passesNamed(printAfter, in: "--print-after") }
  }

  func makePassManager() throws -> PassManager {
    var manager = PassManager()
    manager.verifiesEach = verifyEach
    manager.limit = bisect
    manager.stopsAfter = stopAfter
    if let printAfter {
      manager.printsAfter =
        printAfter == "all" ? .all : .named(Set(try passesNamed(printAfter, in: "--print-after").map(\.name)))
    }
    manager.print = { title, graph in note("// \(title)\n\(graph)") }
    return manager
  }

  /// Prints the timings if they are wanted; an error where a pass that an option names has not run.
  func report(_ timings: [PassManager.Timing]) throws {
    let ran = Set(timings.map(\.pass))
    if bisect == nil {
      if let stopAfter, !ran.contains(stopAfter) {
        throw ValidationError("--stop-after: `\(stopAfter)` is not among the passes that run here")
      }
      if let printAfter, printAfter != "all", stopAfter == nil,
        let absent = try passesNamed(printAfter, in: "--print-after").first(where: { !ran.contains($0.name) })
      {
        throw ValidationError("--print-after: `\(absent.name)` is not among the passes that run here")
      }
    }
    guard timing else { return }
    var table = Table(["pass", "ms", "changed", "nodes after"])
    for entry in timings {
      table.rows.append([
        entry.pass, fixed(entry.duration.seconds * 1000, 2), entry.changed ? "yes" : "no",
        "\(entry.nodeCount)",
      ])
    }
    note(table.description)
  }
}

/// The names of all passes, for completion.
var passNames: [String] { registeredPasses.map(\.name) }

/// The passes that a list `a,b,c` names; `option` is where it was given.
func passesNamed(_ list: String, in option: String) throws -> [RegisteredPass] {
  try list.split(separator: ",", omittingEmptySubsequences: false).map { name in
    guard let pass = registeredPasses.first(where: { $0.name == name }) else {
      throw ValidationError("\(option): no pass `\(name)`; `actc passes` lists them")
    }
    return pass
  }
}
