import ActErrors
import ActIR
import ActStatistics

/// A steering method: how a map is fitted, and what it does to an activation.
///
/// A method knows one site at a time and nothing of positions, batches, caches, dtypes, folding or files.
public struct SteeringMethod: Sendable {
  /// The name that `--method` takes and map files carry.
  public let name: String
  /// Raised when the meaning of the parameters changes.
  public let version: String
  /// One line that says what the method does.
  public let summary: String
  /// The transport function in the text form, `(%x: f32[T,D], parameters…, %strength: f32[]) -> y`; where it follows
  /// from what is chosen of the method, that of the defaults.
  public let transport: String
  /// The score function in the text form, `(%x: f32[T,D], parameters…) -> f32[T,1]`, which conditions test; nil: the method
  /// has none.
  public private(set) var score: String?
  /// What the method wants of the samples.
  public let requirements: DataRequirements
  /// What can be chosen of the fit.
  public let options: [any AnyMethodOption]
  /// How samples are gathered.
  public let gathering: Gathering
  /// The transport function where it follows from what is chosen.
  private var chosenTransport: (@Sendable (MethodSettings) -> String)?
  /// Completes the fit of a site by those of earlier sites.
  package private(set) var follow: Follow?
  /// Completes the fits of all sites together.
  package private(set) var select: Select?

  /// Changes the fit of a site, knowing the parameters of the earlier sites of its kind, in order of execution.
  public typealias Follow =
    @Sendable (_ fit: inout SiteFit, _ earlier: [[String: MapParameter]], MethodSettings) throws -> Void
  /// Changes the fits of all sites, in order of execution.
  public typealias Select = @Sendable (_ fits: inout [SiteFit], MethodSettings) throws -> Void

  /// A method that gathers samples as it likes; other initializers are for methods that fit each channel on its own,
  /// that need only the means of both sides, and that fit all samples at once.
  public init(
    _ name: String, version: String, summary: String, transport: String,
    data: DataRequirements = DataRequirements(), options: [any AnyMethodOption] = [], gathering: Gathering
  ) {
    self.name = name
    self.version = version
    self.summary = summary
    self.transport = transport
    self.options = options
    self.gathering = gathering
    requirements = data
    precondition(
      gathering.holdsOut == (data.heldOut != nil), "\(name): what is held out, the fit must leave out")
  }

  /// Whether a text has the form of a method's name: small letters, digits and single hyphens, a letter first.
  package static func isName(_ text: String) -> Bool {
    text.wholeMatch(of: #/[a-z][a-z0-9]*(-[a-z0-9]+)*/#) != nil
  }

  /// The method, with a transport function that follows from what is chosen of its options, as a rank that may be 0.
  ///
  /// For the defaults it must be ``transport``.
  public func transporting(_ transport: @escaping @Sendable (MethodSettings) -> String) -> SteeringMethod {
    precondition(
      transport(MethodSettings(defaultsOf: self)) == self.transport,
      "\(name): another function for the defaults")
    var method = self
    method.chosenTransport = transport
    return method
  }

  /// Whether the transport function follows from what is chosen of the method's options.
  public var choosesTransport: Bool { chosenTransport != nil }

  /// The transport function in the text form for what is chosen of the method's options.
  public func transport(_ settings: MethodSettings) -> String { chosenTransport?(settings) ?? transport }

  /// The method, with the fit of each site completed by what the earlier sites of its kind got: a control law over
  /// layers. A kind is what the names of sites are without their number of a layer.
  public func following(_ follow: @escaping Follow) -> SteeringMethod {
    var method = self
    method.follow = follow
    return method
  }

  /// The method, with a score for each token that conditions may test: how much of what it looks for a token shows. Its
  /// parameters are among those that the fit returns, the transport's or others.
  public func scoring(by score: String) -> SteeringMethod {
    var method = self
    method.score = score
    return method
  }

  /// The method, with the fits of all sites completed together: the best of all units, say. It must ask for
  /// simultaneous order, since in causal order a site is fitted on what earlier fits do.
  public func selecting(_ select: @escaping Select) -> SteeringMethod {
    precondition(requirements.order == .simultaneous, "\(name): what is selected last cannot be causal")
    var method = self
    method.select = select
    return method
  }
}

extension SteeringMethod: CustomStringConvertible {
  /// The method's name.
  public var description: String { name }
}

/// One side of a pair of data sets.
public enum Side: String, Hashable, Sendable, CaseIterable {
  /// The behaviour to leave.
  case source
  /// The behaviour to reach.
  case target
}

/// Gathers the activation samples of one site, batch by batch, and fits its map.
public protocol SiteAccumulator: Sendable {
  /// Takes samples: row-major, `samples.count / width` of them.
  mutating func observe(_ side: Side, _ samples: [Float])

  /// Takes samples as ``observe(_:_:)`` does, to the bit, with channels spread over `loop` where that pays.
  mutating func observe(_ side: Side, _ samples: [Float], using loop: ConcurrentLoop)

  /// Adds what another accumulator of the same method and width has gathered; its samples follow this one's.
  mutating func merge(_ other: any SiteAccumulator) throws

  /// Fits the map.
  func finish() throws -> SiteFit

  /// Fits the map as ``finish()`` does, to the bit, with channels spread over `loop` where that pays.
  func finish(using loop: ConcurrentLoop) throws -> SiteFit
}

extension SiteAccumulator {
  /// Takes samples on one thread.
  public mutating func observe(_ side: Side, _ samples: [Float], using loop: ConcurrentLoop) {
    observe(side, samples)
  }

  /// Fits the map on one thread.
  public func finish(using loop: ConcurrentLoop) throws -> SiteFit { try finish() }
}

/// A map fitted at one site.
public struct SiteFit: Hashable, Sendable {
  /// The parameters by the name that the transport function gives them, each of the shape that it declares.
  public var parameters: [String: MapParameter]
  /// How many channels had no spread to scale by and took the mean shift alone; nil for a method that never scales.
  public var meanShiftChannels: Int?
  /// What a selection among sites goes by: values by name, each for a channel, a head, or the site. They stay in no file.
  public var scores: [String: [Double]]

  /// The map of one site.
  public init(
    parameters: [String: MapParameter], meanShiftChannels: Int? = nil, scores: [String: [Double]] = [:]
  ) {
    self.parameters = parameters
    self.meanShiftChannels = meanShiftChannels
    self.scores = scores
  }
}

/// A fit that cannot be made.
public struct FitError: ToolError, Hashable {
  public var exitStatus: ExitStatus { .usage }
  /// What is wrong, in one line.
  public var description: String

  /// An error that says what is wrong.
  public init(_ description: String) { self.description = description }
}
