/// The statements of a template.
indirect enum TemplateNode {
  case text(String)
  case output(TemplateExpression)
  case condition([(condition: TemplateExpression, body: [TemplateNode])], otherwise: [TemplateNode])
  case loop(variable: String, over: TemplateExpression, body: [TemplateNode])
  /// Sets a variable, or a member of a namespace.
  case set(name: String, member: String?, TemplateExpression)
}

indirect enum TemplateExpression {
  case literal(TemplateValue)
  case variable(String)
  case list([TemplateExpression])
  case member(TemplateExpression, TemplateExpression)
  case slice(TemplateExpression, from: TemplateExpression?, to: TemplateExpression?)
  case call(name: String, [TemplateExpression], named: [(String, TemplateExpression)])
  case method(TemplateExpression, name: String, [TemplateExpression])
  case filter(TemplateExpression, name: String, [TemplateExpression])
  case test(TemplateExpression, name: String)
  case not(TemplateExpression)
  case negative(TemplateExpression)
  case and(TemplateExpression, TemplateExpression)
  case or(TemplateExpression, TemplateExpression)
  case binary(String, TemplateExpression, TemplateExpression)
  case choice(TemplateExpression, then: TemplateExpression, otherwise: TemplateExpression?)
}

enum TemplateValue {
  case undefined
  case none
  case bool(Bool)
  case int(Int)
  case string(String)
  case list([TemplateValue])
  case object([String: TemplateValue])
  case namespace(TemplateNamespace)
}

/// What `namespace()` makes: members that loops can set.
final class TemplateNamespace {
  var members: [String: TemplateValue]

  init(_ members: [String: TemplateValue]) { self.members = members }
}
