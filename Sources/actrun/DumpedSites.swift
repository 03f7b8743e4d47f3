import ActIR
import ActPlan
import ActRuntime
import ActText

/// The sites that `--dump` asks for, and what of a run they come from.
struct DumpedSites {
  /// In order of execution.
  private let names: [String]
  /// What a run has to hand out.
  let observed: Set<String>

  /// The sites of `engines` that `patterns` match. What a module adds to its input is the difference of two values, where
  /// the plan does not compute it itself.
  init(_ patterns: [String], of engines: [Engine]) throws {
    let available = engines.flatMap(\.dumpableSites)
    names = try SitePattern.choose(
      patterns, from: available,
      unmatched: "matches no site that this plan computes; fused ones are kept by `actc compile --no-fuse`")
    let computed = Set(engines.flatMap(\.observableSites))
    observed = Set(names.flatMap { computed.contains($0) ? [$0] : ModuleSite($0).terms })
  }

  /// The results of a run with what was asked for, of `results` with all that was ``observed``.
  func results(of results: [ResultTensor]) -> [ResultTensor] {
    let sites = Dictionary(
      results.filter { observed.contains($0.name) }.map { ($0.name, $0) }, uniquingKeysWith: { a, _ in a })
    let dumped = names.compactMap { name -> ResultTensor? in
      if let own = sites[name] { return own }
      let terms = ModuleSite(name).terms.compactMap { sites[$0] }
      guard terms.count == 2 else { return nil }
      return ResultTensor(
        name: name, shape: terms[0].shape, values: zip(terms[0].values, terms[1].values).map { $0 - $1 })
    }
    return results.filter { !observed.contains($0.name) } + dumped
  }
}

extension ModuleSite {
  /// The sites of the output and the input whose difference a module adds.
  fileprivate var terms: [String] {
    [Part.output, .input].map { ModuleSite($0, of: module).description }
  }
}

extension Engine {
  /// The sites whose values a run can hand out, in order of execution.
  fileprivate var dumpableSites: [String] {
    var types: [String: TensorType] = [:]
    for value in plan.values { if let site = value.site { types[site] = value.type } }
    return observableSites.flatMap { name in
      let (site, delta) = (ModuleSite(name), ModuleSite(.delta, of: ModuleSite(name).module).description)
      let input = ModuleSite(.input, of: site.module).description
      let isDifference = site.part == .output && types[delta] == nil && types[input] == types[name]
      return isDifference ? [name, delta] : [name]
    }
  }
}
