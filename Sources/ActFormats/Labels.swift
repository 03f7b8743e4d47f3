/// What a classifier tells apart, in the order of its logits, and what the logits mean.
package struct Labels: Hashable, Sendable {
  package var names: [String]
  /// Whether each label holds or not, whatever the others; else one of them does.
  package var areIndependent: Bool

  package init(_ names: [String], areIndependent: Bool) {
    self.names = names
    self.areIndependent = areIndependent
  }

  package var count: Int { names.count }

  /// As a plan records them.
  package var json: JSON {
    .object(["names": .array(names.map(JSON.string)), "independent": .bool(areIndependent)])
  }

  /// Reads what ``json`` says; nil for anything else.
  package init?(_ json: JSON) {
    guard let array = json["names"]?.array, let areIndependent = json["independent"]?.bool else { return nil }
    let names = array.compactMap(\.string)
    guard names.count == array.count, !names.isEmpty else { return nil }
    self.init(names, areIndependent: areIndependent)
  }
}
