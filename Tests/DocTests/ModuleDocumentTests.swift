import Testing

/// The table of modules in `docs/architecture.md` is that of `Package.swift`.
@Suite struct ModuleDocumentTests {
  @Test func namesAllTargets() {
    #expect(!documented.isEmpty)
    #expect(Set(documented.map(\.name)) == Set(targets.keys))
  }

  @Test func importsAreThoseOfThePackage() {
    for module in documented {
      #expect(Set(module.imports) == targets[module.name], "docs/architecture.md: \(module.name)")
    }
  }

  /// ``| `NAME` | what it does | `IMPORT`, … |``; some rows name their folder after the name.
  private let documented = Document("architecture.md").rows(of: "module").map { row in
    (name: codeSpans(row[0])[0], imports: codeSpans(row[2]))
  }

  /// Our modules by target of the package, tests, benchmarks and the system's libraries aside.
  private let targets: [String: Set<String>] = {
    let manifest = Repository.text("Package.swift") ?? ""
    var found: [String: Set<String>] = [:]
    // Every declaration reaches to the next one.
    for declaration in manifest.split(separator: #/\.(?:target|executableTarget|testTarget|systemLibrary)\(/#)
      .dropFirst()
    {
      guard let name = declaration.firstMatch(of: #/name: "(\w+)"/#)?.1 else { continue }
      let isOurs = name.hasPrefix("Act") || name == "actc" || name == "actrun"
      let path = declaration.firstMatch(of: #/path: "([^"]+)"/#)?.1 ?? ""
      guard isOurs, !path.hasPrefix("Tests"), !path.hasPrefix("Benchmarks") else { continue }
      let list = declaration.firstMatch(of: #/dependencies: \[([^\]]*)\]/#)?.1 ?? ""
      found[String(name)] = Set(list.matches(of: #/"(Act\w+)"/#).map { String($0.1) })
    }
    return found
  }()
}
