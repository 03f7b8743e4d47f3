import ActFormats
import ActIR

// Where the rows of Z-Image's text and image stand: a text's one after another along the first of three axes, an image's
// after them, by line and column along the other two.

extension ModelBuilder {
  /// The rotary table of the text, `f32[T,W]`: its rows stand after one another along the first axis.
  ///
  /// The published code counts them from 1; all places along this axis are one less here, which turns nothing.
  mutating func zImageTextTable(_ c: ZImageConfiguration) -> ValueID {
    let width = c.axes[0]
    let positions = input("positions", "T", .position, at: .prompt)
    let turned = graph.append(
      .ropeTable(RotaryEmbedding(width: width, base: c.base)), positions, name: "positions.waves")
    let others = c.axes[1] + c.axes[2]
    let zero = graph.append(.constant(0), name: "zero")
    let origin = graph.append(.reshape([.fixed(1), .fixed(1)]), zero, name: "positions.origin")
    let still = graph.append(
      .sinusoids(Sinusoids(width: others, base: c.base)), origin, name: "positions.still")
    let parts = [0, 1].flatMap { half in
      [(turned, width), (still, others)].map { value, width in
        columns(value, from: half * width / 2, width / 2, "\(graph[value].name).\(half)")
      }
    }
    return graph.append(.concat(axis: 1), parts, name: "positions.rotary")
  }

  /// The rotary table of the image, `f32[B,N,W]`: after the text along the first axis, and along the other two the line
  /// and the column of a patch.
  mutating func zImageTable(
    _ patches: Patches, _ length: ValueID, _ c: ZImageConfiguration
  ) -> ValueID {
    func number(_ value: Float, _ name: String) -> ValueID {
      let constant = graph.append(.constant(value), name: name)
      return graph.append(.reshape([.fixed(1), .fixed(1), .fixed(1)]), constant, name: name)
    }
    func line(_ count: Int, axis: Int, _ name: String) -> ValueID {
      let numbers = (0..<count).map { number(Float($0), "\(name).\($0)") }
      return graph.append(.concat(axis: axis), numbers, name: name)
    }
    let lines = line(patches.height, axis: 0, "places.lines")
    let columns = line(patches.width, axis: 1, "places.columns")
    let zero = graph.append(.constant(0), name: "zero")
    let noLines = graph.append(.binary(.mul), lines, zero, name: "places.lines.zeros")
    let noColumns = graph.append(.binary(.mul), columns, zero, name: "places.columns.zeros")
    let none = graph.append(.binary(.add), noLines, noColumns, name: "places.zeros")
    let one = graph.append(.constant(1), name: "one")
    let parts = [
      none, graph.append(.binary(.add), lines, noColumns, name: "places.line"),
      graph.append(.binary(.add), noLines, columns, name: "places.column"),
      graph.append(.binary(.add), none, one, name: "places.ones"),
    ]
    let count = InputRole.filled(patches.count) - patches.count
    /// Three numbers for each patch, and for each row that fills the image up.
    func table(_ axes: [ValueID], filling: [Float], _ name: String) -> ValueID {
      let all = graph.append(.concat(axis: 2), axes, name: "\(name).grid")
      let rows = graph.append(.reshape([.fixed(patches.count), .fixed(3)]), all, name: "\(name).rows")
      guard count > 0 else { return rows }
      let numbers = filling.map { number($0, "\(name).filling") }
      let fill = graph.append(.concat(axis: 2), numbers, name: "\(name).filling")
      let row = graph.append(.reshape([.fixed(1), .fixed(3)]), fill, name: "\(name).filling.row")
      return graph.append(.concat(axis: 0), [rows] + Array(repeating: row, count: count), name: name)
    }
    let fixed = table([none, parts[1], parts[2]], filling: [-1, 0, 0], "places.fixed")
    let moving = table([parts[3], none, none], filling: [0, 0, 0], "places.moving")
    let behind = graph.append(
      .reshape([.symbol("B"), .fixed(1), .fixed(1)]), length, name: "text_length.number")
    let moved = graph.append(.binary(.mul), behind, moving, name: "places.moved")
    let places = graph.append(.binary(.add), moved, fixed, name: "places")
    return rotaryTable(places, c.axes, base: c.base)
  }
}
