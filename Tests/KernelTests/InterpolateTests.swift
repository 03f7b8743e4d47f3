import ActKernels
import Testing

@Suite struct InterpolateTests {
  private static let widths = [1, 5, 16, 31, 64, 257]

  private struct Tables {
    var knots: [Float]
    var values: [Float]
    var count: Int
  }

  /// Tables of columns whose knots rise, some of them by nothing.
  private func tables(_ count: Int, columns: Int) -> Tables {
    var noise = Noise(count)
    var knots: [Float] = []
    for _ in 0..<columns {
      var column = noise.floats(count, -2...2).sorted()
      if count > 2 { column[1] = column[0] }
      knots += column
    }
    // Columns as rows so far.
    let rows = (0..<count).flatMap { j in (0..<columns).map { knots[$0 * count + j] } }
    return Tables(knots: rows, values: noise.floats(count * columns, -3...3), count: count)
  }

  private func interpolate(
    _ level: Level, _ x: [Float], _ tables: [Tables], slots: [Int32]? = nil, columns: Int,
    inPlace: Bool = false, workers: Int = 1
  ) -> [Float] {
    let source = Guarded(x)
    let out = inPlace ? source : Guarded<Float>(repeating: .nan, count: x.count)
    let (knots, values) = (Guarded(tables.flatMap(\.knots)), Guarded(tables.flatMap(\.values)))
    let places = slots.map { Guarded($0) }
    let stride = tables.count > 1 ? tables[0].knots.count : 0
    let args = act_interpolate_args(
      out: out.pointer, out_row_stride: columns, x: source.pointer, x_row_stride: columns,
      rows: Int32(x.count / columns), columns: Int32(columns), knots: knots.pointer, values: values.pointer,
      knots_slot_stride: stride, values_slot_stride: stride, count: Int32(tables[0].count),
      slots: places.map { UnsafePointer($0.pointer) }, rows_per_slot: 2)
    call(level.kernels.interpolate, args, keeping: [source, out, knots, values], workers: workers)
    return withExtendedLifetime(places) { out.array }
  }

  private func expected(_ x: Float, _ tables: Tables, column: Int, columns: Int) -> Double {
    func point(_ j: Int) -> (x: Double, y: Double) {
      (Double(tables.knots[j * columns + column]), Double(tables.values[j * columns + column]))
    }
    guard let left = (0..<tables.count).last(where: { point($0).x <= Double(x) }) else { return point(0).y }
    guard left + 1 < tables.count else { return point(left).y }
    let (from, to) = (point(left), point(left + 1))
    return from.y + (Double(x) - from.x) / (to.x - from.x) * (to.y - from.y)
  }

  @Test(arguments: Level.all, widths)
  func matchesReference(level: Level, columns: Int) {
    let rows = 6
    for count in [1, 2, 3, 16, 33] {
      var noise = Noise(columns)
      let slots: [Int32] = [1, 0, 1]
      let sets = [tables(count, columns: columns), tables(count, columns: columns)]
      var x = noise.floats(rows * columns, -2.5...2.5)
      // A row at the knots themselves.
      for column in 0..<columns { x[column] = sets[1].knots[(column % count) * columns + column] }
      let actual = interpolate(level, x, sets, slots: slots, columns: columns)
      for (index, value) in actual.enumerated() {
        let (row, column) = (index / columns, index % columns)
        let wanted = expected(x[index], sets[Int(slots[row / 2])], column: column, columns: columns)
        #expect(abs(Double(value) - wanted) <= 1e-5, "\(count) knots")
      }
      #expect(
        bits(interpolate(level, x, sets, slots: slots, columns: columns, inPlace: true, workers: 3))
          == bits(actual))
      let last = Array(x.suffix(2 * columns))
      #expect(
        bits(interpolate(level, last, [sets[1]], columns: columns)) == bits(actual.suffix(2 * columns)))
    }
  }

  @Test(arguments: Level.all)
  func edges(level: Level) {
    let table = Tables(knots: [-1, 0, 0, 2], values: [5, 1, 3, 4], count: 4)
    let x: [Float] = [-.infinity, -2, -1, -0.5, 0, 1, 2, 3, .infinity]
    #expect(interpolate(level, x, [table], columns: 1) == [5, 5, 5, 3, 3, 3.5, 4, 4, 4])
    #expect(interpolate(level, [.nan, 0], [table], columns: 1)[0].isNaN)
    // Knots that do not rise still end.
    let broken = Tables(knots: [2, -1, .nan, .infinity], values: [1, 2, 3, 4], count: 4)
    #expect(interpolate(level, x, [broken], columns: 1).count == x.count)
  }
}
