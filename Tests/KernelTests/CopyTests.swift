import ActKernels
import Testing

@Suite struct CopyTests {
  @Test(arguments: [(1, 1), (1, 1000), (7, 3), (5, 64), (300, 1)], [1, 2, 3, 16])
  func copiesBlocks(shape: (blocks: Int, length: Int), workers: Int) {
    let (blocks, length) = shape
    let (inStride, outStride) = (length + 2, length + 5)
    let source = Guarded((0..<(blocks - 1) * inStride + length).map { Int32($0) })
    let out = Guarded<Int32>(repeating: -1, count: (blocks - 1) * outStride + length)
    let args = act_copy_args(
      out: out.pointer, out_stride: outStride, in: UnsafeRawPointer(source.pointer), in_stride: inStride,
      blocks: Int32(blocks), length: Int64(length))
    call(act_copy, args, keeping: [source, out], workers: workers)
    for (i, element) in out.array.enumerated() {
      let (block, within) = (i / outStride, i % outStride)
      #expect(element == (within < length ? Int32(block * inStride + within) : -1))
    }
  }

  @Test(arguments: [1, 3, 64], [1, 2, 16])
  func copiesRowsInAnyOrder(length: Int, workers: Int) {
    let rows = 9
    let order: [Int32] = [4, 0, 8, 2, 1, 7, 3, 6, 5]
    let (inStride, outStride) = (length + 2, length + 5)
    let source = Guarded((0..<(rows - 1) * inStride + length).map { Int32($0) })
    let list = Guarded(order)
    for scatters in [false, true] {
      let out = Guarded<Int32>(repeating: -1, count: (rows - 1) * outStride + length)
      let args = act_copy_rows_args(
        out: out.pointer, out_stride: outStride, out_rows: scatters ? UnsafePointer(list.pointer) : nil,
        in: UnsafeRawPointer(source.pointer), in_stride: inStride,
        in_rows: scatters ? nil : UnsafePointer(list.pointer), rows: Int32(rows), length: Int32(length))
      call(act_copy_rows, args, keeping: [source, out], workers: workers)
      for (row, other) in order.enumerated() {
        let (to, from) = scatters ? (Int(other), row) : (row, Int(other))
        for column in 0..<length {
          #expect(out.array[to * outStride + column] == Int32(from * inStride + column))
        }
      }
      #expect(out.array.count { $0 == -1 } == (rows - 1) * 5)
    }
  }
}
