import ActErrors
import ActIR

/// An input of a transport function that does not fit a site or the other inputs.
public struct ParameterMismatch: ToolError, Hashable {
  /// The name of the input: `x` or a parameter.
  public var parameter: String
  /// What was expected of it.
  public var expected: String
  /// What was found.
  public var found: String

  public var exitStatus: ExitStatus { .badFile }

  /// The mismatch in one line.
  public var description: String { "%\(parameter): expected \(expected), found \(found)" }
}

extension Graph {
  /// The types of a transport function's parameters where `x` has this type, by name.
  ///
  /// The first symbol of `%x: f32[T,D]` stands for all leading dimensions there, the last one for the channels; the
  /// others are solved from the parameters themselves, in the order in which the function takes them.
  ///
  /// - Parameters:
  ///   - type: of the value at the site.
  ///   - shapes: of the parameters that are known; the others must have sizes that follow from these.
  /// - Returns: a type of fixed sizes for each parameter.
  /// - Throws: the first input whose shape does not fit, or whose sizes are not known.
  public func parameterTypes(
    at type: TensorType, shapes: [String: [Int]]
  ) throws(ParameterMismatch) -> [String: TensorType] {
    let inputs = inputs.map { (name: self[$0].name, type: self.type($0)) }
    let x = inputs.first { $0.name == "x" }?.type ?? type
    var sizes: [Dim: Dim] = [:]
    func solve(_ dim: Dim, _ size: Dim) -> Bool {
      let known = dim.fixed == nil ? sizes.updateValue(size, forKey: dim) : dim
      return known == nil || known == size
    }
    guard x.rank == 2, x.shape[0] != x.shape[1], type.rank >= 2, type.dtype == x.dtype,
      solve(x.shape[1], type.shape[type.rank - 1])
    else { throw ParameterMismatch(parameter: "x", expected: "\(x)", found: "\(type)") }
    let parameters = inputs.filter { $0.name != "x" && $0.name != "strength" }
    for parameter in parameters {
      guard parameter.type.dtype == .f32 else {
        throw ParameterMismatch(parameter: parameter.name, expected: "f32", found: "\(parameter.type)")
      }
      guard let shape = shapes[parameter.name] else { continue }
      let expected = parameter.type.shape.map { sizes[$0] ?? $0 }
      guard shape.count == expected.count,
        zip(parameter.type.shape, shape).allSatisfy({ solve($0, .fixed($1)) })
      else {
        throw ParameterMismatch(
          parameter: parameter.name, expected: "\(TensorType(.f32, expected))",
          found: "\(TensorType(.f32, shape.map { .fixed($0) }))")
      }
    }
    var types: [String: TensorType] = [:]
    for parameter in parameters {
      let type = TensorType(.f32, parameter.type.shape.map { sizes[$0] ?? $0 })
      guard type.fixedCount != nil, !parameter.type.shape.contains(x.shape[0]) else {
        throw ParameterMismatch(parameter: parameter.name, expected: "sizes known there", found: "\(type)")
      }
      types[parameter.name] = type
    }
    return types
  }
}
