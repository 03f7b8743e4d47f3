import ActIR
import ActStatistics

/// The transport function `x + strength · (T(x) − x)`, T the composition of steps of tables.
///
/// Along the axes a step is `x + table(x)`, else `x + U table(V x)`. Its parameters end in its number, from 1 on: `V1`
/// f32[R1,D], `U1` f32[D,R1], `knots1` and `shifts1` f32[K,R1], or f32[K,D] along the axes.
func tableTransport(_ name: String, alongAxes steps: [Bool]) -> String {
  var parameters = ""
  var lines = ""
  var x = "x"
  for (index, isAlongAxes) in steps.enumerated() {
    let n = index + 1
    let width = isAlongAxes ? "D" : "R\(n)"
    var (place, change) = (x, "shift\(n)")
    if !isAlongAxes {
      parameters += "%V\(n): f32[\(width),D], %U\(n): f32[D,\(width)], "
      lines += "  %along\(n) = linear %\(x), %V\(n) : f32[T,\(width)]\n"
      place = "along\(n)"
    }
    parameters += "%knots\(n): f32[K,\(width)], %shifts\(n): f32[K,\(width)], "
    lines += "  %shift\(n) = interpolate %\(place), %knots\(n), %shifts\(n) : f32[T,\(width)]\n"
    if !isAlongAxes {
      change = "change\(n)"
      lines += "  %\(change) = linear %shift\(n), %U\(n) : f32[T,D]\n"
    }
    lines += "  %x\(n) = add %\(x), %\(change) : f32[T,D]\n"
    x = "x\(n)"
  }
  return """
    graph @\(name)(%x: f32[T,D], \(parameters)%strength: f32[]) {
    \(lines)  %change = sub %\(x), %x : f32[T,D]
      %part = mul %change, %strength : f32[T,D]
      %y = add %x, %part : f32[T,D]
      return %y
    }

    """
}

extension SlicedStep {
  /// A step that moves nothing, along one direction or the axes.
  init(stillOf width: Int, alongAxes: Bool) {
    self.init(
      directions: alongAxes ? nil : Matrix(zeros: 1, width),
      lines: Array(repeating: .still, count: alongAxes ? width : 1))
  }

  /// The parameters of ``tableTransport(_:alongAxes:)`` of the step with this number; the last knot stands for those that
  /// a table lacks.
  func tables(number: Int, knots count: Int) -> [String: MapParameter] {
    func table(_ entries: (LineMap) -> [Double]) -> MapParameter {
      let values = (0..<count).flatMap { knot in
        lines.map { line in
          let entries = entries(line)
          return Float(entries[min(knot, entries.count - 1)])
        }
      }
      return MapParameter(values, shape: [count, lines.count])
    }
    var parameters = ["knots\(number)": table(\.knots), "shifts\(number)": table(\.shifts)]
    if let directions {
      parameters["V\(number)"] = MapParameter(directions)
      parameters["U\(number)"] = MapParameter(directions.transposed)
    }
    return parameters
  }
}
