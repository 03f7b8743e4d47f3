import ActFormats
import ActIR
import ActTerminal

/// The graph of a `.graph` file, or of standard input for `-`, not yet verified.
func readGraph(_ path: String) throws -> Graph {
  let text = try readText(path)
  do { return try Graph(parsing: text) } catch {
    throw FileError(path == "-" ? "standard input" : path, "line \(error.line)", error.problem)
  }
}
