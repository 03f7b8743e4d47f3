import ActErrors

/// A graph that breaks a rule: the node, what the rule expects and what was found.
public struct VerifyError: ToolError, Hashable {
  /// The pass after which the graph was checked, where there was one.
  public var pass: String?
  /// The node as the text form shows it, or `@` and the graph's name.
  public var node: String
  /// What the rule expects.
  public var expected: String
  /// What the graph has.
  public var found: String

  public var exitStatus: ExitStatus { .badFile }
  public var description: String {
    (pass.map { "after \($0): " } ?? "") + "\(node): expected \(expected), found \(found)"
  }
}

extension Graph {
  /// Checks that every node's type follows from its operands, whether a result needs it or not, that names of results
  /// and sites are unique, and that the graph has results and no cycle.
  public func verify(after pass: String? = nil) throws(VerifyError) {
    func failure(_ node: String, _ expected: String, _ found: String) -> VerifyError {
      VerifyError(pass: pass, node: node, expected: expected, found: found)
    }
    if results.isEmpty { throw failure("@\(name)", "at least one result", "none") }
    var named = Set<String>()
    for result in results where !named.insert(result.name).inserted {
      throw failure("@\(name)", "results of different names", "`\(result.name)` twice")
    }
    var seen = Set<ValueID>()
    var sites: [String: String] = [:]
    let needed = order
    let isNeeded = Set(needed)
    for id in needed + order(from: liveValues).filter({ !isNeeded.contains($0) }) {
      let node = self[id]
      let label = "%\(node.name) = \(node.op.mnemonic)"
      for input in node.inputs where !seen.contains(input) {
        throw failure(label, "operands defined before it", "a cycle through %\(self[input].name)")
      }
      seen.insert(id)
      do {
        if let type = try node.op.resultType(of: node.inputs.map { self.type($0) }), type != node.type {
          throw failure(label, "a result of \(type)", "\(node.type)")
        }
      } catch let error as TypeMismatch {
        throw failure(label, error.expected, error.found)
      } catch let error as VerifyError {
        throw error
      } catch {
        preconditionFailure("\(error)")
      }
      // What a pass has replaced may keep its site until it is erased.
      if isNeeded.contains(id), let site = node.site, let other = sites.updateValue(node.name, forKey: site) {
        throw failure(label, "one value at site \(site)", "%\(other) there too")
      }
    }
  }
}
