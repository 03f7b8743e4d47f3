/// What is wrong with a chat template, or with a chat that it lays out.
struct TemplateError: Error {
  /// Whether the template may be good, but uses what this version does not know.
  var isUnsupported = false
  var problem: String

  init(_ problem: String) { self.problem = problem }

  static func unsupported(_ what: String) -> TemplateError {
    var error = TemplateError(what)
    error.isUnsupported = true
    return error
  }
}
