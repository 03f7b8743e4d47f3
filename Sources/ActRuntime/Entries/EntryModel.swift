import ActFormats
import ActIR
import ActPlan

/// A plan without caches, loaded: what it computes depends on a call's own entries, which it is given whole.
///
/// An encoder of text is one, whose entries are sequences, and so is a model of images.
package final class EntryModel {
  package let plan: Plan
  package let engine: Engine
  /// The slots of all that run on the engine.
  package let slots: SlotPool
  package let path: String

  /// Wraps an engine.
  package init(_ engine: Engine, path: String) throws(FileError) {
    plan = engine.plan
    guard plan.caches.isEmpty else {
      throw FileError(
        path, nil, "expected a plan of whole entries, found one that reads caches of sequences")
    }
    guard ["T", "P", "B"].contains(where: { engine.plan.inputs.count(by: $0) }) else {
      throw FileError(path, nil, "expected inputs of rows T or P or of entries B, found none")
    }
    self.engine = engine
    slots = SlotPool(engine)
    self.path = path
    engine.path = path
  }

  /// The most entries of a size that a step holds; 0 where it does not hold one.
  package func mostEntries(of size: EntrySize) -> Int {
    plan.limits.reduce(engine.maximumEntries) { most, limit in
      let count = RowKind.parts(of: limit.symbol) == nil ? 0 : size.count(limit.symbol)
      return count == 0 ? most : min(most, limit.value / count)
    }
  }
}

extension [DeclaredInput] {
  /// Whether one of them has as many elements along its first dimension as a symbol counts.
  func count(by symbol: String) -> Bool { contains { $0.isCounted(by: symbol) } }
}
