/// The statements of a template.
indirect enum TemplateNode {
  case text(String)
  case output(TemplateExpression)
  case condition([(condition: TemplateExpression, body: [TemplateNode])], otherwise: [TemplateNode])
  case loop(LoopNode)
  case set(AssignmentTarget, TemplateExpression)
  /// Sets a variable to what the body writes, after the filters.
  case capture(AssignmentTarget, [FilterCall], [TemplateNode])
  case macro(name: String, MacroSignature, [TemplateNode])
  /// Calls a macro whose `caller()` writes the body.
  case call(TemplateExpression, MacroSignature, [TemplateNode])
  /// Writes what the filters make of the body.
  case filter([FilterCall], [TemplateNode])
  /// Variables for the body alone.
  case with([(AssignmentTarget, TemplateExpression)], [TemplateNode])
  /// A body with variables of its own: `generation`.
  case block([TemplateNode])
  case breakLoop
  case continueLoop
}

struct LoopNode {
  var target: AssignmentTarget
  var sequence: TemplateExpression
  /// Values that do not meet it are left out.
  var condition: TemplateExpression?
  var body: [TemplateNode]
  /// What runs where there are no values.
  var otherwise: [TemplateNode]
}

/// What is assigned to.
indirect enum AssignmentTarget {
  case variable(String)
  case namespace(String, member: String)
  /// The values of a sequence, one to each.
  case several([AssignmentTarget])
}

struct MacroSignature {
  var parameters: [(name: String, default: TemplateExpression?)] = []
  /// Whether the body reads `caller`; a macro that does not cannot be called with one.
  var readsCaller = false
}

struct FilterCall {
  var name: String
  var arguments: CallArguments
}

struct CallArguments {
  var values: [TemplateExpression] = []
  var named: [(name: String, value: TemplateExpression)] = []
}

indirect enum TemplateExpression {
  case literal(TemplateValue)
  case variable(String)
  case list([TemplateExpression])
  case tuple([TemplateExpression])
  case object([(key: TemplateExpression, value: TemplateExpression)])
  /// `a.b`
  case attribute(TemplateExpression, String)
  /// `a[b]`
  case item(TemplateExpression, TemplateExpression)
  case slice(TemplateExpression, from: TemplateExpression?, to: TemplateExpression?, by: TemplateExpression?)
  case call(TemplateExpression, CallArguments)
  case filter(TemplateExpression, FilterCall)
  case test(TemplateExpression, FilterCall)
  case not(TemplateExpression)
  case negative(TemplateExpression)
  case positive(TemplateExpression)
  case and(TemplateExpression, TemplateExpression)
  case or(TemplateExpression, TemplateExpression)
  case binary(ArithmeticOperator, TemplateExpression, TemplateExpression)
  case concatenation([TemplateExpression])
  /// A chain: `a < b < c` compares each with the next.
  case comparison(TemplateExpression, [(ComparisonOperator, TemplateExpression)])
  case choice(TemplateExpression, then: TemplateExpression, otherwise: TemplateExpression?)
}

enum ArithmeticOperator: String, CaseIterable {
  case add = "+"
  case subtract = "-"
  case multiply = "*"
  case divide = "/"
  case divideWhole = "//"
  case remainder = "%"
  case power = "**"
}

enum ComparisonOperator: String, CaseIterable {
  case equal = "=="
  case notEqual = "!="
  case lessOrEqual = "<="
  case greaterOrEqual = ">="
  case less = "<"
  case greater = ">"
  case isIn = "in"
  case isNotIn = "not in"
}
