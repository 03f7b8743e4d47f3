/// A map file, `NAME.maps.safetensors`: the transports of one fit, and everything needed to use them.
///
/// Tensors are `SITE/PARAMETER`, F32[width of the site]; every site has all parameters. The entries of
/// `__metadata__`, each a string:
///
/// | key | meaning |
/// |---|---|
/// | `format`, `format_version` | `act-map`, `1` |
/// | `method`, `method_version` | what fitted the parameters: `linear-act`, `1` |
/// | `transport` | the graph function `(x, parameters…, strength) -> y`, in the text form of graphs |
/// | `parameters` | JSON array: the names of the parameters, in the order in which `transport` takes them |
/// | `sites` | JSON array of `{"name": SITE, "width": D}`, in the order of the graph |
/// | `model_fingerprint` | `Checkpoint.fingerprint` of the model that the maps were fitted on |
/// | `token_scope` | the tokens that the maps apply to: `all`, `prompt`, `generated`, `last` or a range |
/// | `skip_first` | how many positions at the start of a sequence are left alone, in fit and application |
/// | `support`, `pooling`, `fit_order` | how the fit was made (optional): `q0-100`, `mean`, `causal` |
/// | `counts` | JSON object (optional): samples by the name of the set, `{"source": 200, "target": 200}` |
/// | `gated_channels` | JSON object (optional): by site, channels that took the mean shift alone |
/// | `data` | JSON object (optional): SHA-256 by the name of the set |
/// | `fit_fingerprint` | of a fit that is not finished (optional): what its result depends on |
///
/// Other entries are ignored.
package struct MapFile: Hashable, Sendable {
  /// The parameters of the transport at one site.
  package struct Site: Hashable, Sendable {
    package var name: String
    /// The channels of the activation.
    package var width: Int
    /// By name, `width` finite values each.
    package var parameters: [String: [Float]]

    package init(name: String, width: Int, parameters: [String: [Float]]) {
      self.name = name
      self.width = width
      self.parameters = parameters
    }
  }

  package static let formatVersion = "1"

  package var method: String
  package var methodVersion: String
  package var transport: String
  /// The names of the parameters, in the order in which `transport` takes them.
  package var parameterNames: [String]
  package var modelFingerprint: String
  /// In the order of the graph, at least one.
  package var sites: [Site]
  package var tokenScope = "all"
  package var skipFirst = 0
  package var support: String?
  package var pooling: String?
  package var fitOrder: String?
  /// Samples by the name of the set, `source` and `target`.
  package var counts: [String: Int] = [:]
  /// Channels that took the mean shift alone, by site.
  package var gatedChannels: [String: Int] = [:]
  /// SHA-256 of the data, by the name of the set.
  package var dataHashes: [String: String] = [:]
  /// Of a fit that is not finished: a digest of everything that its result depends on.
  package var fitFingerprint: String?

  package init(
    method: String, methodVersion: String, transport: String, parameterNames: [String],
    modelFingerprint: String,
    sites: [Site]
  ) {
    self.method = method
    self.methodVersion = methodVersion
    self.transport = transport
    self.parameterNames = parameterNames
    self.modelFingerprint = modelFingerprint
    self.sites = sites
  }
}
