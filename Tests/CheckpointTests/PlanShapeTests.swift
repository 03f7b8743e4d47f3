import ActCompile
import ActFormats
import ActLowering
import ModelChecks
import Testing

/// What steering may cost a plan, in counts.
@Suite struct PlanShapeTests {
  static let checkpoints = ["tiny-gqa", "tiny-tied", "tiny-plain"]

  @Test(arguments: checkpoints)
  func steeringNormsAddsNoKernelToTheStep(checkpoint: String) throws {
    let model = try Model(fixture(checkpoint))
    let bare = try model.compileInFull().plan
    let map = try model.fitRandomMap(at: "re:.*norm")
    let live = try model.compileInFull(steeredBy: map).plan
    #expect(map.sites.count == bare.caches.count * 2 + 1)
    #expect(live.stepCount == bare.stepCount)
    #expect(live.setCount > 0)
    #expect(live.arenaByteCount == bare.arenaByteCount)
    #expect(try model.compileInFull(steeredBy: map, .frozen, strength: 0.5).plan.stepCount == bare.stepCount)
    #expect(try model.compileInFull(steeredBy: map, .inserted).plan.stepCount > bare.stepCount)
  }

  /// A live map behind a linear layer or in the residual stream is finished by the kernel before it.
  @Test(arguments: checkpoints, [SteeredSites.outputs, .residual])
  func steeringEpiloguesAddsNoKernelToTheStep(checkpoint: String, sites: SteeredSites) throws {
    let model = try Model(fixture(checkpoint))
    let map = try model.fitRandomMap(at: sites.rawValue)
    #expect(try model.compileInFull(steeredBy: map).plan.stepCount == model.compileInFull().plan.stepCount)
  }

  @Test(arguments: checkpoints)
  func frozenPlansHaveNoDials(checkpoint: String) throws {
    let model = try Model(fixture(checkpoint))
    let map = try model.fitRandomMap(at: SteeredSites.norms.rawValue)
    let frozen = try model.compileInFull(steeredBy: map, .frozen, strength: 0.5).plan
    #expect(frozen.dials.isEmpty)
    #expect(frozen.setCount == 0)
    #expect(try model.compileInFull(steeredBy: map).plan.dials == [steeringMap])
  }

  @Test(arguments: checkpoints)
  func arenaIsNearTheBound(checkpoint: String) throws {
    let model = try Model(fixture(checkpoint))
    for plan in [
      try model.compileInFull().plan, try model.compileInFull(steeredBy: model.fitRandomMap(at: SteeredSites.everything.rawValue)).plan,
    ] {
      #expect(plan.arenaBound > 0)
      #expect(plan.arenaByteCount >= plan.arenaBound)
      #expect(Double(plan.arenaByteCount) <= 1.10 * Double(plan.arenaBound))
    }
    let separate = try model.compileInFull(steeredBy: nil, .reference).plan
    #expect(try separate.arenaByteCount > model.compileInFull().plan.arenaByteCount)
  }
}
