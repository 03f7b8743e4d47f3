/// Translates expressions of Oniguruma's Ruby syntax, in which `tokenizer.json` files are written, to
/// PCRE2's.
///
/// The two differ in what `\s` and `\w` contain, and some constructs are legal in both with another meaning.
/// Those, and all that tokenizers have no use for, are refused.
enum RegexDialect {
  typealias Failure = TokenPattern.Failure

  static func translate(_ source: String) throws(Failure) -> String {
    var translation = Translation(scalars: Array(source.unicodeScalars))
    try translation.run()
    return translation.out
  }

  private static let space =
    #"\x{9}-\x{d}\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}"#
  private static let notSpace =
    #"\x{0}-\x{8}\x{e}-\x{1f}\x{21}-\x{84}\x{86}-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}"#
    + #"\x{202a}-\x{202e}\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{10ffff}"#
  private static let word = #"\p{Alphabetic}\p{M}\p{Nd}\p{Pc}"#

  private struct Translation {
    let scalars: [Unicode.Scalar]
    var at = 0
    var inClass = false
    /// How many classes within the class are open.
    var nesting = 0
    var out = ""

    func peek(_ ahead: Int = 0) -> Unicode.Scalar? { at + ahead < scalars.count ? scalars[at + ahead] : nil }

    func refusal(_ what: String) -> Failure { Failure(problem: "not supported in a pattern: `\(what)`") }

    mutating func take(_ count: Int = 1) {
      for scalar in scalars[at..<at + count] { out.unicodeScalars.append(scalar) }
      at += count
    }

    mutating func run() throws(Failure) {
      while let scalar = peek() {
        switch scalar {
        case "\\": try escape()
        case "[" where inClass: try nest()
        case "[":
          inClass = true
          take()
          if peek() == "^" { take() }
          if peek() == "]" { throw refusal("[]") }
        case "]" where inClass && nesting > 0:
          nesting -= 1
          at += 1
          if peek() == "-" { throw refusal("]- within […]") }
        case "]" where inClass:
          inClass = false
          take()
        case "-" where inClass && nesting > 0 && peek(1) == "]":
          out += "\\-"
          at += 1
        case "&" where inClass && peek(1) == "&": throw refusal("&&")
        case "(" where !inClass: try group()
        case "}" where !inClass:
          take()
          // Ruby reads `{1,3}+` as a repeat of the repeat, PCRE2 as a possessive one.
          if peek() == "+" { throw refusal("}+") }
        default: take()
        }
      }
    }

    /// Opens a class within a class: the two are one, in PCRE2 without the inner brackets.
    mutating func nest() throws(Failure) {
      guard let next = peek(1), next != "^", next != ":", next != "]", at > 0, scalars[at - 1] != "-" else {
        throw refusal("[ within […]")
      }
      nesting += 1
      at += 1
      guard next == "-" else { return }
      out += "\\-"
      at += 1
    }

    mutating func group() throws(Failure) {
      if peek(1) == "*" { throw refusal("(*") }
      take()
      guard peek() == "?" else { return }
      take()
      switch peek() {
      case ":", "=", "!", ">": take()
      case "<":
        guard let kind = peek(1), kind == "=" || kind == "!" else { throw refusal("(?<") }
        take(2)
      default:
        while let flag = peek(), flag == "i" || flag == "-" { take() }
        guard let end = peek(), end == ":" || end == ")", scalars[at - 1] != "?" else {
          throw refusal("(?" + (peek().map { String(Character($0)) } ?? ""))
        }
        take()
      }
    }

    mutating func escape() throws(Failure) {
      guard let letter = peek(1) else { throw Failure(problem: "a pattern that ends in `\\`") }
      switch letter {
      case "s": replace(2, RegexDialect.space, negated: false)
      case "S": replace(2, inClass ? RegexDialect.notSpace : RegexDialect.space, negated: !inClass)
      case "w": replace(2, RegexDialect.word, negated: false)
      case "W" where !inClass: replace(2, RegexDialect.word, negated: true)
      case "p", "P": try property()
      case "u":
        let digits = scalars[(at + 2)...].prefix(4)
        guard digits.count == 4, digits.allSatisfy(\.properties.isASCIIHexDigit) else { throw refusal("\\u") }
        out += "\\x{" + String(String.UnicodeScalarView(digits)) + "}"
        at += 6
      case "x":
        let braced = scalars[(at + 2)...].prefix(2).first == "{"
        let plain = scalars[(at + 2)...].prefix(2).allSatisfy(\.properties.isASCIIHexDigit)
        guard braced || (plain && peek(2).map { $0.value < 0x38 } == true) else { throw refusal("\\x") }
        take(2)
      case "d", "D", "r", "n", "t", "f", "v", "e", "a":
        // Oniguruma's `\v` is one character, PCRE2's a class.
        if letter == "v" { throw refusal("\\v") }
        take(2)
      case "A", "z", "Z": take(2)
      default:
        guard letter.isASCII, !letter.properties.isAlphabetic, !("0"..."9").contains(letter) else {
          throw refusal("\\" + String(Character(letter)))
        }
        take(2)
      }
    }

    mutating func replace(_ count: Int, _ set: String, negated: Bool) {
      out += inClass ? set : "[\(negated ? "^" : "")\(set)]"
      at += count
    }

    /// `\p{…}`: general categories have the same names in both; a longer name is a script.
    mutating func property() throws(Failure) {
      guard peek(2) == "{", let end = scalars[at...].firstIndex(of: "}"), end > at + 3 else {
        throw refusal("\\p without {…}")
      }
      var name = String(String.UnicodeScalarView(scalars[(at + 3)..<end]))
      let negated = name.hasPrefix("^")
      if negated { name.removeFirst() }
      out += String(String.UnicodeScalarView(scalars[at..<at + 3])) + (negated ? "^" : "")
      out += (name.count <= 2 ? name : "sc:" + name) + "}"
      at = end + 1
    }
  }
}
