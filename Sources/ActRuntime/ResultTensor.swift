/// What a call computed: a result of the plan, or the values at a site.
package struct ResultTensor: Hashable, Sendable {
  package var name: String
  /// As files hold it: images are [B,C,H,W].
  package var shape: [Int]
  /// Row-major.
  package var values: [Float]

  package init(name: String, shape: [Int], values: [Float]) {
    self.name = name
    self.shape = shape
    self.values = values
  }

  /// The size of the last dimension.
  package var width: Int { shape.last ?? 1 }

  /// Appends the rows of a tensor that has the same shape but for their number.
  package mutating func append(rows other: ResultTensor) {
    precondition(other.shape.dropFirst() == shape.dropFirst())
    shape[0] += other.shape[0]
    values += other.values
  }
}
