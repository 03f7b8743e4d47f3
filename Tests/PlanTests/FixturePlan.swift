import ActCompile
import ActFormats
import ActIR
import ActLowering
import ActPasses
import ActPlan
import ModelChecks
import Testing

/// A committed checkpoint and a way to lower it.
struct FixturePlan: Sendable, CustomTestStringConvertible {
  enum Form: String, CaseIterable { case plain, reference, noFuse, noArena, frozen }

  var checkpoint: String
  var form: Form
  /// The support of a map at every norm and output; nil: no map.
  var support: Support?

  static let all: [FixturePlan] = smallCheckpoints.flatMap { checkpoint in
    Form.allCases.flatMap { form in
      [nil, .all, .quantiles(lower: 0, upper: 100)].map {
        FixturePlan(checkpoint: checkpoint, form: form, support: $0)
      }
    }
  }

  var testDescription: String { "\(checkpoint) \(form) \(support.map { "\($0)" } ?? "bare")" }

  func lowered() throws -> Plan {
    let model = try Model(fixture(checkpoint))
    var options = CompileOptions()
    options.fuses = form != .reference && form != .noFuse
    options.lowering.sharesArena = form != .reference && form != .noArena
    options.lowering.maximumRows = 24
    var maps = MapSet()
    if support != nil {
      try maps.add(fitted: map(for: model), name: "m")
      if form == .frozen { options.frozen = ["m": 0.5] }
    }
    return try model.compile(maps, options).plan
  }

  private func map(for model: Model) throws -> MapFile {
    let method = try #require(registeredMethods.first)
    let transport = try method.transport(#require(support))
    let parameters = transport.inputs.map { transport[$0].name }.filter { $0 != "x" && $0 != "strength" }
    let chosen = Set(try model.sites(matching: ["*norm", "*.self_attn.o_proj", "model.layers.1"]))
    return MapFile(
      FitDescription(.init(method.name, version: method.version)), transport: transport.description,
      parameterNames: parameters, modelFingerprint: model.fingerprint,
      sites: model.sites.filter { chosen.contains($0.name) }.map { name, type in
        let width = type.shape.last?.fixed ?? 0
        let values = MapParameter((0..<width).map { Float($0) / 8 - 1 })
        return .init(
          name: name, width: width,
          parameters: Dictionary(uniqueKeysWithValues: parameters.map { ($0, values) }))
      })
  }
}
