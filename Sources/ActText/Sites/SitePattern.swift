import ActErrors

/// A pattern over site names: a glob, or after `re:` a regular expression; either matches the whole name.
///
/// In a glob `*` stands for any run of characters, dots too, `?` for one, and `[0-9]` for one of a set. An expression is
/// PCRE2's, and takes a bounded number of steps for a name. A name that ends in `:` and a word is matched only by a
/// pattern that writes that end: `*` matches `a.b`, and not `a.b:in`.
package struct SitePattern: Sendable, CustomStringConvertible {
  package let description: String
  private let matcher: Matcher

  private enum Matcher: Sendable {
    case glob([Glob])
    case expression(TokenPattern)
  }

  fileprivate enum Glob: Sendable {
    case any
    case one
    case byte(UInt8)
    case set([ClosedRange<UInt8>], negated: Bool)
  }

  private static let maximumLength = 4096

  /// Parses a pattern; an error where an expression or a set is malformed, or the pattern is longer than 4 KiB.
  package init(_ text: String) throws(SitePatternError) {
    description = text
    func malformed(_ problem: String) -> SitePatternError {
      SitePatternError(pattern: text, problem: "is malformed: \(problem)")
    }
    guard text.utf8.count <= Self.maximumLength else {
      throw malformed("longer than \(Self.maximumLength) bytes")
    }
    if text.hasPrefix("re:") {
      do throws(TokenPattern.Failure) {
        matcher = .expression(try TokenPattern(wholeText: String(text.dropFirst(3))))
      } catch { throw malformed(error.problem) }
    } else {
      guard let glob = Self.parse(Array(text.utf8)) else {
        throw malformed("expected a glob, as in *.layers.[0-3].mlp, or re: and an expression")
      }
      matcher = .glob(glob)
    }
  }

  /// Whether the whole of `site` matches; an error where an expression takes too many steps to tell.
  package func matches(_ site: String) throws(SitePatternError) -> Bool {
    guard try matchesWhole(site) else { return false }
    guard let colon = site.lastIndex(of: ":") else { return true }
    // What matches another end too, or the same one without its colon, does not write it.
    let (name, end) = (site[..<colon], site[colon...].dropFirst())
    for other in ["\(name)\u{1}\(end)", "\(name):\u{1}"] where try matchesWhole(other) { return false }
    return true
  }

  private func matchesWhole(_ site: String) throws(SitePatternError) -> Bool {
    switch matcher {
    case .glob(let glob): return Self.matches(glob, Array(site.utf8))
    case .expression(let expression):
      do throws(TokenPattern.Failure) { return try expression.matches(site) } catch {
        throw SitePatternError(
          pattern: description, problem: "was given up on the site `\(site)`: \(error.problem); simplify it")
      }
    }
  }

  private static func parse(_ bytes: [UInt8]) -> [Glob]? {
    var out: [Glob] = []
    var at = 0
    while at < bytes.count {
      switch bytes[at] {
      case UInt8(ascii: "*"): out.append(.any)
      case UInt8(ascii: "?"): out.append(.one)
      case UInt8(ascii: "["):
        guard let close = bytes[at...].firstIndex(of: UInt8(ascii: "]")), close > at + 1 else { return nil }
        var body = Array(bytes[at + 1..<close])
        let negated = body[0] == UInt8(ascii: "!")
        if negated { body.removeFirst() }
        var ranges: [ClosedRange<UInt8>] = []
        var i = 0
        while i < body.count {
          let last = i + 2 < body.count && body[i + 1] == UInt8(ascii: "-") ? body[i + 2] : body[i]
          guard body[i] <= last else { return nil }
          ranges.append(body[i]...last)
          i += i + 2 < body.count && body[i + 1] == UInt8(ascii: "-") ? 3 : 1
        }
        guard !ranges.isEmpty else { return nil }
        out.append(.set(ranges, negated: negated))
        at = close
      case let byte: out.append(.byte(byte))
      }
      at += 1
    }
    return out
  }

  /// Backtracks to the last `*` only, so matching is at worst quadratic.
  private static func matches(_ glob: [Glob], _ name: [UInt8]) -> Bool {
    var (g, n) = (0, 0)
    var star: (g: Int, n: Int)?
    while n < name.count {
      if g < glob.count, case .any = glob[g] {
        star = (g, n)
        g += 1
      } else if g < glob.count, glob[g].matches(name[n]) {
        (g, n) = (g + 1, n + 1)
      } else if let last = star {
        star = (last.g, last.n + 1)
        (g, n) = (last.g + 1, last.n + 1)
      } else {
        return false
      }
    }
    return glob[g...].allSatisfy { if case .any = $0 { true } else { false } }
  }
}

/// A pattern that is malformed, chooses nothing or takes too long; exit code 2.
package struct SitePatternError: ToolError, Hashable {
  /// The pattern as it was given.
  package var pattern: String
  /// What is wrong with it, as a predicate: `matches no site`.
  package var problem: String

  package var exitStatus: ExitStatus { .usage }
  package var description: String { "site pattern `\(pattern)` \(problem)" }
}

extension SitePattern {
  /// The names that any of `patterns` matches, in their own order; one that is malformed or matches none is an error.
  package static func choose(
    _ patterns: [String], from names: [String], unmatched: String = "matches no site"
  ) throws(SitePatternError) -> [String] {
    var chosen = Set<String>()
    for text in patterns {
      let pattern = try SitePattern(text)
      var matched = false
      for name in names where try pattern.matches(name) {
        chosen.insert(name)
        matched = true
      }
      guard matched else { throw SitePatternError(pattern: text, problem: unmatched) }
    }
    return names.filter(chosen.contains)
  }
}

extension SitePattern.Glob {
  fileprivate func matches(_ byte: UInt8) -> Bool {
    switch self {
    case .any: false
    case .one: true
    case .byte(let own): own == byte
    case .set(let ranges, let negated): ranges.contains { $0.contains(byte) } != negated
    }
  }
}
