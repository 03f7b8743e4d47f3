import ActErrors
import ActFormats

/// What a plan of a whole pipeline knows beside its modules: how texts become pictures, the metadata `pipeline`, JSON.
package struct PlanPipeline: Hashable, Sendable {
  /// How an encoder is given a text.
  package struct Text: Hashable, Sendable {
    /// The encoder.
    package var module: String
    /// The most tokens of a text; a longer one is cut before its end token.
    package var length: Int
    /// Whether a shorter text is filled up to that.
    package var isPadded: Bool
    /// Where the text becomes the message of a chat, what else the chat template of its tokenizer is told, an object; nil
    /// where it is read as it is.
    package var chat: JSON?

    package init(module: String, length: Int, isPadded: Bool, chat: JSON? = nil) {
      self.module = module
      self.length = length
      self.isPadded = isPadded
      self.chat = chat
    }
  }

  /// An input of the denoiser that is the same in every call.
  package struct Constant: Hashable, Sendable {
    package var input: String
    /// The numbers of an entry.
    package var values: [Double]

    package init(_ input: String, _ values: [Double]) {
      self.input = input
      self.values = values
    }
  }

  /// A class of images by one of its names.
  package struct Label: Hashable, Sendable {
    package var name: String
    package var number: Int

    package init(name: String, number: Int) {
      self.name = name
      self.number = number
    }
  }

  /// The size of latents.
  package struct LatentSize: Hashable, Sendable {
    package var width, height: Int

    package init(width: Int, height: Int) {
      self.width = width
      self.height = height
    }
  }

  /// The class of the pipeline in diffusers.
  package var className: String
  /// The parsed `scheduler_config.json`.
  package var scheduler: JSON
  /// How texts are read.
  package var texts: [Text] = []
  /// Whether texts are read in lower case, without white space around them.
  package var lowercasesTexts = false
  /// Whether predictions may move away from those of a negative text.
  package var isGuided = true
  /// Whether 0 stands for all that is read of a negative text where none is given.
  package var zerosNegative = false
  package var constants: [Constant] = []
  /// What a prompt may be where images are of classes.
  package var labels: [Label] = []
  /// What latents are divided by for the decoder, and what is added then: one for all channels, or one for each.
  package var latentScales = [1.0]
  package var latentShifts = [0.0]
  /// Of what the decoder takes for a whole picture, or where there is none the denoiser; nil where its modules say it.
  package var latentSize: LatentSize?
  /// What the scheduler's times are multiplied by for the denoiser, and what is added then.
  package var timeScale = 1.0
  package var timeShift = 0.0
  /// What the denoiser's predictions are multiplied by for the scheduler.
  package var predictionScale = 1.0
  /// The guidance at which predictions are those with the text, and above which they move away from the negative one's.
  package var plainGuidance = 1.0
  /// Whether the sigmas of flow matching begin evenly; else as the model was trained.
  package var hasEvenSigmas = false
  /// How many rows of an image the denoiser reads; nil where it knows none.
  package var imageRows: Int?
  /// What a run has that is told nothing else.
  package var steps: Int
  package var guidance: Double
  /// How pictures are decoded in parts; nil: whole.
  package var decodeTile: DecodeTile?
  /// The steps of denoising at which a map acts, by its name; maps that are not named act at all of them.
  package var mapSteps: [String: DenoisingSteps] = [:]

  package init(className: String, scheduler: JSON, steps: Int, guidance: Double) {
    self.className = className
    self.scheduler = scheduler
    self.steps = steps
    self.guidance = guidance
  }

  static let key = "pipeline"

  /// As a plan records it.
  package var json: JSON {
    func sides(_ width: Int, _ height: Int) -> JSON {
      .object(["width": .int(width), "height": .int(height)])
    }
    var json: JSON = .object([
      "class": .string(className), "scheduler": scheduler,
      "texts": .array(
        texts.map {
          .object([
            "module": .string($0.module), "length": .int($0.length), "padded": .bool($0.isPadded),
            "chat": $0.chat ?? .null,
          ])
        }), "lowercase_texts": .bool(lowercasesTexts), "guided": .bool(isGuided),
      "zero_negative": .bool(zerosNegative),
      "constants": .array(
        constants.map {
          .object(["input": .string($0.input), "values": .array($0.values.map(JSON.double))])
        }),
      "labels": .array(labels.map { .object(["name": .string($0.name), "number": .int($0.number)]) }),
      "latent_scales": .array(latentScales.map(JSON.double)),
      "latent_shifts": .array(latentShifts.map(JSON.double)),
      "latent_size": latentSize.map { sides($0.width, $0.height) } ?? .null,
      "time_scale": .double(timeScale), "time_shift": .double(timeShift),
      "prediction_scale": .double(predictionScale), "plain_guidance": .double(plainGuidance),
      "even_sigmas": .bool(hasEvenSigmas),
      "image_rows": imageRows.map(JSON.int) ?? .null, "steps": .int(steps), "guidance": .double(guidance),
      "decode_tile": decodeTile.map { sides($0.width, $0.height) } ?? .null,
    ])
    if !mapSteps.isEmpty {
      let steps = mapSteps.sorted { $0.key < $1.key }.map {
        JSON.Member($0.key, .string($0.value.description))
      }
      json.set("map_steps", .object(steps))
    }
    return json
  }

  /// Reads what a plan records; nil for a plan of no pipeline.
  init?(_ file: SafetensorsFile) throws(FileError) {
    guard let text = file.metadata(Self.key) else { return nil }
    let json: JSON
    // A scheduler's numbers may be infinite.
    do throws(JSONError) { json = try JSON(parsing: Array(text.utf8), takesNonFinite: true) } catch {
      throw FileError(file.path, Self.key, "\(error)")
    }
    let record = Record(path: file.path, place: Self.key, json: json)
    let scheduler = try record.value("scheduler")
    guard scheduler.members != nil else { throw record.failure("scheduler", "an object") }
    self.init(
      className: try record.string("class"), scheduler: scheduler, steps: try record.size("steps"),
      guidance: try record.number("guidance", in: -1e6...1e6))
    texts = try record.records("texts").map { (text) throws(FileError) in
      let chat = try text.value("chat")
      guard chat == .null || chat.members != nil else { throw text.failure("chat", "an object, or null") }
      return Text(
        module: try text.string("module"), length: try text.size("length"),
        isPadded: try text.flag("padded"), chat: chat == .null ? nil : chat)
    }
    lowercasesTexts = try record.flag("lowercase_texts")
    isGuided = try record.flag("guided")
    zerosNegative = try record.flag("zero_negative")
    constants = try record.records("constants").map { (constant) throws(FileError) in
      let values = try constant.array("values").map(\.double)
      guard values.allSatisfy({ $0?.isFinite == true }) else { throw constant.failure("values", "numbers") }
      return Constant(try constant.string("input"), values.map { $0! })
    }
    labels = try record.records("labels").map { (label) throws(FileError) in
      Label(name: try label.string("name"), number: try label.number("number", from: 0))
    }
    latentScales = try record.numbers("latent_scales", in: 1e-12...1e12)
    latentShifts = try record.numbers("latent_shifts", in: -1e6...1e6)
    timeScale = try record.number("time_scale", in: -1e6...1e6)
    timeShift = try record.number("time_shift", in: -1e6...1e6)
    predictionScale = try record.number("prediction_scale", in: -1e6...1e6)
    plainGuidance = try record.number("plain_guidance", in: -1e6...1e6)
    hasEvenSigmas = try record.flag("even_sigmas")
    imageRows = try record.value("image_rows") == .null ? nil : record.size("image_rows")
    latentSize = try record.record("latent_size").map { (size) throws(FileError) in
      LatentSize(width: try size.size("width"), height: try size.size("height"))
    }
    decodeTile = try record.record("decode_tile").map { (tile) throws(FileError) in
      DecodeTile(
        width: try tile.size("width", multipleOf: DecodeTile.divisor),
        height: try tile.size("height", multipleOf: DecodeTile.divisor))
    }
    for member in json["map_steps"]?.members ?? [] {
      guard let steps = member.value.string.flatMap(DenoisingSteps.init) else {
        throw record.failure("map_steps", DenoisingSteps.expected)
      }
      mapSteps[member.key] = steps
    }
  }
}

/// An object of a plan's metadata, whose keys are all there.
private struct Record {
  let path, place: String
  let json: JSON

  func failure(_ key: String, _ expected: String) -> FileError {
    FileError(path, "\(place).\(key)", "expected \(expected)", next: "compile the plan again")
  }

  func value(_ key: String) throws(FileError) -> JSON {
    guard let value = json[key] else { throw failure(key, "a value, found none") }
    return value
  }

  func string(_ key: String) throws(FileError) -> String {
    guard let text = try value(key).string else { throw failure(key, "a text") }
    return text
  }

  func flag(_ key: String) throws(FileError) -> Bool {
    guard let flag = try value(key).bool else { throw failure(key, "true or false") }
    return flag
  }

  func number(_ key: String, in range: ClosedRange<Double>) throws(FileError) -> Double {
    guard let number = try value(key).double, range.contains(number) else {
      throw failure(key, "a number from \(range.spelling)")
    }
    return number
  }

  /// One number at least.
  func numbers(_ key: String, in range: ClosedRange<Double>) throws(FileError) -> [Double] {
    let numbers = try array(key).map(\.double)
    guard !numbers.isEmpty, numbers.allSatisfy({ $0.map(range.contains) == true }) else {
      throw failure(key, "numbers from \(range.spelling)")
    }
    return numbers.map { $0! }
  }

  func number(_ key: String, from least: Int) throws(FileError) -> Int {
    guard let number = try value(key).int, number >= least, number <= Int(Int32.max) else {
      throw failure(key, "a whole number from \(least)")
    }
    return number
  }

  func size(_ key: String) throws(FileError) -> Int {
    guard let size = try value(key).int, SaneRange.size.contains(size) else {
      throw failure(key, "a size")
    }
    return size
  }

  func size(_ key: String, multipleOf divisor: Int) throws(FileError) -> Int {
    let size = try size(key)
    guard size.isMultiple(of: divisor) else { throw failure(key, "a multiple of \(divisor)") }
    return size
  }

  /// An object; nil for null.
  func record(_ key: String) throws(FileError) -> Record? {
    let json = try value(key)
    guard json != .null else { return nil }
    guard json.members != nil else { throw failure(key, "an object") }
    return Record(path: path, place: "\(place).\(key)", json: json)
  }

  func array(_ key: String) throws(FileError) -> [JSON] {
    guard let array = try value(key).array else { throw failure(key, "a list") }
    return array
  }

  func records(_ key: String) throws(FileError) -> [Record] {
    try array(key).enumerated().map { (index, json) throws(FileError) in
      guard json.members != nil else { throw failure("\(key)[\(index)]", "an object") }
      return Record(path: path, place: "\(place).\(key)[\(index)]", json: json)
    }
  }
}
