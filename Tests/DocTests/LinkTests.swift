import Testing

/// What pages refer to is there.
@Suite struct LinkTests {
  private static let pages = Repository.files(under: "", suffix: ".md").map(Document.init(path:))

  @Test func findsPages() {
    #expect(Set(Self.pages.map(\.path)).isSuperset(of: ["README.md", "CONTRIBUTING.md", "docs/graph.md"]))
  }

  /// Links to files and headings of this repository; others are not followed.
  @Test(arguments: pages) func linksResolve(_ page: Document) {
    for (line, text) in page.prose {
      for link in text.matches(of: #/\]\(([^)\s]+)\)/#).map({ String($0.1) }) where !link.contains("://") {
        let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(
          String.init)
        let target = parts[0].isEmpty ? page.path : resolve(parts[0], from: page.path)
        #expect(Repository.exists(target), "\(page.path):\(line): \(link)")
        if parts.count == 2 {
          #expect(anchors(of: Document(path: target)).contains(parts[1]), "\(page.path):\(line): \(link)")
        }
      }
    }
  }

  /// A path of this repository between backquotes, such as `passes/Registry.swift`, exists, from the root or the page.
  @Test(arguments: pages) func pathsExist(_ page: Document) {
    let folders = Repository.folders(in: ".").filter { !$0.hasPrefix(".") }
    let here = page.path.split(separator: "/").dropLast().map { $0 + "/" }.joined()
    for (line, text) in page.prose {
      for path in codeSpans(text) where folders.contains(where: { path.hasPrefix($0 + "/") }) {
        guard path.wholeMatch(of: #/[\w.\/+-]+/#) != nil, !Self.placeholders.contains(where: path.contains)
        else { continue }
        #expect(Repository.exists(path) || Repository.exists(here + path), "\(page.path):\(line): \(path)")
      }
    }
  }

  /// What stands for any name, and the pass that `docs/passes.md` writes as an example.
  private static let placeholders = ["NAME", "FOLDER", "MergeSlices", "merge-slices"]

  /// The path from the root of a link that stands in a page.
  private func resolve(_ link: String, from page: String) -> String {
    var parts = page.split(separator: "/").dropLast()
    for part in link.split(separator: "/") {
      if part == ".." { parts = parts.dropLast() } else if part != "." { parts.append(part) }
    }
    return parts.isEmpty ? "." : parts.joined(separator: "/")
  }

  /// The anchors of a page's headings, as GitHub makes them.
  private func anchors(of page: Document) -> [String] {
    page.prose.map(\.text).filter { $0.hasPrefix("#") }.map { heading in
      heading.drop { $0 == "#" }.dropFirst().lowercased()
        .filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" || $0 == "_" }
        .map { $0 == " " ? "-" : String($0) }.joined()
    }
  }
}
