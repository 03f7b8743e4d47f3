import Glibc

/// Python's `%` with a text: `%s`, `%r`, `%d`, `%i`, `%x`, `%f`, `%e`, `%g` and `%%`, with width, sign and precision.
enum PercentFormat {
  /// The most digits of a width or precision.
  private static let maximumWidth = 4096

  static func apply(_ format: String, to value: TemplateValue) throws(TemplateError) -> String {
    var arguments: [TemplateValue] = [value]
    if case .list(let values, .tuple) = value { arguments = values }
    var (text, used) = ("", 0)
    let characters = Array(format.unicodeScalars)
    var at = 0
    while at < characters.count {
      guard characters[at] == "%" else {
        text.unicodeScalars.append(characters[at])
        at += 1
        continue
      }
      at += 1
      if at < characters.count, characters[at] == "(" { throw .unsupported("`%(name)` of a text") }
      var field = try Field(characters, &at)
      if field.kind == "%" {
        text += "%"
        continue
      }
      guard used < arguments.count else { throw TemplateError("fewer values than `%` in `\(format)`") }
      text += try field.format(arguments[used])
      used += 1
    }
    // What Python takes for a mapping may be left over.
    let isLeftOver: Bool =
      switch value {
      case .undefined, .object, .list(_, .list), .list(_, .range): false
      default: used < arguments.count
      }
    guard !isLeftOver else { throw TemplateError("more values than `%` in `\(format)`") }
    return text
  }

  private struct Field {
    var flags: Set<Unicode.Scalar> = []
    var width = 0
    var precision: Int?
    var kind: Unicode.Scalar

    init(_ characters: [Unicode.Scalar], _ at: inout Int) throws(TemplateError) {
      func takeNumber() throws(TemplateError) -> Int {
        var number = 0
        while at < characters.count, ("0"..."9").contains(characters[at]) {
          number = number * 10 + Int(characters[at].value - 48)
          guard number <= maximumWidth else { throw TemplateError("a width above \(maximumWidth)") }
          at += 1
        }
        return number
      }
      var flags: Set<Unicode.Scalar> = []
      while at < characters.count, "-+ 0#".unicodeScalars.contains(characters[at]) {
        flags.insert(characters[at])
        at += 1
      }
      self.flags = flags
      width = try takeNumber()
      if at < characters.count, characters[at] == "." {
        at += 1
        precision = try takeNumber()
      }
      guard at < characters.count else { throw TemplateError("a `%` without its kind") }
      kind = characters[at]
      at += 1
    }

    mutating func format(_ value: TemplateValue) throws(TemplateError) -> String {
      switch kind {
      case "s", "r":
        let text = try kind == "s" ? value.printed() : value.represented()
        flags.remove("0")
        return padded(precision.map { String(text.unicodeScalars.prefix($0)) } ?? text)
      case "d", "i", "u":
        guard let number = value.number, number.isFinite,
          let whole = value.integer ?? Int(exactly: number.rounded(.towardZero))
        else { throw TemplateError("`%\(kind)` of \(value.kind)") }
        return padded(signed(whole < 0, "\(whole.magnitude)"))
      case "x", "X", "o":
        guard let whole = value.integer else { throw TemplateError("`%\(kind)` of \(value.kind)") }
        let digits = String(whole.magnitude, radix: kind == "o" ? 8 : 16, uppercase: kind == "X")
        let prefix = flags.contains("#") ? (kind == "o" ? "0o" : kind == "x" ? "0x" : "0X") : ""
        return padded(signed(whole < 0, prefix + digits))
      case "f", "F", "e", "E", "g", "G":
        guard let number = value.number else { throw TemplateError("`%\(kind)` of \(value.kind)") }
        return padded(signed(number.sign == .minus, printed(number.magnitude)))
      default: throw .unsupported("`%\(kind)` of a text")
      }
    }

    private func printed(_ number: Double) -> String {
      var buffer = [CChar](repeating: 0, count: 512 + PercentFormat.maximumWidth)
      let format = "%.*" + String(kind)
      let count = withVaList([Int32(precision ?? 6), number]) { vsnprintf(&buffer, buffer.count, format, $0) }
      return String(decoding: buffer.prefix(Int(count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private func signed(_ isNegative: Bool, _ digits: String) -> String {
      let sign = isNegative ? "-" : flags.contains("+") ? "+" : flags.contains(" ") ? " " : ""
      let missing = width - sign.utf8.count - digits.utf8.count
      guard flags.contains("0"), !flags.contains("-"), missing > 0 else { return sign + digits }
      return sign + String(repeating: "0", count: missing) + digits
    }

    private func padded(_ text: String) -> String {
      let space = String(repeating: " ", count: max(0, width - text.unicodeScalars.count))
      return flags.contains("-") ? text + space : space + text
    }
  }
}
