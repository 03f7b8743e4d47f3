import ActFormats
import ActIR

/// The tensors that a call of whole entries is given, by name, as files hold them.
package struct EntryInputs: Sendable {
  /// A tensor as its file has it.
  package struct Tensor: Sendable {
    package enum Elements: Sendable {
      case integers([Int])
      case floats(FloatElements)
    }

    package var shape: [Int]
    /// Row-major.
    package var elements: Elements

    package init(_ values: [Float], shape: [Int]) {
      self.shape = shape
      elements = .floats(FloatElements(values))
    }

    /// Whole numbers, one a row.
    package init(_ values: [Int]) {
      shape = [values.count]
      elements = .integers(values)
    }
  }

  /// The name of what says to which entry each row belongs.
  package static let sequences = "sequences"

  /// Where the tensors come from, for messages.
  package var path: String
  package var tensors: [String: Tensor]

  package init(path: String, _ tensors: [String: Tensor]) {
    self.path = path
    self.tensors = tensors
  }

  /// Whether a file has every input that a call cannot leave out.
  package static func areGiven(in file: SafetensorsFile, for inputs: [DeclaredInput]) -> Bool {
    inputs.allSatisfy { input in
      if input.role == .place || input.role.isOfFilling { return true }
      let isNeeded = input.type.dtype == .f32 || input.role == .token
      return !isNeeded || file[input.name] != nil
    }
  }

  /// Takes what the inputs of a plan or a graph read from a file.
  ///
  /// A file may hold the results to expect too, or what another plan reads. So floats that are no input stay where they
  /// are: every input of floats must be given, and one that is misspelt is missed. Whole numbers can be left out, and no
  /// result is of them: those that nothing reads are an error.
  ///
  /// - Parameters:
  ///   - file: the file.
  ///   - inputs: those of the plan.
  ///   - others: those of what else runs on the file.
  /// - Throws: `FileError` for such whole numbers, and for an input of another type.
  package init(
    _ file: SafetensorsFile, for inputs: [DeclaredInput], beside others: [DeclaredInput] = []
  ) throws(FileError) {
    path = file.path
    tensors = [:]
    let (read, elsewhere) = (inputs.filter(\.isOfFiles), others.filter(\.isOfFiles))
    let hasRows = inputs.count(by: "T") || !others.count(by: "T")
    for tensor in file.tensors {
      let isInteger = tensor.dtype == .i32 || tensor.dtype == .i64
      let input = read.first { $0.name == tensor.name }
      guard let input else {
        guard isInteger, !elsewhere.contains(where: { $0.name == tensor.name }) else { continue }
        guard tensor.name == Self.sequences else {
          let names = read.filter { $0.type.dtype == .i32 }.map(\.name) + [Self.sequences]
          throw FileError(
            path, tensor.name, "no input takes such whole numbers",
            next: "whole numbers go to \(names.joined(separator: ", "))")
        }
        guard hasRows else { continue }
        tensors[tensor.name] = .init(shape: tensor.shape, .integers(file.integers(of: tensor)))
        continue
      }
      if input.type.dtype == .i32, isInteger {
        tensors[tensor.name] = .init(shape: tensor.shape, .integers(file.integers(of: tensor)))
      } else if input.type.dtype == .f32, tensor.dtype == .f32 {
        tensors[tensor.name] = .init(shape: tensor.shape, .floats(FloatElements(tensor, of: file)))
      } else if input.holdsNumbersOfEntries, isInteger {
        tensors[tensor.name] = .init(try floats(of: tensor, in: file), shape: tensor.shape)
      } else {
        throw FileError(
          path, tensor.name,
          "expected \(input.type.dtype == .i32 ? "I32 or I64" : "F32"), found \(tensor.dtype.rawValue)")
      }
    }
  }
}

extension EntryInputs {
  /// Whole numbers as floats, which hold them exactly.
  private func floats(of tensor: TensorInfo, in file: SafetensorsFile) throws(FileError) -> [Float] {
    let largest = 1 << (Float.significandBitCount + 1)
    let integers = file.integers(of: tensor)
    if let other = integers.first(where: { $0.magnitude > largest }) {
      throw FileError(
        path, tensor.name, "expected whole numbers of at most \(largest), which F32 holds, found \(other)")
    }
    return integers.map { Float($0) }
  }
}

extension DeclaredInput {
  /// Whether a file may hold it: the engine itself writes the others.
  fileprivate var isOfFiles: Bool { role != .position && role != .entry && !role.isOfFilling }

  /// Whether it is some numbers for each entry, such as a time step, which are often whole.
  fileprivate var holdsNumbersOfEntries: Bool {
    type.dtype == .f32 && type.rank == 2 && type.shape[0] == .symbol("B")
  }
}

extension EntryInputs.Tensor {
  /// The one number that stands for all entries of a call; nil where there are several, or an input is of another kind.
  func number(for input: DeclaredInput) -> Float? {
    guard input.role == .timestep || input.role == .guidance, shape.isEmpty || shape == [1],
      case .floats(let floats) = elements
    else {
      return nil
    }
    return floats.withElements { $0[0] }
  }

  fileprivate init(shape: [Int], _ elements: Elements) {
    self.shape = shape
    self.elements = elements
  }
}

extension SafetensorsFile {
  /// The elements of a tensor of I32 or I64.
  package func integers(of tensor: TensorInfo) -> [Int] {
    let bytes = bytes(of: tensor)
    return tensor.dtype == .i32
      ? bytes.withMemoryRebound(to: Int32.self) { $0.map { Int($0) } }
      : bytes.withMemoryRebound(to: Int64.self) { $0.map { Int($0) } }
  }
}
