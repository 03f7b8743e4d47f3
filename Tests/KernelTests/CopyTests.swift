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
}
