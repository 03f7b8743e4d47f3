import ActIR

/// A map file, `NAME.maps.safetensors`: the transports of one fit, and everything needed to use them.
///
/// Tensors are `SITE/PARAMETER`, F32 of the shape that `transport` declares, mostly [width of the site]; every site has
/// all parameters. The entries of `__metadata__`, each a string:
///
/// | key | meaning |
/// |---|---|
/// | `format`, `format_version` | `act-map`, `1` |
/// | `method`, `method_version` | what fitted the parameters: `linear-act`, `1` |
/// | `method_options` | JSON object (optional): what was chosen for each option of the method, as text |
/// | `transport` | the graph function `(x, parameters…, strength) -> y`, in the text form of graphs |
/// | `score` | the graph function `(x, parameters…) -> f32[T,1]` that conditions test (optional) |
/// | `parameters` | JSON array: the names of the parameters, in the order in which `transport` and then `score` take them |
/// | `sites` | JSON array of `{"name": SITE, "width": D}`, in the order of the graph |
/// | `model_fingerprint` | `Checkpoint.fingerprint` of the model that the maps were fitted on |
/// | `token_scope` | the tokens that the maps apply to: `all`, `prompt`, `generated`, `last`, `first:8`, `after:8` or a range |
/// | `skip_first` | how many positions at the start of a sequence are left alone, in fit and application |
/// | `step_scope` | the steps of denoising at which the maps apply (optional): `0-3`; without it all |
/// | `prompts` | JSON object (optional): ``PromptDescription`` |
/// | `support`, `pooling`, `fit_order` | how the fit was made (optional): `q0-100`, `mean`, `causal` |
/// | `counts` | JSON object (optional): samples by the name of the set, `{"source": 200, "target": 200}` |
/// | `held_out` | JSON object (optional): how many of those were held out of the fit, to score it by |
/// | `mean_shift_channels` | JSON object (optional): by site, channels that took the mean shift alone |
/// | `data` | JSON object (optional): SHA-256 by the name of the set |
/// | `fit_fingerprint`, `fit_sites` | of a fit that is not finished (optional): what its result depends on, and how many sites it has |
///
/// Other entries are ignored.
package struct MapFile: Hashable, Sendable {
  /// The parameters of the transport at one site.
  package struct Site: Hashable, Sendable {
    package var name: String
    /// The channels of the activation.
    package var width: Int
    /// By name, all finite. Whether the shapes are those that the function declares, who parses it checks.
    package var parameters: [String: MapParameter]

    package init(name: String, width: Int, parameters: [String: MapParameter]) {
      self.name = name
      self.width = width
      self.parameters = parameters
    }
  }

  /// What a fit that is not finished leaves for the run that goes on with it.
  package struct Unfinished: Hashable, Sendable {
    /// A digest of everything that the result depends on.
    package var fingerprint: String
    /// How many sites the fit has, finished or not; nil in a file of an earlier version.
    package var siteCount: Int?

    package init(fingerprint: String, siteCount: Int?) {
      self.fingerprint = fingerprint
      self.siteCount = siteCount
    }
  }

  package static let formatVersion = "1"
  /// What a fit adds to the name of its output while it is not finished.
  package static let unfinishedSuffix = ".partial"

  package var fit: FitDescription
  package var transport: String
  /// What conditions test: a number for each token; nil: they cannot.
  package var score: String?
  /// The names of the parameters, in the order in which `transport` and then `score` take them.
  package var parameterNames: [String]
  package var modelFingerprint: String
  /// In the order of the graph, at least one.
  package var sites: [Site]
  /// Samples by the name of the set, `source` and `target`.
  package var counts: [String: Int] = [:]
  /// How many of those were held out of the fit, to score it by; empty where none were.
  package var heldOut: [String: Int] = [:]
  /// Channels that took the mean shift alone, by site; nothing for a site whose method never scales.
  package var meanShiftChannels: [String: Int] = [:]
  /// SHA-256 of the data, by the name of the set.
  package var dataHashes: [String: String] = [:]
  /// Set in the file that a fit keeps beside its output until it is finished.
  package var unfinished: Unfinished?

  package init(
    _ fit: FitDescription, transport: String, parameterNames: [String], modelFingerprint: String,
    sites: [Site]
  ) {
    self.fit = fit
    self.transport = transport
    self.parameterNames = parameterNames
    self.modelFingerprint = modelFingerprint
    self.sites = sites
  }
}
