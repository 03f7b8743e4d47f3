/// How a tensor of a Hugging Face checkpoint lies in the tensor of a GGUF file that holds it.
struct GGUFLayout: Hashable, Sendable {
  /// How the rows of the checkpoint's tensor are ordered in the file; of a vector, its elements.
  enum Order: Hashable, Sendable {
    case same
    /// The two rows that a rotary embedding turns together are neighbours in the file, and half a head apart in the
    /// checkpoint.
    case rotaryPairs(heads: Int)
    /// The file has so many parts one after another, each of all heads, and the checkpoint the parts of each head.
    case parts(Int, heads: Int)
  }

  var order = Order.same
  /// The row of the file's tensor at which the checkpoint's begins, of a tensor that holds several.
  var firstRow = 0
  /// Whether the file has the transpose.
  var isTransposed = false
  /// What is added to the file's elements.
  var added: Float = 0

  /// Whether elements lie in the file as in the checkpoint.
  var isIdentity: Bool { self == GGUFLayout() }

  /// The row of the file that holds row `row`, of `count`, of the checkpoint.
  func sourceRow(_ row: Int, of count: Int) -> Int {
    switch order {
    case .same: return firstRow + row
    case .rotaryPairs(let heads):
      let headRows = count / heads
      let (head, within) = row.quotientAndRemainder(dividingBy: headRows)
      let (half, pair) = within.quotientAndRemainder(dividingBy: headRows / 2)
      return firstRow + head * headRows + 2 * pair + half
    case .parts(let parts, let heads):
      let width = count / heads / parts
      let (head, within) = row.quotientAndRemainder(dividingBy: parts * width)
      let (part, channel) = within.quotientAndRemainder(dividingBy: width)
      return firstRow + (part * heads + head) * width + channel
    }
  }
}
