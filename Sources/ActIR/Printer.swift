// The text form. One line a node, one syntax for every op:
//
//     %n = rms_norm %h, %gain {eps = 1e-05, site = "model.norm"} : f32[T,576]
//
// so a new op needs no parser or printer code of its own.

extension Graph: CustomStringConvertible {
  public var description: String {
    let order = self.order
    let names = uniqueNames(order.map { Lexer.valueName(self[$0].name) })
    let nameOf = Dictionary(uniqueKeysWithValues: zip(order, names))
    let parameters = inputs.map { id in
      // The name is the value's own.
      let attributes = self[id].op.attributes.filter { $0.key != "name" }.map { "\($0.key) = \($0.value)" }
      return "%\(nameOf[id]!): \(self[id].type)"
        + (attributes.isEmpty ? "" : " {\(attributes.joined(separator: ", "))}")
    }
    var text = "graph @\(name)(\(parameters.joined(separator: ", "))) {\n"
    for id in order {
      if case .input = self[id].op { continue }
      text += "  " + self[id].text(name: nameOf[id]!) { nameOf[$0]! } + "\n"
    }
    let returned = results.map { result in
      let value = nameOf[result.value]!
      return value == result.name ? "%\(value)" : "\(Lexer.wordOrString(result.name)) = %\(value)"
    }
    return text + "  return \(returned.joined(separator: ", "))\n}\n"
  }
}

extension Node {
  /// One line of the text form, without the end of line.
  package func text(name: String, _ nameOf: (ValueID) -> String) -> String {
    var text = "%\(name) = \(op.mnemonic)"
    if !inputs.isEmpty { text += " " + inputs.map { "%" + nameOf($0) }.joined(separator: ", ") }
    var pairs = op.attributes.map { "\($0.key) = \($0.value)" }
    if let site { pairs.append("site = \(Attribute.string(site))") }
    if !pairs.isEmpty { text += " {\(pairs.joined(separator: ", "))}" }
    return text + " : \(type)"
  }
}

/// The names, with a number after each that was taken before it.
package func uniqueNames(_ names: [String]) -> [String] {
  var taken = Set<String>()
  var next: [String: Int] = [:]
  return names.map { base in
    var name = base
    while !taken.insert(name).inserted {
      next[base, default: 0] += 1
      name = "\(base)_\(next[base]!)"
    }
    return name
  }
}
