import ActIR
import Testing

/// What does not belong into a graph's text is never passed over in silence.
@Suite struct StrayTextTests {
  private static let text = """
    graph @f(%x: f32[T,8], %z: f32[T,8]) {
      %v = weight {name = "v"} : f32[8]
      %n = rms_norm %x, %v {eps = 1e-05, site = "n"} : f32[T,8]
      %c = constant {value = 0.5} : f32[]
      %m = gt %v, %c : bool[8]
      %y = fused %n, %z, %m {body = "t0 = constant 1.5; t1 = mul $0, t0; t2 = add t1, $1; select $2, t2, $0"} : f32[T,8]
      %s = slice %y {start = 2, count = 4} : f32[T,4]
      return y = %s, %n
    }

    """

  /// One piece too many, at any place, is an error or is seen in what the text says.
  @Test(arguments: [".", ";", ".;", ",", "=", ":", "+", "}", "]", ")", "\"", "$", "%", "0x", "_"])
  func isNeverPassedOver(piece: String) throws {
    let plain = try Graph(parsing: Self.text).description
    #expect(plain == Self.text)
    for place in Self.text.indices {
      var text = Self.text
      text.insert(contentsOf: piece, at: place)
      guard let graph = try? Graph(parsing: text), (try? graph.verify()) != nil else { continue }
      #expect(graph.description != plain, "passed over `\(piece)` in\n\(text)")
    }
  }
}
