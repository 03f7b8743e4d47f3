import ActFormats
import ActTerminal
import Testing
import Workbench

/// What `actc fit` tells of a fit, and its plot.
@Suite struct FitSummaryTests {
  let workshop: Workshop
  let directory: TemporaryDirectory

  init() throws {
    workshop = try Workshop.get()
    directory = try TemporaryDirectory()
  }

  private func fit(_ arguments: String...) throws -> Outcome {
    let outcome = try Tool.actc.run(
      [
        "fit", workshop.model, "--source", workshop.source, "--target", workshop.target, "--sites", "*norm",
        "*.o_proj", "-o", directory.file("x.maps.safetensors"),
      ] + arguments)
    try #require(outcome.code == 0, "\(outcome.error)")
    return outcome
  }

  @Test func table() throws {
    let outcome = try fit("--support", "q0-100")
    #expect(outcome.output.isEmpty)
    #expect(outcome.error.contains(" once transported: root mean square over the sites"))
    #expect(outcome.error.contains("| site "))
    #expect(outcome.error.contains("tokens outside |"))
    #expect(outcome.error.contains("the 12 sites with the largest effect, of 13"))
    // Two lines, the head with its rule, 12 sites and the last line.
    #expect(outcome.errorLines.count == 2 + 2 + 12 + 1)
  }

  /// How many channels took the mean shift alone is said of methods that scale, and of no others.
  @Test func meanShiftAlone() throws {
    let scaling = try fit("--method", "gaussian-act")
    #expect(scaling.error.contains(" of 416 channels by mean shift alone, "))
    #expect(scaling.error.contains("| mean shift alone |"))
    let path = directory.file("x.maps.safetensors")
    #expect(try Tool.actc.run("show", path).text.contains(" by mean shift alone; "))

    let shifting = try fit("--method", "mean-act")
    #expect(!shifting.error.contains("mean shift"), "\(shifting.error)")
    #expect(!(try Tool.actc.run("show", path).text.contains("mean shift")))
    let json = try JSON(parsing: try fit("--method", "mean-act", "--json").output)
    let sites = try #require(json["sites"]?.array)
    #expect(sites.allSatisfy { $0["mean_shift_channels"] == .null })
  }

  @Test func json() throws {
    let json = try JSON(parsing: try fit("--json").output)
    let sites = try #require(json["sites"]?.array)
    #expect(sites.count == 13)
    #expect(json["source_samples"]?.int == 4)
    for site in sites {
      let (before, after) = (site["distance_before"]?.double ?? 0, site["distance_after"]?.double ?? 0)
      #expect(before > after && after > 0, "\(site)")
      #expect(site["tokens_outside_support"] == .null)
    }
    #expect((sites.reduce(0) { $0 + ($1["share_of_effect"]?.double ?? 9) } - 1).magnitude < 1e-6)
  }

  @Test func plot() throws {
    let path = directory.file("x.svg")
    _ = try fit("--plot", path)
    let svg = String(decoding: try readBytes(path), as: UTF8.self)
    #expect(isWellFormed(svg))
    for word in ["model.layers.*.self_attn.o_proj", "prefers-color-scheme: dark", "once transported"] {
      #expect(svg.contains(word))
    }
    // Two points a site.
    #expect(svg.components(of: "<circle") == 2 * 13 + 2)
    let refused = directory.file("absent/x.svg")
    try expectRefusal(
      .actc,
      ["fit", workshop.model, "--source", workshop.source, "--target", workshop.target, "--plot", refused]
        + ["-o", directory.file("y")], 3, refused)
  }

  @Test func plotsOfAnything() {
    let title = "<a & \"b\"> 'c' \u{1}\u{FFFF}]]>"
    for values in [[], [0], [0, 0], [.nan, 1], [1e-9, 3e-9], [.infinity, 12345678], [0.30000001]] {
      let points = values.enumerated().map { LinePlot.Point(x: $0 * 7 - 3, y: $1, label: title) }
      let panel = LinePlot.Panel(title: title, lines: [LinePlot.Line(series: 0, points: points)])
      let svg = LinePlot(
        title: title, xLabel: title, yLabel: title, series: [title], panels: [panel, panel]
      ).svg
      #expect(isWellFormed(svg), "\(values)")
      #expect(!svg.contains("nan") && !svg.contains("inf"), "\(values)")
      #expect(svg.contains("&lt;a &amp; &quot;b&quot;&gt; &#39;c&#39; \u{FFFD}\u{FFFD}]]&gt;"))
    }
  }

  static let scales: [(value: Double, ticks: [Double])] = [
    (1, [0, 0.2, 0.4, 0.6, 0.8, 1]), (0.97, [0, 0.2, 0.4, 0.6, 0.8, 1]), (1.04, [0, 0.5, 1, 1.5]),
    (3, [0, 1, 2, 3]), (47, [0, 10, 20, 30, 40, 50]), (0.031, [0, 0.01, 0.02, 0.03, 0.04]), (0, [0, 0.5, 1]),
  ]

  @Test(arguments: scales)
  func ticks(value: Double, expected: [Double]) {
    #expect(LinePlot.ticks(upTo: value) == expected)
  }

  /// Whether every tag is closed in order and every `&` begins an entity.
  private func isWellFormed(_ text: String) -> Bool {
    var open: [Substring] = []
    var rest = text[...]
    while let start = rest.firstIndex(of: "<") {
      guard let end = rest[start...].firstIndex(of: ">") else { return false }
      let tag = rest[rest.index(after: start)..<end]
      let name = tag.prefix { $0.isLetter || $0 == "/" }
      if tag.hasPrefix("/") {
        guard open.popLast() == tag.dropFirst() else { return false }
      } else if !tag.hasSuffix("/") {
        open.append(name)
      }
      rest = rest[rest.index(after: end)...]
    }
    let entities = ["amp;", "lt;", "gt;", "quot;", "#39;"]
    let areEntities = text.indices.allSatisfy { index in
      text[index] != "&" || entities.contains { text[text.index(after: index)...].hasPrefix($0) }
    }
    return open.isEmpty && areEntities
  }
}

extension String {
  fileprivate func components(of part: String) -> Int {
    indices.count { self[$0...].hasPrefix(part) }
  }
}
