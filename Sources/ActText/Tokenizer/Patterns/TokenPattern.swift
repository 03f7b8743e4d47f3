import ActFormats
import CPCRE2

/// A compiled pattern that splits, rewrites or judges text, by PCRE2 with Unicode properties and its just-in-time
/// compiler.
///
/// Unchecked, because the compiled code is read only; what a match writes lies in the caller's
/// `MatchScratch`.
final class TokenPattern: @unchecked Sendable {
  /// Why a pattern cannot be used, or a match was abandoned.
  typealias Failure = TokenizationFailure

  private static let maximumLength = 1 << 16
  private let code: OpaquePointer
  /// The text that the pattern finds, where it is text to find as it is.
  private let literal: [UInt8]?

  /// Compiles `source`: text to find as it is where `literal`, else an expression in the reference's dialect.
  convenience init(_ source: String, literal: Bool) throws(Failure) {
    guard !source.isEmpty else { throw Failure(problem: "an empty pattern") }
    guard source.utf8.count <= TokenPattern.maximumLength else {
      throw Failure(problem: "a pattern over 64 KiB")
    }
    try self.init(
      compiling: literal ? source : try RegexDialect.translate(source), as: source,
      literal ? PCRE2_LITERAL : PCRE2_UCP | PCRE2_MULTILINE, literal: literal)
  }

  /// Compiles an expression in PCRE2's own syntax that must match a whole text.
  convenience init(wholeText source: String) throws(Failure) {
    try self.init(
      compiling: source, as: source,
      PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C)
  }

  private init(
    compiling pattern: String, as source: String, _ options: UInt32, literal: Bool = false
  ) throws(Failure) {
    self.literal = literal ? Array(source.utf8) : nil
    let context = pcre2_compile_context_create_8(nil)
    defer { pcre2_compile_context_free_8(context) }
    pcre2_set_newline_8(context, UInt32(PCRE2_NEWLINE_LF))
    var error: Int32 = 0
    var offset = 0
    let compiled = pattern.withBytes {
      pcre2_compile_8($0.baseAddress, $0.count, PCRE2_UTF | options, &error, &offset, context)
    }
    guard let compiled else {
      throw Failure(problem: "a bad pattern `\(source.prefix(60))`: \(TokenPattern.message(error))")
    }
    code = compiled
    // Where the platform has no just-in-time compiler, matching falls back to PCRE2's interpreter.
    pcre2_jit_compile_8(compiled, PCRE2_JIT_COMPLETE)
  }

  deinit { pcre2_code_free_8(code) }

  private static func message(_ error: Int32) -> String {
    var buffer = [UInt8](repeating: 0, count: 160)
    let length = pcre2_get_error_message_8(error, &buffer, buffer.count)
    return String(decoding: buffer.prefix(max(0, Int(length))), as: UTF8.self)
  }

  /// Whether the text has a match, as one for whole texts must have.
  func matches(_ text: String) throws(Failure) -> Bool {
    let scratch = MatchScratch()
    // PCRE2 takes no null pointer, which an empty text may have.
    var bytes = Array(text.utf8)
    let count = bytes.count
    bytes.append(0)
    _ = scratch.prepare(length: count)
    return try bytes.withUnsafeBufferPointer { (bytes) throws(Failure) in
      try match(bytes.baseAddress!, count, from: 0, scratch)
    }
  }

  /// Looks for one match.
  private func match(
    _ base: UnsafePointer<UInt8>, _ count: Int, from: Int, _ scratch: MatchScratch
  ) throws(Failure) -> Bool {
    var result = pcre2_match_8(
      code, base, count, from, PCRE2_NO_UTF_CHECK, scratch.data, scratch.context)
    if result == PCRE2_ERROR_JIT_STACKLIMIT {
      result = pcre2_match_8(
        code, base, count, from, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, scratch.data, scratch.context)
    }
    if result == PCRE2_ERROR_NOMATCH { return false }
    guard result >= 0 else {
      throw Failure(problem: "a pattern was given up on this text: \(TokenPattern.message(result))")
    }
    return true
  }

  /// Calls `body` with every match in `text`, left to right; an empty match right after a match does not
  /// count.
  func forEachMatch(
    in text: ByteView, _ scratch: MatchScratch, _ body: (Range<Int>) -> Void
  ) throws(Failure) {
    guard let base = text.baseAddress else { return }
    if let literal {
      forEachOccurrence(of: literal, in: text, body)
      return
    }
    let offsets = scratch.prepare(length: text.count)
    var from = 0
    var lastEnd: Int?
    while from <= text.count {
      guard try match(base, text.count, from: from, scratch) else { return }
      let match = offsets[0]..<max(offsets[0], offsets[1])
      if match.isEmpty, match.lowerBound == lastEnd {
        from += 1
        while from < text.count, text[from] & 0xC0 == 0x80 { from += 1 }
        continue
      }
      from = match.upperBound
      lastEnd = from
      body(match)
    }
  }

  /// `text` with every match replaced; where the pattern is given up, the text as it is.
  func replacing(in text: [UInt8], by replacement: [UInt8]) -> [UInt8] {
    if let literal { return text.replacing(literal, by: replacement) }
    var out: [UInt8] = []
    var end = 0
    do {
      try text.withUnsafeBufferPointer { (bytes) throws(Failure) in
        try forEachMatch(in: bytes, MatchScratch()) { match in
          out += bytes[end..<match.lowerBound]
          out += replacement
          end = match.upperBound
        }
      }
    } catch {
      return text
    }
    return out + text[end...]
  }

  private func forEachOccurrence(of literal: [UInt8], in text: ByteView, _ body: (Range<Int>) -> Void) {
    let (first, length) = (literal[0], literal.count)
    var at = 0
    while at + length <= text.count {
      if text[at] == first, text[at..<at + length].elementsEqual(literal) {
        body(at..<at + length)
        at += length
      } else {
        at += 1
      }
    }
  }
}

/// What one thread needs to match patterns: PCRE2's match block, limits and stack.
final class MatchScratch {
  let data: OpaquePointer?
  let context: OpaquePointer?
  private let stack: OpaquePointer?

  init() {
    data = pcre2_match_data_create_8(1, nil)
    context = pcre2_match_context_create_8(nil)
    stack = pcre2_jit_stack_create_8(32 << 10, 4 << 20, nil)
    pcre2_jit_stack_assign_8(context, nil, stack.map { UnsafeMutableRawPointer($0) })
    pcre2_set_heap_limit_8(context, 64 << 10)
  }

  deinit {
    pcre2_match_data_free_8(data)
    pcre2_match_context_free_8(context)
    pcre2_jit_stack_free_8(stack)
  }

  /// Sets limits fit for a text of `length` bytes: room for linear backtracking, none for the catastrophic
  /// sort. The result points at the start and the end of the next match.
  func prepare(length: Int) -> UnsafeMutablePointer<Int> {
    pcre2_set_match_limit_8(context, UInt32(clamping: 1_000_000 + 16 * length))
    return pcre2_get_ovector_pointer_8(data)
  }
}
