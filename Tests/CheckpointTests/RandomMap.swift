import ActCompile
import ActFormats
import ActIR
import ModelChecks
import Testing

extension Model {
  /// A linear map of random parameters at each of the sites that match.
  func randomMap(at pattern: String, scope: String = "all") throws -> MapFile {
    var random = SplitMix64(state: 9)
    let sites = try sites(matching: [pattern]).map { name in
      let width = width(of: name)
      func values(_ range: ClosedRange<Float>) -> MapParameter {
        MapParameter((0..<width).map { _ in .random(in: range, using: &random) })
      }
      return MapFile.Site(
        name: name, width: width,
        parameters: [
          "slope": values(0.5...1.5), "source_mean": values(-1...1), "target_mean": values(-1...1),
        ])
    }
    var file = MapFile(
      FitDescription(.init("linear-act", version: "1")),
      transport: """
        graph @linear(%x: f32[T,D], %slope: f32[D], %source_mean: f32[D], %target_mean: f32[D], %strength: f32[]) {
          %centred = sub %x, %source_mean : f32[T,D]
          %scaled = mul %centred, %slope : f32[T,D]
          %transported = add %scaled, %target_mean : f32[T,D]
          %shift = sub %transported, %x : f32[T,D]
          %part = mul %shift, %strength : f32[T,D]
          %y = add %x, %part : f32[T,D]
          return %y
        }
        """,
      parameterNames: ["slope", "source_mean", "target_mean"], modelFingerprint: fingerprint, sites: sites)
    file.fit.scope = try #require(TokenScope(scope))
    return file
  }
}
