import ActIR

// The text form of a wire: `wire INPUT = RESULT from @MODULE`, where results with commas between stand side by side along
// the channels, and parts with `then` between one after the other along the rows; a part may be `zeros COUNT`.

extension Wire {
  private static let mostParts = 64

  /// Its line.
  var text: String {
    let parts = parts.map { part in
      switch part {
      case .results(let sources):
        sources.map { "\($0.result) from @\($0.module)" }.joined(separator: ", ")
      case .zeros(let count): "zeros \(count)"
      }
    }
    return "wire \(input) = \(parts.joined(separator: " then "))"
  }

  /// Parses what stands after `wire`.
  init(from lexer: inout Lexer) throws(ParseError) {
    self.init(try lexer.word("an input"), [])
    try lexer.expect("=")
    repeat {
      guard parts.count < Self.mostParts else { throw lexer.failure("more than \(Self.mostParts) parts") }
      parts.append(try Part(from: &lexer))
    } while try lexer.acceptWord("then")
  }
}

extension Wire.Part {
  private static let mostSources = 64
  private static let rows = 1...(1 << 16)

  fileprivate init(from lexer: inout Lexer) throws(ParseError) {
    var sources: [Wire.Source] = []
    repeat {
      let result = try lexer.word("a result")
      guard try lexer.acceptWord("from") else {
        guard result == "zeros", sources.isEmpty else { throw lexer.failure("expected `from`") }
        let count = try lexer.int("a number of rows")
        guard Self.rows.contains(count) else {
          throw lexer.failure("expected \(Self.rows.lowerBound) to \(Self.rows.upperBound) rows")
        }
        self = .zeros(count)
        return
      }
      sources.append(Wire.Source(result, of: try lexer.symbol("`@module`")))
      guard sources.count <= Self.mostSources else {
        throw lexer.failure("more than \(Self.mostSources) results")
      }
    } while try lexer.accept(",")
    self = .results(sources)
  }
}
