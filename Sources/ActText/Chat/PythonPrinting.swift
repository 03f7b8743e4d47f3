/// How Python prints values.
extension TemplateValue {
  /// `str`.
  func printed() throws(TemplateError) -> String {
    switch self {
    case .undefined: ""
    case .string(let text), .markup(let text): text
    default: try represented()
    }
  }

  /// `repr`.
  func represented(depth: Int = 0) throws(TemplateError) -> String {
    guard depth < 64 else { throw TemplateError("a value nested too deeply to print") }
    switch self {
    case .undefined: return "Undefined"
    case .none: return "None"
    case .bool(let flag): return flag ? "True" : "False"
    case .int(let number): return "\(number)"
    case .float(let number): return number.pythonRepresentation
    case .string(let text): return text.pythonRepresentation
    case .list(let values, .list), .list(let values, .tuple):
      var parts: [String] = []
      for value in values { parts.append(try value.represented(depth: depth + 1)) }
      let text = parts.joined(separator: ", ")
      guard case .list(_, .tuple) = self else { return "[\(text)]" }
      return "(\(text)\(values.count == 1 ? "," : ""))"
    case .object(let object):
      var parts: [String] = []
      for member in object.members {
        parts.append(
          try member.key.represented(depth: depth + 1) + ": " + member.value.represented(depth: depth + 1))
      }
      return "{" + parts.joined(separator: ", ") + "}"
    case .markup, .list, .namespace, .iterator, .loop, .function:
      throw .unsupported("printing \(kind)")
    }
  }
}
