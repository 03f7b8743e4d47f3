import ActIR
import ActPasses
import ModelChecks

/// A property that every steering method must have, whatever it does; the tests of a method check all of them:
///
///     @Test(arguments: MethodCheck.allCases)
///     func conforms(check: MethodCheck) throws { #expect(try check.failures(of: myMethod) == []) }
///
/// A check fits the method to random texts on a small language model of random weights, which it makes itself, at a norm,
/// a linear layer, the residual stream and the last norm, under every support that the method admits.
public enum MethodCheck: String, CaseIterable, Sendable {
  /// The function is a transport, and the method has a name in kebab case, a version and a summary.
  case form
  /// At strength 0 no bit of the model's output changes.
  case strengthZero
  /// Every strength has an effect of its own, and finite results.
  case everyStrength
  /// The graph as it is written and the compiled plan, with a live and with a frozen dial, compute the same.
  case variants
  /// A map file and a plan file keep every bit of the parameters and of the results.
  case files
  /// A prompt in pieces, and then token by token, gives the bits that it gives at once.
  case decoding
  /// Rows of several prompts and strengths in one step have the bits that they have alone.
  case slots
  /// Samples in pieces, or in shards that merge, are fitted like all samples at once.
  case shards
  /// Data that say little, such as constant channels or one sample a side, give finite parameters or an error in words.
  case degenerateData

  /// What of the property does not hold for a method, a line each; empty where it has the property.
  ///
  /// - Parameters:
  ///   - method: the method.
  ///   - choices: values of its options by name, as `--option` takes them; the other options have their defaults.
  /// - Returns: the failures.
  /// - Throws: what keeps the check from being made, such as a fit that fails, or an option that there is not.
  public func failures(of method: SteeringMethod, choosing choices: [String: String] = [:]) throws -> [String]
  {
    let method = ChosenMethod(method, try MethodSettings(method.options, choices))
    return switch self {
    case .form: checkForm(method)
    case .shards: try checkShards(method)
    case .degenerateData: checkDegenerateData(method)
    case .strengthZero: try onFits(of: method) { try $0.checkStrengthZero() }
    case .everyStrength: try onFits(of: method) { try $0.checkEveryStrength() }
    case .variants: try onFits(of: method) { try $0.checkVariants() }
    case .files: try onFits(of: method) { try $0.checkFiles() }
    case .decoding: try onFits(of: method) { try $0.checkDecoding() }
    case .slots: try onFits(of: method) { try $0.checkSlots() }
    }
  }
}

/// A method with what is chosen of its options.
struct ChosenMethod {
  let method: SteeringMethod
  let settings: MethodSettings

  init(_ method: SteeringMethod, _ settings: MethodSettings) {
    self.method = method
    self.settings = settings
  }

  /// The supports under which the method can be fitted; the range of one pair is a point.
  var supports: [Support] {
    method.requirements.mostPairs == 1 ? [.all] : [.all, .quantiles(lower: 0, upper: 100)]
  }

  func makeAccumulator(_ width: Int, heads: Int = 1) -> any SiteAccumulator {
    method.makeAccumulator(width, settings, heads: heads)
  }
}

/// The failures of a check under each support, with the support named.
private func onFits(
  of method: ChosenMethod, _ check: (FittedMethod) throws -> [String]
) throws -> [String] {
  try method.supports.flatMap { support in
    try check(FittedMethod(method, support)).map { "support \(support): \($0)" }
  }
}

private func checkForm(_ chosen: ChosenMethod) -> [String] {
  let method = chosen.method
  var failures: [String] = []
  for support in chosen.supports {
    do { try Transport.check(try method.transport(support, chosen.settings)) } catch {
      failures.append("support \(support): \(error)")
    }
  }
  if !SteeringMethod.isName(method.name) {
    failures.append("expected a name of small letters, digits and single hyphens, found `\(method.name)`")
  }
  if method.version.isEmpty { failures.append("expected a version") }
  if method.summary.isEmpty { failures.append("expected a summary of one line") }
  if method.summary.contains("\n") { failures.append("the summary has more than one line") }
  return failures
}
