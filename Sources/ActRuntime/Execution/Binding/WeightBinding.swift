import ActIR
import ActKernels

extension Binder {
  func scale(_ function: ThreadPool.Task, _ inputs: [Location], _ out: Location) -> KernelTask {
    let args = act_scale_args(
      out: out.floats, w: UnsafeRawPointer(inputs[0].base), w_dtype: inputs[0].dtype.kernelType,
      s: UnsafePointer(inputs[1].floats), n: 0, k: Int32(out.columns))
    return task(function, args, rows: \.n, out)
  }

  /// Packs a matrix, or several one after the other.
  func pack(_ input: Location, _ out: Location) -> [KernelTask] {
    let count = out.type.rank == 3 ? out.type.shape[0].fixed ?? 0 : 1
    let rows = out.rows.factor / max(1, count)
    return (0..<count).map { index in
      let args = act_pack_args(
        out: out.base + index * out.matrixByteCount, out_dtype: out.dtype.kernelType,
        w: UnsafeRawPointer(input.base + index * input.matrixByteCount), w_dtype: input.dtype.kernelType,
        n: Int32(rows), k: Int32(out.columns))
      return task(act_pack, args, rows: nil, out)
    }
  }

  /// Puts a matrix at its place among several.
  func stack(_ input: Location, at index: Int, _ out: Location) -> KernelTask {
    let (place, byteCount) = (out.base + index * out.matrixByteCount, out.matrixByteCount)
    guard input.dtype.packedFormat != nil else { return cast(input, to: place, out) }
    // Panels are whole lines of 64 bytes.
    let args = act_copy_args(
      out: place, out_stride: 16, in: UnsafeRawPointer(input.base), in_stride: 16,
      blocks: Int32(byteCount / 64), length: 16)
    return task(act_copy, args, rows: nil, out)
  }

  func cast(_ input: Location, _ out: Location) -> KernelTask { cast(input, to: out.base, out) }

  /// Joins along the first axis.
  func join(_ inputs: [Location], _ out: Location) -> [KernelTask] {
    var offset = 0
    return inputs.map { input in
      defer { offset += input.fixedCount }
      return cast(input, to: out.base + offset * (out.dtype.byteWidth ?? 0), out)
    }
  }

  func permute(_ axes: [Int], _ x: Location, _ out: Location) -> KernelTask {
    var strides = [Int](repeating: 1, count: axes.count)
    for axis in axes.indices.dropLast().reversed() {
      strides[axis] = strides[axis + 1] * (x.type.shape[axis + 1].fixed ?? 1)
    }
    let sizes = arguments.allocate(Int64.self, count: axes.count)
    let steps = arguments.allocate(Int64.self, count: axes.count)
    for (place, axis) in axes.enumerated() {
      sizes[place] = Int64(x.type.shape[axis].fixed ?? 1)
      steps[place] = Int64(strides[axis])
    }
    let args = act_permute_args(
      out: out.floats, in: UnsafeRawPointer(x.base), in_dtype: x.dtype.kernelType, rank: Int32(axes.count),
      sizes: UnsafePointer(sizes), steps: UnsafePointer(steps))
    return task(act_permute, args, rows: nil, out)
  }

  private func cast(_ input: Location, to address: UnsafeMutableRawPointer, _ out: Location) -> KernelTask {
    let args = act_cast_args(
      out: address, in: UnsafeRawPointer(input.base), out_dtype: out.dtype.kernelType,
      in_dtype: input.dtype.kernelType, count: Int64(input.fixedCount))
    return task(act_cast, args, rows: nil, out)
  }
}
