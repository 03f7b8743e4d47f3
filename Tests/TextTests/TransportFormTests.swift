import ActIR
import ActPasses
import Testing

/// What a transport function is said to make of the channels, which tells where its maps fold.
@Suite struct TransportFormTests {
  static let functions: [(form: TransportForm, parameters: String, body: String)] = [
    (.diagonal, "%s: f32[D]", "%y = mul %x, %s : f32[T,D]"),
    (
      .diagonal, "%s: f32[D]",
      "%n = neg %x : f32[T,D]\n%d = div %n, %s : f32[T,D]\n%y = affine %d, %s, %s : f32[T,D]"
    ),
    (.diagonal, "%s: f32[D]", "%e = exp %s : f32[D]\n%y = sub %e, %x : f32[T,D]"),
    (
      .lowRank, "%v: f32[1,D]",
      "%p = linear %x, %v : f32[T,1]\n%d = mul %p, %v : f32[T,D]\n%y = sub %x, %d : f32[T,D]"
    ),
    (.lowRank, "%u: f32[D,R], %v: f32[R,D]", "%p = linear %x, %v : f32[T,R]\n%y = linear %p, %u : f32[T,D]"),
    (
      .lowRank, "%v: f32[D]",
      "%m = mul %x, %v : f32[T,D]\n%s = reduce_sum %m : f32[T,1]\n%y = add %x, %s : f32[T,D]"
    ),
    (.dense, "%a: f32[D,D]", "%y = linear %x, %a : f32[T,D]"),
    (
      .lowRank, "%u: f32[D,R], %v: f32[R,D], %a: f32[D,D]",
      "%p = linear %x, %v : f32[T,R]\n%q = linear %p, %u : f32[T,D]\n%y = linear %q, %a : f32[T,D]"
    ),
    (
      .gated, "%s: f32[D]",
      "%c = gt %x, %s : bool[T,D]\n%m = mul %x, %s : f32[T,D]\n%y = select %c, %m, %x : f32[T,D]"
    ),
    (
      .gated, "%v: f32[1,D], %s: f32[D]",
      "%p = linear %x, %v : f32[T,1]\n%c = gt %p, %strength : bool[T,1]\n%m = add %x, %s : f32[T,D]\n"
        + "%y = select %c, %m, %x : f32[T,D]"
    ),
    (.nonlinear, "%s: f32[D]", "%y = mul %x, %x : f32[T,D]"),
    (.nonlinear, "%s: f32[D]", "%y = div %s, %x : f32[T,D]"),
    (.nonlinear, "%s: f32[D]", "%t = tanh %x : f32[T,D]\n%y = add %x, %t : f32[T,D]"),
    (.nonlinear, "%s: f32[D]", "%y = rms_norm %x, %s {eps = 1e-05} : f32[T,D]"),
    (.nonlinear, "%s: f32[D]", "%m = reduce_max %x : f32[T,1]\n%y = add %x, %m : f32[T,D]"),
    (
      .nonlinear, "%s: f32[D]",
      "%c = gt %x, %s : bool[T,D]\n%t = tanh %x : f32[T,D]\n%y = select %c, %t, %x : f32[T,D]"
    ),
  ]

  @Test(arguments: functions)
  func isFound(form: TransportForm, parameters: String, body: String) throws {
    let lines = body.split(separator: "\n").map { "  \($0)\n" }.joined()
    let text = "graph @f(%x: f32[T,D], \(parameters), %strength: f32[]) {\n\(lines)  return %y\n}\n"
    #expect(TransportForm(of: try Graph(parsing: text)) == form, "\(body)")
  }
}
