import ActPasses
import Synchronization

/// The methods that the commands know: those that are registered, and those that ``runActc(adding:)`` was given.
package enum KnownMethods {
  private static let added = Mutex<[SteeringMethod]>([])

  package static var all: [SteeringMethod] { registeredMethods + added.withLock { $0 } }

  /// The method of a name, also one that only comes as map files.
  static func named(_ name: String) -> SteeringMethod? { (all + importedMethods).first { $0.name == name } }

  /// Adds methods. A name stands for one method: map files carry it.
  package static func add(_ methods: [SteeringMethod]) {
    added.withLock { $0 += methods }
    var names = Set<String>()
    for method in all + importedMethods where !names.insert(method.name).inserted {
      fatalError("two methods are named `\(method.name)`")
    }
  }
}
