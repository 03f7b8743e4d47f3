import ActCompile
import ActFit
import ActFormats
import ActIR
import ActPasses
import Glibc
import ModelChecks
import Testing
import Workbench

/// Fits that go on from what an earlier run has finished.
@Suite struct ResumedFitTests {
  private let model: Model
  private let sites: [String]
  private let directory: TemporaryDirectory
  private let output: String
  private let data: PairedSamples
  private var options = FitOptions(method: linearAct)

  init() throws {
    model = try Model(fixture("tiny-gqa"))
    sites = try model.sites(matching: ["*_proj", "*norm"])
    directory = try TemporaryDirectory()
    output = directory.file("out")
    options.samples.output = output
    func samples(_ seed: Int32) -> [[Int32]] {
      (0..<8).map { index in (0..<9 + index).map { (seed * Int32($0 + 3) + index * 7) % 64 } }
    }
    data = PairedSamples(source: samples(5), target: samples(11))
  }

  /// What lay beside the output each time that a segment was finished.
  private func snapshots() throws -> [[UInt8]] {
    var found: [[UInt8]] = []
    try removePartialFit(beside: output)
    _ = try fit(model, data, sites: sites, options: options) { _ in
      guard let bytes = try? directory.read("out.partial"), bytes != found.last else { return }
      found.append(bytes)
    }
    return found
  }

  @Test func everySegmentCanBeTheLastFinished() throws {
    let expected = try fit(model, data, sites: sites, options: options)
    let snapshots = try snapshots()
    #expect(snapshots.count > 10)
    for snapshot in snapshots {
      try directory.write(snapshot, to: "out.partial")
      var notes: [String] = []
      let found = try fit(model, data, sites: sites, options: options, note: { notes.append($0) })
      #expect(found == expected)
      #expect(notes.count == 1 && notes[0].hasPrefix("resuming after "))
    }
    #expect(Set(snapshots).count == snapshots.count)
  }

  /// The report of a resumed fit covers what was finished before.
  @Test func theReportOfAResumedFitIsWhole() throws {
    func summary() throws -> FitSummary {
      var options = options
      options.report = FitReport()
      return FitSummary(try fit(model, data, sites: sites, options: options), options)
    }
    let expected = try summary()
    #expect(expected.sites.map(\.name) == sites)
    // All is finished but the removal of the partial file, then half of it.
    #expect(try summary() == expected)
    let snapshots = try snapshots()
    try directory.write(snapshots[snapshots.count / 2], to: "out.partial")
    #expect(try summary() == expected)
  }

  @Test func anotherFitStartsAnew() throws {
    let partial = try #require(try snapshots().last)
    func check(_ data: PairedSamples, _ sites: [String], _ options: FitOptions) throws {
      try directory.write(partial, to: "out.partial")
      var notes: [String] = []
      let found = try fit(model, data, sites: sites, options: options, note: { notes.append($0) })
      #expect(notes.count == 1 && notes[0].hasSuffix("starting anew"), "\(notes)")
      var elsewhere = options
      elsewhere.samples.output = nil
      #expect(found == (try fit(model, data, sites: sites, options: elsewhere)))
    }
    var others = [FitOptions(method: meanAct), options, options]
    others[0].samples = options.samples
    others[1].support = .quantiles(lower: 0, upper: 100)
    others[2].samples.scope = TokenScope(.all, skippedPositions: 1)
    for other in others { try check(data, sites, other) }
    try check(data, Array(sites.dropFirst()), options)
    var other = data
    other.source[3].tokens[2] += 1
    try check(other, sites, options)
    other = data
    other.target[0].pooledFrom = 1
    try check(other, sites, options)
  }

  @Test func aDamagedFileStartsAnew() throws {
    let expected = try fit(model, data, sites: sites, options: options)
    let partial = try #require(try snapshots().last)
    for damaged in [Array(partial.dropLast(10)), [], Array("nothing".utf8)] {
      try directory.write(damaged, to: "out.partial")
      var notes: [String] = []
      let found = try fit(model, data, sites: sites, options: options, note: { notes.append($0) })
      #expect(found == expected)
      #expect(notes.count == 1 && notes[0].hasSuffix("starting anew"), "\(notes)")
    }
  }

  @Test func nothingIsLeftOnceRemoved() throws {
    _ = try fit(model, data, sites: sites, options: options)
    #expect(directory.contents == ["out.partial"])
    try removePartialFit(beside: output)
    try removePartialFit(beside: output)
    #expect(directory.contents.isEmpty)
  }

  @Test func aPlaceThatCannotBeWrittenIsAnError() throws {
    var options = options
    options.samples.output = "/nonexistent/out"
    let error = #expect(throws: FileError.self) { try fit(model, data, sites: sites, options: options) }
    #expect(error?.path == "/nonexistent/out.partial")
  }
}
