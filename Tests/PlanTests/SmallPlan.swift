import ActPlan
import Testing

/// A plan of every place and every op of a step, laid out by hand.
///
///     buffer   bytes             steps       at
///     h, x, y  4·8·4 = 128       h ... z      0
///     q        4·16·4 = 256      q ... c    128
///     t        4·4·4 = 64        t ... r    384
///     c        4·8·4 = 128       c ... x    384
///     z        2·8·4 = 64        z ... end  128
///
/// Most are alive at c: 128 + 256 + 128 = 512 bytes.
let smallPlan = """
  plan @small {
    limit T = 4
    limit R = 2
    limit S = 16
    context = 16
    arena = 512, bound = 512
    slot = 160
    constants {
      %e = weight {name = "e"} : f32[10,8]
      %g = weight {name = "g"} : f32[8]
      %w = weight {name = "w"} : bf16[16,8]
      %k = weight {name = "k"} : f32[8,8]
    }
    call {
      %tokens = input {name = "tokens", role = token} : i32[T]
      %positions = input {name = "positions", role = position} : i32[T]
      %logit_rows = input {name = "logit_rows", role = chosen} : i32[R]
    }
    set {
      %m = dial {name = "m"} : f32[] @slot+0
      %s = mul %g, %m : f32[8] @slot+64
      %n = add %s, %g : f32[8] @slot+128
    }
    step {
      %h = embedding %e, %tokens : f32[T,8] @arena+0
      %q = linear %h, %w {site = "q"} : f32[T,16] @arena+128
      %a = slice %q {start = 0, count = 8} : f32[T,8] @view
      %b = slice %q {start = 8, count = 8} : f32[T,8] @view
      %t = rope_table %positions {width = 4, base = 10000.0} : f32[T,4] @arena+384
      %r = rope %a, %t {head_width = 4} : f32[T,8] @over+0
      %v = kv_append %b, %b {cache = 0} : kvbf16[S,2,4] @cache
      %c = attention %r, %v {scale = 0.5} : f32[T,8] @arena+384
      %x = linear_epilogue %c, %k, %h {body = "add $0, $1"} : f32[T,8] @over+2
      %y = rms_norm %x, %n {eps = 1e-05} : f32[T,8] @over+0
      %z = take_rows %y, %logit_rows : f32[R,8] @arena+128
      %logits = linear %z, %e : f32[R,10] @result
    }
    return %logits
  }

  """

/// The small plan with one piece of its text replaced; the piece must be there once.
func smallPlan(_ piece: String, _ replacement: String) throws -> Plan {
  try Plan(smallPlan, replacing: piece, by: replacement)
}

extension Plan {
  /// The plan of a text with one piece of it replaced; the piece must be there once.
  init(_ text: String, replacing piece: String, by replacement: String) throws {
    let parts = text.split(separator: piece, omittingEmptySubsequences: false)
    try #require(parts.count == 2, "`\(piece)` is there \(parts.count - 1) times")
    try self.init(parsing: parts.joined(separator: replacement))
  }
}
