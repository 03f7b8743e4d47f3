import ActCompile
import ActFormats
import ActPlan
import ModelChecks
import Testing

/// What steering may cost a plan, in counts.
@Suite struct PlanShapeTests {
  @Test(arguments: smallCheckpoints)
  func steeringNormsAddsNoKernelToTheStep(checkpoint: String) throws {
    let model = try Model(fixture(checkpoint))
    let bare = try model.compileSteered().plan
    let map = try model.fitRandomMap(at: "re:.*norm")
    let live = try model.compileSteered(by: map).plan
    #expect(map.sites.count == bare.caches.count * 2 + 1)
    #expect(live.stepCount == bare.stepCount)
    #expect(live.setCount > 0)
    #expect(live.arenaByteCount == bare.arenaByteCount)
    #expect(try model.compileSteered(by: map, .frozen, strength: 0.5).plan.stepCount == bare.stepCount)
    #expect(try model.compileSteered(by: map, .inserted).plan.stepCount > bare.stepCount)
  }

  /// A live map after a linear layer or in the residual stream is finished by the kernel before it.
  @Test(arguments: smallCheckpoints, [SteeredSites.outputs, .residual])
  func steeringEpiloguesAddsNoKernelToTheStep(checkpoint: String, sites: SteeredSites) throws {
    let model = try Model(fixture(checkpoint))
    let map = try model.fitRandomMap(at: sites.rawValue)
    #expect(try model.compileSteered(by: map).plan.stepCount == model.compileSteered().plan.stepCount)
  }

  @Test(arguments: smallCheckpoints)
  func frozenPlansHaveNoDials(checkpoint: String) throws {
    let model = try Model(fixture(checkpoint))
    let map = try model.fitRandomMap(at: SteeredSites.norms.rawValue)
    let frozen = try model.compileSteered(by: map, .frozen, strength: 0.5).plan
    #expect(frozen.dials.isEmpty)
    #expect(frozen.setCount == 0)
    #expect(try model.compileSteered(by: map).plan.dials == [steeringMap])
  }

  @Test(arguments: smallCheckpoints)
  func arenaIsNearTheBound(checkpoint: String) throws {
    let model = try Model(fixture(checkpoint))
    for plan in [
      try model.compileSteered().plan,
      try model.compileSteered(by: model.fitRandomMap(at: SteeredSites.everything.rawValue)).plan,
    ] {
      #expect(plan.arenaBound > 0)
      #expect(plan.arenaByteCount >= plan.arenaBound)
      #expect(Double(plan.arenaByteCount) <= 1.10 * Double(plan.arenaBound))
    }
    let separate = try model.compileSteered(by: nil, .reference).plan
    #expect(try separate.arenaByteCount > model.compileSteered().plan.arenaByteCount)
  }
}
