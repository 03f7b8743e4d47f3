import ActIR

/// What a method wants of the samples that it is fitted on.
public struct DataRequirements: Hashable, Sendable {
  /// What stands for a text where nothing else is asked for.
  public var pooling: Pooling
  /// Whether the k-th sample of the source belongs to the k-th of the target, so that both sides have as many.
  public var pairs: Bool
  /// The most of such pairs; nil: any number.
  public var mostPairs: Int?
  /// The only order in which sites can be fitted; nil: in either, causal where nothing is asked for.
  public var order: FitOrder?
  /// The share of each side's samples that is held out of the fit, to score it by; nil: none. See ``HeldOut``.
  public var heldOut: Double?
  /// Whether sites must have heads.
  public var heads: Bool
  /// Patterns of the sites that are fitted where nothing else is asked for.
  public var sites: [String]

  /// Unless told otherwise the mean over the tokens of texts that need no partner, in either order, at the outputs of
  /// attention.
  public init(
    pooling: Pooling = .mean, pairs: Bool = false, mostPairs: Int? = nil, order: FitOrder? = nil,
    heldOut: Double? = nil, heads: Bool = false, sites: [String] = ["*.self_attn.o_proj"]
  ) {
    self.pooling = pooling
    self.pairs = pairs
    self.mostPairs = mostPairs
    self.order = order
    self.heldOut = heldOut
    self.heads = heads
    self.sites = sites
  }
}

extension SteeringMethod {
  /// Checks that a site's samples are what the method asks for.
  package func check(
    sourceCount: Int, targetCount: Int, _ order: FitOrder, _ pooling: Pooling, _ support: Support
  ) throws(FitError) {
    if let only = requirements.order, order != only {
      throw FitError("\(name): expected \(only.rawValue) order, found \(order.rawValue)")
    }
    if requirements.heldOut != nil {
      guard sourceCount > 1, targetCount > 1 else {
        throw FitError(
          "\(name) holds samples out to score its fit: expected at least 2 source and target samples, "
            + "found \(sourceCount) and \(targetCount)")
      }
      guard pooling != .all else {
        throw FitError("\(name) holds whole texts out: expected one sample for a text, found --pooling all")
      }
    }
    guard requirements.pairs else { return }
    guard sourceCount == targetCount else {
      throw FitError(
        "\(name) fits pairs: expected as many source as target samples, found \(sourceCount) and \(targetCount)"
      )
    }
    if let most = requirements.mostPairs, sourceCount > most {
      throw FitError("\(name): expected at most \(most) source and target samples, found \(sourceCount)")
    }
    if requirements.mostPairs == 1, support != .all {
      throw FitError("\(name) fits one pair, whose range is a point: expected support all, found \(support)")
    }
    guard pooling != .all else {
      throw FitError("\(name) fits pairs: expected one sample for a text, found --pooling all")
    }
  }

  /// Checks that a site is what the method asks for.
  package func check(_ site: SiteChannels, named name: String) throws(FitError) {
    guard requirements.heads, site.heads == nil else { return }
    throw FitError(
      "\(name): \(self.name) fits heads: expected a site whose channels are heads, as those of "
        + "\(requirements.sites.joined(separator: " ")), found \(site.width) channels without")
  }
}
