import ActFormats
import ActIR
import ActPasses
import ActTerminal

extension SteeringMethod {
  /// What the method does, what it wants, and what can be chosen, for people.
  var text: String {
    var out = "\(name), version \(version): \(summary)\n\n"
    out += "Samples: \(samplesInWords)\n"
    out += "Order: \(orderInWords)\n"
    if options.isEmpty {
      out += "Options: none\n"
    } else {
      var table = Table(["--option", "default", "expected", ""])
      for option in options {
        table.rows.append([option.name, option.defaultText, option.expected, option.help])
      }
      out += "\n" + table.description
    }
    for function in [transport] + (score.map { [$0] } ?? []) {
      out += "\n" + function.split(separator: "\n").map { "\($0)\n" }.joined()
    }
    return out
  }

  private var samplesInWords: String {
    let pooling =
      switch requirements.pooling {
      case .mean: "the mean over the tokens of a text"
      case .last: "the last token of a text"
      case .min: "the smallest value of every channel over the tokens of a text"
      case .max: "the largest value of every channel over the tokens of a text"
      case .all: "every token"
      }
    let most = requirements.mostPairs.map { ", at most \($0) of them" } ?? ""
    let pairs = requirements.pairs ? "; in pairs, the k-th source with the k-th target\(most)" : ""
    return "\(pooling), unless --pooling says otherwise\(pairs)"
  }

  private var orderInWords: String {
    switch requirements.order {
    case nil: "causal, or --simultaneous"
    case .causal: "causal"
    case .simultaneous: "simultaneous: every site on the bare model"
    }
  }

  /// The same for programs.
  var json: JSON {
    .object([
      "name": .string(name), "version": .string(version), "summary": .string(summary),
      "pooling": .string(requirements.pooling.rawValue), "pairs": .bool(requirements.pairs),
      "most_pairs": requirements.mostPairs.map { .int($0) } ?? .null,
      "order": requirements.order.map { .string($0.rawValue) } ?? .null,
      "options": .array(
        options.map {
          .object([
            "name": .string($0.name), "default": .string($0.defaultText), "expected": .string($0.expected),
            "help": .string($0.help),
          ])
        }),
      "transport": .string(transport), "score": score.map { .string($0) } ?? .null,
    ])
  }
}
