/// A metadata value of a GGUF file. Integers of all widths are one case.
public enum GGUFValue: Hashable, Sendable {
  case integer(Int)
  case float(Double)
  /// A float of 32 bits, which spells itself shorter than the double that it equals.
  case float32(Float)
  case bool(Bool)
  case string(String)
  case array([GGUFValue])

  public var integer: Int? { if case .integer(let value) = self { value } else { nil } }
  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  public var string: String? { if case .string(let value) = self { value } else { nil } }
  public var array: [GGUFValue]? { if case .array(let value) = self { value } else { nil } }

  /// The value as a JSON number, in the shortest spelling of its own precision; nil where it is not a finite number.
  public var number: JSON? {
    switch self {
    case .integer(let value): .int(value)
    case .float(let value) where value.isFinite: .number("\(value)")
    case .float32(let value) where value.isFinite: .number("\(value)")
    default: nil
    }
  }
}
