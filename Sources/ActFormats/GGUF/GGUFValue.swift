/// A metadata value of a GGUF file. Integers of all widths are one case.
package enum GGUFValue: Hashable, Sendable {
  case integer(Int)
  case float(Double)
  /// A float of 32 bits, which spells itself shorter than the double that it equals.
  case float32(Float)
  case bool(Bool)
  case string(String)
  case array([GGUFValue])

  package var integer: Int? { if case .integer(let value) = self { value } else { nil } }
  package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  package var string: String? { if case .string(let value) = self { value } else { nil } }
  package var array: [GGUFValue]? { if case .array(let value) = self { value } else { nil } }

  /// The value as a JSON number, in the shortest spelling of its own precision; nil where it is no number. The numbers
  /// of a file are finite.
  package var number: JSON? {
    switch self {
    case .integer(let value): .int(value)
    case .float(let value): .number("\(value)")
    case .float32(let value): .number("\(value)")
    default: nil
    }
  }
}
