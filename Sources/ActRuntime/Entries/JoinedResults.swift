import ActFormats
import ActIR

extension Wire {
  /// What the wire gives an input of `width` channels for one entry.
  ///
  /// - Parameters:
  ///   - width: the channels of the input.
  ///   - result: a result for the entry alone, `[rows, channels]`; nil for one that is not there.
  /// - Returns: the rows, `[rows, width]`; nil where a result is missing.
  func joined(width: Int, _ result: (Source) -> ResultTensor?) -> ResultTensor? {
    var values: [Float] = []
    for part in parts {
      switch part {
      case .zeros(let count): values += [Float](repeating: 0, count: count * width)
      case .results(let sources):
        let tensors = sources.compactMap(result)
        guard tensors.count == sources.count, let rows = tensors.map({ $0.shape[0] }).min() else {
          return nil
        }
        let filling = [Float](repeating: 0, count: width - tensors.reduce(0) { $0 + $1.shape[1] })
        for row in 0..<rows {
          for tensor in tensors {
            values += tensor.values[row * tensor.shape[1]..<(row + 1) * tensor.shape[1]]
          }
          values += filling
        }
      }
    }
    return ResultTensor(name: input, shape: [values.count / width, width], values: values)
  }
}
