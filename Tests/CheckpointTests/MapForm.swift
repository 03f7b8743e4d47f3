import ActCompile
import ActFormats
import ActIR
import ModelChecks

/// A map by the form of its function.
enum MapForm: String {
  case affine, scale, shift, gated, lowRank

  private var body: String {
    switch self {
    case .affine:
      """
      %scaled = mul %x, %a : f32[T,D]
      %moved = add %scaled, %b : f32[T,D]
      %change = sub %moved, %x : f32[T,D]
      %part = mul %change, %strength : f32[T,D]
      %y = add %x, %part : f32[T,D]
      """
    case .scale:
      """
      %scaled = mul %x, %a : f32[T,D]
      %change = sub %scaled, %x : f32[T,D]
      %part = mul %change, %strength : f32[T,D]
      %y = add %x, %part : f32[T,D]
      """
    case .shift:
      """
      %part = mul %b, %strength : f32[D]
      %y = add %x, %part : f32[T,D]
      """
    case .gated:
      """
      %part = mul %b, %strength : f32[D]
      %moved = add %x, %part : f32[T,D]
      %above = gt %x, %a : bool[T,D]
      %y = select %above, %moved, %x : f32[T,D]
      """
    case .lowRank:
      """
      %along = linear %x, %v : f32[T,2]
      %back = linear %along, %u : f32[T,D]
      %moved = add %back, %b : f32[T,D]
      %part = mul %moved, %strength : f32[T,D]
      %y = add %x, %part : f32[T,D]
      """
    }
  }

  private var parameters: [(name: String, shape: String)] {
    switch self {
    case .affine, .gated: [("a", "D"), ("b", "D")]
    case .scale: [("a", "D")]
    case .shift: [("b", "D")]
    case .lowRank: [("v", "2,D"), ("u", "D,2"), ("b", "D")]
    }
  }

  /// A map of random parameters at `sites` of a model.
  func map(at sites: [String], of model: Model) -> MapFile {
    var random = SplitMix64(state: 5)
    let inputs = parameters.map { "%\($0.name): f32[\($0.shape)]" }.joined(separator: ", ")
    return MapFile(
      FitDescription(.init(rawValue, version: "1")),
      transport: """
        graph @\(rawValue)(%x: f32[T,D], \(inputs), %strength: f32[]) {
        \(body)
          return %y
        }
        """,
      parameterNames: parameters.map(\.name), modelFingerprint: model.fingerprint,
      sites: sites.map { site in
        let width = model.width(of: site)
        let values = parameters.map { name, shape in
          let sizes = shape.split(separator: ",").map { Int($0) ?? width }
          let range: ClosedRange<Float> = name == "a" ? 0.5...1.5 : -0.5...0.5
          let numbers = (0..<sizes.reduce(1, *)).map { _ in Float.random(in: range, using: &random) }
          return (name, MapParameter(numbers, shape: sizes))
        }
        return .init(name: site, width: width, parameters: Dictionary(uniqueKeysWithValues: values))
      })
  }
}
