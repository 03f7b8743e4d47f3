import ActFormats
import ActIR
import ActPasses
import Testing

/// A method with some of its options, under a support.
struct MethodCase: CustomTestStringConvertible, Sendable {
  var method: SteeringMethod
  /// What is chosen; the other options have their defaults.
  var choices: [String: String] = [:]
  var support = Support.all

  var settings: MethodSettings {
    get throws { try MethodSettings(method.options, choices) }
  }

  var testDescription: String {
    let chosen = choices.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
    return method.name + chosen + (support == .all ? "" : " \(support)")
  }

  /// The options of methods whose transport function, or what it is made of, follows from them.
  private static let choices: [String: [[String: String]]] = [
    "sliced-act": [
      ["directions": "axes"], ["directions": "random", "count": "3", "steps": "3"],
      ["map": "table", "steps": "3", "knots": "6", "count": "7"],
      ["map": "table", "directions": "axes", "steps": "1"],
    ],
    "contrastive-act": [["rank": "3", "steps": "30"]],
    "austeer": [["units": "9", "alpha": "-2"]],
  ]

  /// Each method as it is, and with the options that matter.
  static let all = registeredMethods.flatMap { method in
    // Of as many heads as small sites have.
    let heads = method.requirements.heads ? ["heads": "3"] : [:]
    return ([heads] + (choices[method.name] ?? [])).map { MethodCase(method: method, choices: $0) }
  }

  /// The same under each support; the range of one pair is a point.
  static let supported = all.flatMap { one in
    let supports = [Support.all, .quantiles(lower: 0, upper: 100)]
    return supports.prefix(one.method.requirements.mostPairs == 1 ? 1 : 2).map {
      MethodCase(method: one.method, choices: one.choices, support: $0)
    }
  }
}
