import ActIR
import ActPasses
import ActTerminal
import ArgumentParser

/// Options of the pass manager, the same for every command that runs passes.
struct PassManagerOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Print the graph after these passes, or after all.", valueName: "names|all"))
  var printAfter: String?
  @Flag(inversion: .prefixedNo, help: "Verify the graph after each pass.") var verifyEach = true
  @Flag(help: "Print how long each pass took.") var timing = false
  @Option(help: ArgumentHelp("Run no pass after this one.", valueName: "name")) var stopAfter: String?
  @Option(help: ArgumentHelp("Run the first N passes only, to bisect.", valueName: "n")) var bisect: Int?

  func makePassManager() throws -> PassManager {
    var manager = PassManager()
    manager.verifiesEach = verifyEach
    manager.limit = bisect ?? .max
    let known = Set(registeredPasses.map(\.name))
    func check(_ name: String) throws -> String {
      guard known.contains(name) else { throw ValidationError("no pass `\(name)`; see `actc passes`") }
      return name
    }
    manager.stopsAfter = try stopAfter.map(check)
    if let printAfter {
      manager.printsAfter =
        printAfter == "all" ? .all : .named(Set(try printAfter.split(separator: ",").map { try check(String($0)) }))
    }
    manager.print = { title, graph in note("// \(title)\n\(graph)") }
    return manager
  }

  func report(_ timings: [PassManager.Timing]) {
    guard timing else { return }
    var table = Table(["pass", "ms", "changed", "nodes after"])
    for entry in timings {
      table.rows.append([
        entry.pass, fixed(entry.duration.seconds * 1000, 2), entry.changed ? "yes" : "no", "\(entry.nodeCount)",
      ])
    }
    note(table.description)
  }
}
