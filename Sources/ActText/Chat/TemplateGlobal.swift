import Glibc

/// The functions that every template has.
enum TemplateGlobal {
  static let names: Set<String> = ["range", "dict", "namespace", "raise_exception", "strftime_now"]
  static let unsupported: Set<String> = ["lipsum", "cycler", "joiner"]
  /// Jinja's own limit.
  private static let maximumRange = 100_000

  static func call(
    _ name: String, _ arguments: TemplateArguments, _ surroundings: TemplateEvaluator.Surroundings
  ) throws(TemplateError) -> TemplateValue {
    switch name {
    case "range": return try range(arguments)
    case "dict": return .object(try members(name, arguments))
    case "namespace":
      let members = try members(name, arguments)
      for name in members.members.compactMap(\.key.text) where name.hasPrefix("_") {
        throw TemplateError("`\(name)` is no member for a template")
      }
      return .namespace(TemplateNamespace(members))
    case "raise_exception":
      let message = try arguments.bound(name, ["message"], required: 1)["message"] ?? .none
      throw TemplateError("the template refuses the chat: \(try message.printed())")
    default: return .string(try time(arguments, surroundings.now()))
    }
  }

  private static func range(_ arguments: TemplateArguments) throws(TemplateError) -> TemplateValue {
    _ = try arguments.bound("range", ["start", "stop", "step"], required: 1)
    guard arguments.named.isEmpty else { throw TemplateError("`range` takes no named arguments") }
    var numbers: [Int] = []
    for value in arguments.values {
      guard let number = value.integer else { throw TemplateError("`range` of \(value.kind)") }
      numbers.append(number)
    }
    let (start, stop) = numbers.count == 1 ? (0, numbers[0]) : (numbers[0], numbers[1])
    let step = numbers.count == 3 ? numbers[2] : 1
    guard step != 0 else { throw TemplateError("`range` with steps of 0") }
    let stride = Swift.stride(from: start, to: stop, by: step)
    // Counted without going through them.
    let distance = (Double(stop) - Double(start)) / Double(step)
    guard distance <= Double(maximumRange) else {
      throw TemplateError("a range of more than \(maximumRange) numbers")
    }
    return .list(stride.map { .int($0) }, .range)
  }

  /// The members of a dictionary, or of pairs, and the named arguments.
  private static func members(
    _ name: String, _ arguments: TemplateArguments
  ) throws(TemplateError) -> TemplateObject {
    guard arguments.values.count <= 1 else { throw TemplateError("`\(name)` takes at most one value") }
    var object = TemplateObject()
    switch arguments.values.first {
    case .object(let members)?: object = members
    case let pairs?:
      for pair in try pairs.iterated() {
        let values = try pair.iterated()
        guard values.count == 2 else { throw TemplateError("`\(name)`: expected pairs") }
        try object.set(values[0], to: values[1])
      }
    case nil: break
    }
    for (name, value) in arguments.named { object[string: name] = value }
    return object
  }

  /// The local time in the form that C's `strftime` takes.
  private static func time(_ arguments: TemplateArguments, _ seconds: Int) throws(TemplateError) -> String {
    guard let format = try arguments.bound("strftime_now", ["format"], required: 1).text("format") else {
      throw TemplateError("`strftime_now`: expected a text as `format`")
    }
    guard format.utf8.count <= 1024 else { throw TemplateError("`strftime_now`: a format above 1024 bytes") }
    if format.isEmpty { return "" }
    var (seconds, parts) = (time_t(seconds), tm())
    localtime_r(&seconds, &parts)
    // Some fields are wider than they are spelled.
    var buffer = [CChar](repeating: 0, count: 64 * 1024)
    let count = strftime(&buffer, buffer.count, format, &parts)
    return String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
