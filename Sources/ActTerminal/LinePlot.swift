/// An SVG image of small line plots over whole numbers, one above another, with one scale.
///
/// Its colours follow the reader's light or dark setting. It needs no other files.
package struct LinePlot: Hashable, Sendable {
  /// One line of a panel.
  package struct Line: Hashable, Sendable {
    /// The series that it belongs to, by index.
    package var series: Int
    /// Rising in `x`.
    package var points: [Point]

    package init(series: Int, points: [Point]) {
      self.series = series
      self.points = points
    }
  }

  package struct Point: Hashable, Sendable {
    package var x: Int
    package var y: Double
    /// Shown when the reader points at it.
    package var label: String

    package init(x: Int, y: Double, label: String) {
      self.x = x
      self.y = y
      self.label = label
    }
  }

  package struct Panel: Hashable, Sendable {
    package var title: String
    package var lines: [Line]

    package init(title: String, lines: [Line]) {
      self.title = title
      self.lines = lines
    }
  }

  package var title: String
  package var xLabel: String
  package var yLabel: String
  /// The names of up to three series.
  package var series: [String]
  package var panels: [Panel]

  package init(title: String, xLabel: String, yLabel: String, series: [String], panels: [Panel]) {
    self.title = title
    self.xLabel = xLabel
    self.yLabel = yLabel
    self.series = series
    self.panels = panels
  }

  private static let width = 720.0
  private static let left = 64.0
  private static let right = 20.0
  private static let panelHeight = 150.0
  private static let panelGap = 60.0
  private static let top = 84.0

  /// The plot; points that are not finite are left out.
  package var svg: String {
    let height = Self.top + Double(panels.count) * (Self.panelHeight + Self.panelGap) + 12
    let points = panels.flatMap(\.lines).flatMap(\.points).filter { $0.y.isFinite }
    let xs = (points.map(\.x).min() ?? 0)...max(points.map(\.x).max() ?? 0, (points.map(\.x).min() ?? 0) + 1)
    let ticks = Self.ticks(upTo: points.map(\.y).max() ?? 1)
    var out = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(Self.width)) \(Int(height))" role="img" \
      font-family="system-ui, sans-serif" font-size="12">
      <title>\(escaped(title))</title>
      <style>
        .paper { fill: #ffffff } .ink { fill: #1f2328 } .faint { fill: #59636e } .grid { stroke: #d1d9e0 }
        .s0 { stroke: #bc4c00; fill: #bc4c00 } .s1 { stroke: #0969da; fill: #0969da }
        .s2 { stroke: #1a7f37; fill: #1a7f37 } .line { fill: none; stroke-width: 2 }
        @media (prefers-color-scheme: dark) {
          .paper { fill: #0d1117 } .ink { fill: #f0f6fc } .faint { fill: #9198a1 } .grid { stroke: #3d444d }
          .s0 { stroke: #f0883e; fill: #f0883e } .s1 { stroke: #58a6ff; fill: #58a6ff }
          .s2 { stroke: #3fb950; fill: #3fb950 } .line { fill: none }
        }
      </style>
      <rect class="paper" width="100%" height="100%"/>
      <text class="ink" x="\(number(Self.left))" y="28" font-size="16">\(escaped(title))</text>

      """
    var x = Self.left
    for (index, name) in series.enumerated() {
      out += "<circle class=\"s\(index)\" cx=\"\(number(x + 4))\" cy=\"46\" r=\"4\"/>"
      out += "<text class=\"ink\" x=\"\(number(x + 14))\" y=\"50\">\(escaped(name))</text>\n"
      x += 14 + 8 * Double(name.count) + 20
    }
    for (index, panel) in panels.enumerated() {
      let top = Self.top + Double(index) * (Self.panelHeight + Self.panelGap)
      out += draw(panel, top: top, xs, ticks)
    }
    return out + "</svg>\n"
  }

  private func draw(_ panel: Panel, top: Double, _ xs: ClosedRange<Int>, _ ticks: [Double]) -> String {
    let bottom = top + Self.panelHeight
    let high = ticks[ticks.count - 1]
    func x(_ value: Int) -> Double {
      Self.left + (Self.width - Self.left - Self.right) * Double(value - xs.lowerBound)
        / Double(xs.upperBound - xs.lowerBound)
    }
    func y(_ value: Double) -> Double { bottom - Self.panelHeight * value / high }

    var out = text(panel.title, Self.left, top - 8, "ink", "start")
    for tick in ticks {
      out += """
        <line class="grid" x1="\(number(Self.left))" x2="\(number(Self.width - Self.right))" \
        y1="\(number(y(tick)))" y2="\(number(y(tick)))"/>

        """
      out += text(short(tick), Self.left - 8, y(tick) + 4, "faint", "end")
    }
    out += text(yLabel, Self.width - Self.right, top - 8, "faint", "end")
    let step = max(1, (xs.upperBound - xs.lowerBound + 9) / 10)
    for tick in stride(from: xs.lowerBound, through: xs.upperBound, by: step) {
      out += text("\(tick)", x(tick), bottom + 16, "faint", "middle")
    }
    out += text(xLabel, Self.width - Self.right, bottom + 32, "faint", "end")
    for line in panel.lines {
      let points = line.points.filter { $0.y.isFinite }
      let path = points.map { "\(number(x($0.x))),\(number(y($0.y)))" }.joined(separator: " ")
      out += "<polyline class=\"s\(line.series) line\" points=\"\(path)\"/>\n"
      for point in points {
        out +=
          "<circle class=\"s\(line.series)\" cx=\"\(number(x(point.x)))\" cy=\"\(number(y(point.y)))\" r=\"3\">"
        out += "<title>\(escaped(point.label))</title></circle>\n"
      }
    }
    return out
  }

  private func text(_ text: String, _ x: Double, _ y: Double, _ style: String, _ anchor: String) -> String {
    """
    <text class="\(style)" x="\(number(x))" y="\(number(y))" text-anchor="\(anchor)">\(escaped(text))</text>

    """
  }

  private func number(_ value: Double) -> String { fixed(value, 1) }

  private func short(_ value: Double) -> String { value == value.rounded() ? fixed(value, 0) : "\(value)" }

  /// Three to six round numbers from 0 to at least `value`.
  package static func ticks(upTo value: Double) -> [Double] {
    guard value > 0, value.isFinite else { return [0, 0.5, 1] }
    var unit = 1.0
    while unit > value { unit /= 10 }
    while unit * 10 <= value { unit *= 10 }
    // Multiplied in tenths, because 0.1 · 3 is not 0.3.
    let step = [2.0, 5, 10, 20].first { value <= unit * $0 / 10 * 5 } ?? 20
    let count = Int((value / (unit * step / 10)).rounded(.up))
    return (0...count).map {
      unit >= 10 ? unit / 10 * step * Double($0) : step * Double($0) / (10 / unit).rounded()
    }
  }
}

/// Text escaped for use between tags or in an attribute. A character that XML cannot hold becomes U+FFFD.
func escaped(_ text: String) -> String {
  var out = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "&": out += "&amp;"
    case "<": out += "&lt;"
    case ">": out += "&gt;"
    case "\"": out += "&quot;"
    case "'": out += "&#39;"
    case "\t", "\n", "\r": out += " "
    case "\u{0}"..<"\u{20}", "\u{FFFE}", "\u{FFFF}": out += "\u{FFFD}"
    default: out.unicodeScalars.append(scalar)
    }
  }
  return out
}
