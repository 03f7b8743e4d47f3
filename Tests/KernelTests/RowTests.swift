import ActKernels
import Testing

@Suite struct RowTests {
  @Test(arguments: Level.all, Storage.allCases)
  func takesRows(level: Level, storage: Storage) {
    for columns in [1, 15, 16, 17, 70] {
      let tableRows = 9
      var noise = Noise(columns)
      let (bytes, values) = storage.encode(noise.floats(tableRows * columns))
      let table = Guarded(bytes)
      let indices = Guarded<Int32>([8, 0, 3, 3, 7])
      let out = Guarded<Float>(repeating: .nan, count: 5 * columns)
      call(
        level.kernels.take_rows,
        act_take_rows_args(
          out: out.pointer, out_row_stride: columns, table: UnsafeRawPointer(table.pointer),
          table_row_stride: columns, dtype: storage.rawValue, indices: indices.pointer, rows: 5,
          columns: Int32(columns)), keeping: [table, indices, out], workers: 2)
      let expected = indices.array.flatMap { values[Int($0) * columns..<(Int($0) + 1) * columns] }
      #expect(out.array == expected)
    }
  }

  @Test(arguments: Level.all, Storage.allCases)
  func scales(level: Level, storage: Storage) {
    let (n, k) = (7, 37)
    var noise = Noise(4)
    let (bytes, values) = storage.encode(noise.floats(n * k))
    let w = Guarded(bytes)
    for byRow in [true, false] {
      let s = Guarded(noise.floats(byRow ? n : k))
      let out = Guarded<Float>(repeating: .nan, count: n * k)
      call(
        byRow ? level.kernels.scale_rows : level.kernels.scale_columns,
        act_scale_args(
          out: out.pointer, w: UnsafeRawPointer(w.pointer), w_dtype: storage.rawValue, s: s.pointer,
          n: Int32(n), k: Int32(k)), keeping: [w, s, out], workers: 3)
      let expected = (0..<n * k).map { values[$0] * s.pointer[byRow ? $0 / k : $0 % k] }
      #expect(bits(out.array) == bits(expected))
    }
  }
}
