import ActFormats
import ActIR

/// An input of a call of whole entries: all that the call gives it.
package struct EntryInput: Sendable {
  private enum Values: Sendable {
    case integers([Int32])
    /// As in files: images are [B,C,H,W].
    case floats(FloatElements)
  }

  package let name: String
  /// What counts its elements: rows `T` or `P`, or entries `B`.
  package let symbol: String
  /// The axes of an element.
  private let inner: [Int]
  /// Of images, the number of channels and of pixels; nil for what files hold as the engine does.
  private let image: (channels: Int, pixels: Int)?
  /// How many elements there are of each that the symbol counts.
  private let width: Int
  /// After how many of these the values begin anew: those of one entry that stand for all.
  private let period: Int
  private let values: Values

  /// Takes what a call gives an input; nil for one that the engine writes itself.
  ///
  /// - Parameters:
  ///   - input: the input.
  ///   - inputs: what is given. Whole numbers that are not are 0.
  ///   - sizes: the entries of the call.
  ///   - limit: one more than the largest whole number that an input of a name takes.
  /// - Throws: `FileError` for a tensor that is missing or does not fit the input.
  package init?(
    _ input: DeclaredInput, of inputs: EntryInputs, _ sizes: EntrySizes, limit: (_ name: String) -> Int
  ) throws(FileError) {
    switch input.role {
    case .position, .entry, .chosen, .ending: return nil
    case .token, .sample, .timestep, .guidance, .guidanceEmbedding, .label, .place, .filling, .textLength,
      .given:
      break
    }
    guard case .symbol(let symbol)? = input.type.shape.first, let width = input.type.elementsPerSymbol else {
      preconditionFailure("verified")
    }
    name = input.name
    self.symbol = symbol
    self.width = width
    let (count, axes) = (sizes.count(symbol), sizes.axes(symbol))
    inner = input.type.shape.dropFirst().map { $0.fixed! }
    let shape = input.type.shapeInFile(axes + inner)
    image = input.type.isImages ? (shape[1], shape[2] * shape[3]) : nil
    guard let tensor = inputs.tensors[name] else {
      if input.role == .place {
        period = count
        values = .floats(FloatElements(try input.places(sizes, path: inputs.path)))
        return
      }
      guard input.role == .given, input.type.dtype == .i32 else {
        throw FileError(inputs.path, name, "no such tensor", next: "give \(name) \(input.type)")
      }
      period = count
      values = .integers([Int32](repeating: 0, count: count))
      return
    }
    if let number = tensor.number(for: input) {
      period = count
      values = .floats(FloatElements([Float](repeating: number, count: count)))
      return
    }
    // All rows one after the other, or those of one entry for all; a number a row needs no axis of its own.
    let others = axes.count == 2 ? [[count] + inner, [axes[1]] + inner] : []
    let isNumbers = shape == [count, 1] && tensor.shape == [count]
    guard tensor.shape == shape || isNumbers || others.contains(tensor.shape) else {
      throw FileError(inputs.path, name, "expected \(shape), found \(tensor.shape)")
    }
    period = tensor.shape == others.last ? axes[1] : count
    switch tensor.elements {
    case .integers(let integers) where input.type.dtype == .i32:
      try inputs.check(integers, of: name, below: limit(name))
      values = .integers(integers.map { Int32($0) })
    case .floats(let floats) where input.type.dtype == .f32: values = .floats(floats)
    case .integers, .floats:
      throw FileError(inputs.path, name, "expected \(input.type), found elements of another type")
    }
  }

  /// The whole numbers of so many rows; nil for an input of floats.
  package func integers(_ rows: Range<Int>) -> ArraySlice<Int32>? {
    guard case .integers(let values) = values else { return nil }
    return values[rows.lowerBound * width..<rows.upperBound * width]
  }

  /// What the call gives at `indices`, counted by the symbol, as a tensor whose first axes are `axes`: whole numbers, or
  /// rows of floats.
  func tensor(at indices: [Int], axes: [Int]) -> EntryInputs.Tensor {
    switch values {
    case .integers(let values): .init(indices.map { Int(values[$0 % period]) })
    case .floats(let values):
      values.withElements { values in
        .init(
          indices.flatMap { values[$0 % period * width..<($0 % period + 1) * width] },
          shape: axes + inner)
      }
    }
  }

  /// Writes what the call gives at `indices`, counted by the symbol, where an engine reads it, from its `place`-th on.
  /// The engine of a part of a model may have no such input.
  package func write(_ indices: some Sequence<Int>, to engine: Engine, at place: Int = 0) {
    switch values {
    case .integers(let values):
      guard let target = engine.integers(name) else { return }
      for (offset, index) in indices.enumerated() {
        for element in 0..<width {
          target[(place + offset) * width + element] = values[index % period * width + element]
        }
      }
    case .floats(let values):
      guard let target = engine.input(name) else { return }
      values.withElements { values in
        for (offset, index) in indices.enumerated() {
          let source = values.baseAddress! + index % period * width
          let out = target + (place + offset) * width
          if let image {
            transpose(source, rows: image.channels, columns: image.pixels, into: out)
          } else {
            out.update(from: source, count: width)
          }
        }
      }
    }
  }
}

extension TensorType {
  /// The shape that a value of this type and of `shape` has in files: that of images is `[B,C,H,W]`.
  func shapeInFile(_ shape: [Int]) -> [Int] {
    isImages ? [shape[0], shape[3], shape[1], shape[2]] : shape
  }
}

/// `source: [rows, columns] -> out: [columns, rows]`.
func transpose(
  _ source: UnsafePointer<Float>, rows: Int, columns: Int, into out: UnsafeMutablePointer<Float>
) {
  for row in 0..<rows {
    for column in 0..<columns { out[column * rows + row] = source[row * columns + column] }
  }
}
