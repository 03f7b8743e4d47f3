/// The kernel tasks of a program over the rows of a call, and the values that it computes.
struct BoundProgram {
  var tasks: [KernelTask] = []
  /// In order.
  var values: [ComputedValue] = []
}

/// A value that a program computes, and where it lies once that many tasks have run.
struct ComputedValue {
  /// As error messages name it.
  var place: String
  /// The site that it is the output of, where it is one's.
  var site: String?
  var taskCount: Int
  var location: Location
}
