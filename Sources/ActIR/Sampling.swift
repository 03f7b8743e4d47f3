/// What stands for a sequence in a fit: the samples that the activations of its tokens become.
public enum Pooling: String, Hashable, Sendable, CaseIterable {
  /// One sample: the mean over the tokens, channel by channel, summed in double.
  case mean
  /// One sample: the last token's.
  case last
  /// One sample: the smallest value of every channel.
  case min
  /// One sample: the largest value of every channel.
  case max
  /// Every token is a sample.
  case all
}

/// Which activations a site is fitted on.
public enum FitOrder: String, Hashable, Sendable, CaseIterable {
  /// Those of the model in which all earlier sites are already transported, for both sides.
  case causal
  /// Those of the bare model.
  case simultaneous
}
