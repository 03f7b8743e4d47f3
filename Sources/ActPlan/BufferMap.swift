import ActIR

/// The buffer that holds each value of a step, and the columns that the value has there.
///
/// It is filled in schedule order, as values are given their places.
package struct BufferMap {
  /// For every value, the value that owns its buffer: itself, or the one that it is a view of or is written over.
  package private(set) var owner: [Int]
  /// The columns of its buffer that a value covers.
  private var columns: [Range<Int>]
  /// For every buffer, the values in it so far; views are not among them.
  private var members: [[Int]]
  /// For every value, its views anywhere in the step, with the columns that each shows.
  private var views: [[(index: Int, columns: Range<Int>)]]

  /// A map of the constants, inputs and set-time values; those of the step are added one by one.
  package init(_ plan: Plan) {
    owner = Array(plan.values.indices)
    columns = plan.values.map { 0..<($0.type.shape.last?.fixed ?? 0) }
    members = Array(repeating: [], count: plan.values.count)
    views = Array(repeating: [], count: plan.values.count)
    // Of every view, the value that it is a view of through others, and where in it the view begins.
    var root = Array(plan.values.indices)
    var start = [Int](repeating: 0, count: plan.values.count)
    for index in plan.step where plan.values[index].place == .view {
      guard case .slice(let first, let count) = plan.values[index].op else { continue }
      let base = plan.values[index].inputs[0]
      root[index] = root[base]
      start[index] = start[base] + first
      views[root[index]].append((index, start[index]..<start[index] + count))
    }
  }

  /// Adds the next value of the step, whose place is known.
  package mutating func add(_ index: Int, of plan: Plan) {
    let value = plan.values[index]
    switch value.place {
    case .view:
      guard case .slice(let first, let count) = value.op else { return }
      owner[index] = owner[value.inputs[0]]
      let start = columns[value.inputs[0]].lowerBound + first
      columns[index] = start..<start + count
    case .over(let operand):
      let input = value.inputs[operand]
      owner[index] = owner[input]
      columns[index] = columns[input]
      members[owner[index]].append(index)
    default: members[index].append(index)
    }
  }

  /// Whether step `index` may overwrite `input`: it is the last to read `input`, and nothing reads those columns
  /// at that step or later through another value.
  package func mayOverwrite(_ input: Int, at index: Int, _ last: [Int]) -> Bool {
    guard last[input] == index else { return false }
    let taken = columns[input]
    func isFree(_ value: Int, _ columns: Range<Int>) -> Bool {
      value == input || last[value] < index || !columns.overlaps(taken)
    }
    return members[owner[input]].allSatisfy { member in
      let start = columns[member].lowerBound
      return isFree(member, columns[member])
        && views[member].allSatisfy {
          isFree($0.index, start + $0.columns.lowerBound..<start + $0.columns.upperBound)
        }
    }
  }
}
