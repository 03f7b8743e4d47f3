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
    out += "Form: \(form.rawValue); folds \(form.placement)\n"
    let heads = requirements.heads ? ", whose channels must be heads" : ""
    out += "Sites: \(requirements.sites.joined(separator: " ")), unless --sites says otherwise\(heads)\n"
    if options.isEmpty {
      out += "Options: none\n"
    } else {
      var table = Table(["--option", "default", "expected", ""])
      for option in options {
        table.rows.append([option.name, option.defaultText, option.expected, option.help])
      }
      out += "\n" + table.description
    }
    if choosesTransport {
      out += "\nThe transport function follows from the options; that of the defaults:\n"
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
    let share = requirements.heldOut.map {
      "; of each side \(fixed($0 * 100, 0)) % held out to score the fit"
    }
    return "\(pooling), unless --pooling says otherwise\(pairs)\(share ?? "")"
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
      "form": .string(form.rawValue), "folds": .string(form.placement),
      "held_out": requirements.heldOut.map { .double($0) } ?? .null, "heads": .bool(requirements.heads),
      "sites": .array(requirements.sites.map(JSON.string)),
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
