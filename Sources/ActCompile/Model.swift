import ActFormats
import ActGraphs
import ActIR
import ActLowering

/// A model directory, opened: its weights, its configuration and its graph.
public struct Model: Sendable {
  public let path: String
  public let checkpoint: Checkpoint
  public let graph: Graph
  public let contextLength: Int

  /// Opens a Hugging Face directory and builds the graph of its architecture.
  public init(_ path: String) throws {
    self.path = path
    checkpoint = try Checkpoint(path)
    let checkpoint = checkpoint
    let configurationPath = "\(path)/config.json"
    let model = try ModelGraph(
      configuration: try JSON(readingFile: configurationPath), path: configurationPath,
      weightType: { name in checkpoint.tensor(named: name).flatMap { TensorType($0.info) } })
    graph = model.graph
    contextLength = model.contextLength
  }

  public var fingerprint: String { checkpoint.fingerprint }

  /// The sites in order of execution, with the type of their value.
  public var sites: [(name: String, type: TensorType)] {
    graph.order.compactMap { id in graph[id].site.map { ($0, graph.type(id)) } }
  }

  /// The channels of a site; 0 where there is none of that name.
  public func width(of site: String) -> Int {
    graph.value(at: site).flatMap { graph.type($0).shape.last?.fixed } ?? 0
  }

  /// The sites that any of `patterns` matches, in order of execution; a pattern that matches none is an error.
  public func sites(matching patterns: [String]) throws -> [String] {
    do {
      return try SitePattern.choose(
        patterns, from: sites.map(\.name), unmatched: "matches no site; list them with `actc sites \(path)`")
    } catch { throw UsageError("\(error)") }
  }
}

/// A request that makes no sense for the files given; exit code 2.
public struct UsageError: Error, Hashable, CustomStringConvertible {
  public var description: String

  public init(_ description: String) { self.description = description }
}
