extension [UInt8] {
  /// Base64 (RFC 4648, with padding).
  package var base64: String {
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var out: [UInt8] = []
    out.reserveCapacity((count + 2) / 3 * 4)
    for start in stride(from: 0, to: count, by: 3) {
      let rest = Swift.min(3, count - start)
      let group = (0..<3).reduce(0) { $0 << 8 | ($1 < rest ? Int(self[start + $1]) : 0) }
      for place in 0..<4 {
        out.append(place <= rest ? letters[group >> (18 - 6 * place) & 63] : UInt8(ascii: "="))
      }
    }
    return String(decoding: out, as: UTF8.self)
  }
}
