/// An attribute's value in the text form.
public enum Attribute: Hashable, Sendable {
  /// A whole number: `64`.
  case int(Int)
  /// A number with a fraction or an exponent: `1e-05`.
  case float(Double)
  /// Text in quotation marks, with escapes: `"model.norm"`.
  case string(String)
  /// A bare word, such as the name of an element type: `bf16`.
  case word(String)
}

extension Attribute: CustomStringConvertible {
  public var description: String {
    switch self {
    case .int(let value): String(value)
    case .float(let value): "\(value)"
    case .string(let text): "\"" + text.unicodeScalars.map(Self.escape).joined() + "\""
    case .word(let text): text
    }
  }

  /// Whether a terminal may take the scalar for an order; the same as where text is shown.
  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator, .format: true
    default: false
    }
  }

  private static func escape(_ scalar: Unicode.Scalar) -> String {
    switch scalar {
    case "\"", "\\": "\\\(scalar)"
    case "\n": "\\n"
    default: isControl(scalar) ? "\\u{\(String(scalar.value, radix: 16, uppercase: true))}" : String(scalar)
    }
  }
}

extension Op {
  /// The op's name in the text form.
  public var mnemonic: String {
    switch self {
    case .input: "input"
    case .weight: "weight"
    case .mapParameter: "map_parameter"
    case .constant: "constant"
    case .dial: "dial"
    case .unary(let function): function.rawValue
    case .binary(let function): function.rawValue
    case .select: "select"
    case .affine: "affine"
    case .fused: "fused"
    case .linear: "linear"
    case .linearEpilogue: "linear_epilogue"
    case .rmsNorm: "rms_norm"
    case .layerNorm: "layer_norm"
    case .ropeTable: "rope_table"
    case .rope: "rope"
    case .attention: "attention"
    case .embedding: "embedding"
    case .takeRows: "take_rows"
    case .slice: "slice"
    case .scaleRows: "scale_rows"
    case .scaleColumns: "scale_columns"
    case .matvec: "matvec"
    case .concat: "concat"
    case .cast: "cast"
    case .pack: "pack"
    }
  }

  /// The attributes, in printing order.
  public var attributes: [(key: String, value: Attribute)] {
    func float(_ value: Float) -> Attribute { .float(Double("\(value)")!) }
    switch self {
    case .input(let name), .weight(let name): return [("name", .string(name))]
    case .dial(let name, let scope): return [("name", .string(name))] + scope.attributes
    case .mapParameter(let map, let site, let name):
      return [("map", .string(map)), ("at", .string(site)), ("name", .string(name))]
    case .constant(let value): return [("value", float(value))]
    case .fused(let body), .linearEpilogue(let body): return [("body", .string(body.description))]
    case .rmsNorm(let eps), .layerNorm(let eps): return [("eps", float(eps))]
    case .ropeTable(let rope): return rope.attributes
    case .rope(let headWidth): return [("head_width", .int(headWidth))]
    case .attention(let attention): return attention.attributes
    case .slice(let start, let count): return [("start", .int(start)), ("count", .int(count))]
    case .unary, .binary, .select, .affine, .linear, .embedding, .takeRows, .scaleRows, .scaleColumns,
      .matvec,
      .concat, .cast, .pack:
      return []
    }
  }

  /// Builds an op from its text form; the inverse of ``mnemonic`` and ``attributes``.
  ///
  /// A body's inputs are counted by the node's operands, and the declared type tells a `cast` its target.
  init(
    mnemonic: String, attributes: inout AttributeReader, inputCount: Int, type: TensorType
  ) throws(ParseError) {
    switch mnemonic {
    case "input": self = .input(name: try attributes.string("name"))
    case "weight": self = .weight(name: try attributes.string("name"))
    case "dial":
      self = .dial(name: try attributes.string("name"), scope: try TokenScope(&attributes))
    case "map_parameter":
      self = .mapParameter(
        map: try attributes.string("map"), site: try attributes.string("at"),
        name: try attributes.string("name"))
    case "constant": self = .constant(Float(try attributes.double("value")))
    case "select": self = .select
    case "affine": self = .affine
    case "fused": self = .fused(try attributes.expression("body", inputCount: inputCount))
    case "linear": self = .linear
    case "linear_epilogue":
      // The weight is an operand of the node, not of the body.
      self = .linearEpilogue(try attributes.expression("body", inputCount: max(0, inputCount - 1)))
    case "rms_norm": self = .rmsNorm(eps: Float(try attributes.double("eps")))
    case "layer_norm": self = .layerNorm(eps: Float(try attributes.double("eps")))
    case "rope_table": self = .ropeTable(try RotaryEmbedding(&attributes))
    case "rope": self = .rope(headWidth: try attributes.int("head_width"))
    case "attention": self = .attention(try Attention(&attributes))
    case "embedding": self = .embedding
    case "take_rows": self = .takeRows
    case "slice": self = .slice(start: try attributes.int("start"), count: try attributes.int("count"))
    case "scale_rows": self = .scaleRows
    case "scale_columns": self = .scaleColumns
    case "matvec": self = .matvec
    case "concat": self = .concat
    case "cast": self = .cast(type.dtype)
    case "pack": self = .pack(type.dtype)
    default:
      if let function = UnaryFunction(rawValue: mnemonic) {
        self = .unary(function)
      } else if let function = BinaryFunction(rawValue: mnemonic) {
        self = .binary(function)
      } else {
        throw attributes.failure("unknown op `\(mnemonic)`")
      }
    }
  }
}

extension RotaryEmbedding {
  fileprivate var attributes: [(key: String, value: Attribute)] {
    let head: [(key: String, value: Attribute)] = [("width", .int(width)), ("base", .float(base))]
    switch scaling {
    case .none: return head
    case .linear(let factor): return head + [("scaling", .word("linear")), ("factor", .float(factor))]
    case .llama3(let factor, let low, let high, let context):
      return head + [
        ("scaling", .word("llama3")), ("factor", .float(factor)), ("low_frequency", .float(low)),
        ("high_frequency", .float(high)), ("original_context", .int(context)),
      ]
    }
  }

  fileprivate init(_ attributes: inout AttributeReader) throws(ParseError) {
    self.init(width: try attributes.int("width"), base: try attributes.double("base"))
    switch try attributes.word("scaling", default: "none") {
    case "none": break
    case "linear": scaling = .linear(factor: try attributes.double("factor"))
    case "llama3":
      scaling = .llama3(
        factor: try attributes.double("factor"), lowFrequency: try attributes.double("low_frequency"),
        highFrequency: try attributes.double("high_frequency"),
        originalContext: try attributes.int("original_context"))
    case let other: throw attributes.failure("unknown scaling `\(other)`; expected linear or llama3")
    }
  }
}

extension Attention {
  fileprivate var attributes: [(key: String, value: Attribute)] {
    var out: [(key: String, value: Attribute)] = [
      ("cache", .int(cache)), ("heads", .int(heads)), ("kv_heads", .int(keyValueHeads)),
      ("head_width", .int(headWidth)), ("scale", .float(Double("\(scale)")!)),
    ]
    if window != 0 { out.append(("window", .int(window))) }
    if softCap != 0 { out.append(("soft_cap", .float(Double("\(softCap)")!))) }
    return out
  }

  fileprivate init(_ attributes: inout AttributeReader) throws(ParseError) {
    self.init(
      cache: try attributes.int("cache"), heads: try attributes.int("heads"),
      keyValueHeads: try attributes.int("kv_heads"), headWidth: try attributes.int("head_width"),
      scale: Float(try attributes.double("scale")), window: try attributes.int("window", default: 0),
      softCap: Float(try attributes.double("soft_cap", default: 0)))
  }
}

extension TokenScope {
  fileprivate var attributes: [(key: String, value: Attribute)] {
    var out: [(key: String, value: Attribute)] = []
    if kind != .all { out.append(("scope", .string(description))) }
    if skippedPositions != 0 { out.append(("skip_first", .int(skippedPositions))) }
    return out
  }

  fileprivate init(_ attributes: inout AttributeReader) throws(ParseError) {
    let text = try attributes.optionalString("scope") ?? "all"
    let skipped = try attributes.int("skip_first", default: 0)
    guard let scope = TokenScope(text, skippedPositions: skipped) else {
      throw attributes.failure(
        "unknown scope `\(text)`; expected all, prompt, generated, last or positions as in 4-9")
    }
    self = scope
  }
}

/// Hands out a node's attributes by key, and knows which of them were not taken.
struct AttributeReader {
  let line: Int
  private var values: [String: Attribute] = [:]

  init(line: Int) { self.line = line }

  mutating func add(_ key: String, _ value: Attribute) throws(ParseError) {
    guard values.updateValue(value, forKey: key) == nil else {
      throw failure("attribute `\(key)` given twice")
    }
  }

  func failure(_ problem: String) -> ParseError { ParseError(line: line, problem: problem) }

  private mutating func take(_ key: String) throws(ParseError) -> Attribute {
    guard let value = values.removeValue(forKey: key) else { throw failure("missing attribute `\(key)`") }
    return value
  }

  mutating func string(_ key: String) throws(ParseError) -> String {
    guard case .string(let text) = try take(key) else {
      throw failure("attribute `\(key)`: expected a string")
    }
    return text
  }

  mutating func optionalString(_ key: String) throws(ParseError) -> String? {
    values[key] == nil ? nil : try string(key)
  }

  mutating func word(_ key: String, default fallback: String) throws(ParseError) -> String {
    guard values[key] != nil else { return fallback }
    guard case .word(let text) = try take(key) else { throw failure("attribute `\(key)`: expected a word") }
    return text
  }

  mutating func int(_ key: String, default fallback: Int? = nil) throws(ParseError) -> Int {
    if let fallback, values[key] == nil { return fallback }
    guard case .int(let value) = try take(key), (0...Int(Int32.max)).contains(value) else {
      throw failure("attribute `\(key)`: expected a non-negative integer")
    }
    return value
  }

  mutating func double(_ key: String, default fallback: Double? = nil) throws(ParseError) -> Double {
    if let fallback, values[key] == nil { return fallback }
    switch try take(key) {
    case .int(let value): return Double(value)
    case .float(let value): return value
    default: throw failure("attribute `\(key)`: expected a number")
    }
  }

  mutating func expression(_ key: String, inputCount: Int) throws(ParseError) -> Expression {
    let text = try string(key)
    do { return try Expression(parsing: text, inputCount: inputCount) } catch { throw failure("\(error)") }
  }

  func finish() throws(ParseError) {
    if let key = values.keys.min() { throw failure("unknown attribute `\(key)`") }
  }
}
