import ActIR
import ActKernels

extension Binder {
  func scale(_ function: ThreadPool.Task, _ inputs: [Location], _ out: Location) -> KernelTask {
    let args = act_scale_args(
      out: out.floats, w: UnsafeRawPointer(inputs[0].base), w_dtype: inputs[0].dtype.kernelType,
      s: UnsafePointer(inputs[1].floats), n: 0, k: Int32(out.columns))
    return task(function, args, rows: \.n, out)
  }

  func pack(_ input: Location, _ out: Location) -> KernelTask {
    let args = act_pack_args(
      out: out.base, out_dtype: out.dtype.kernelType, w: UnsafeRawPointer(input.base),
      w_dtype: input.dtype.kernelType, n: 0, k: Int32(out.columns))
    return task(act_pack, args, rows: \.n, out)
  }

  func cast(_ input: Location, _ out: Location) -> KernelTask { cast(input, to: out.base, out) }

  /// Stacks along the first axis.
  func stack(_ inputs: [Location], _ out: Location) -> [KernelTask] {
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
