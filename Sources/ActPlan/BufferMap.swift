import ActIR

/// The buffer that holds each value of a call, and the elements of a row that the value has there.
///
/// A row here is what a symbol counts: all that lies after the first dimension. It is filled in schedule order, as
/// values are given their places.
package struct BufferMap {
  /// For every value, the value that owns its buffer: itself, or the one that it is a view of or is written over.
  package private(set) var owner: [Int]
  /// The elements of its buffer's rows that a value covers.
  private var columns: [Range<Int>]
  /// For every buffer, the values in it so far; views are not among them.
  private var members: [[Int]]
  /// For every value, its views anywhere in the call, with the columns that each shows.
  private var views: [[(index: Int, columns: Range<Int>)]]

  /// Whether rows of the value have gaps between them, where its buffer holds more.
  package private(set) var isStrided: [Bool]
  /// Whether something reads the value, or a view of it, that needs its rows without gaps.
  package let needsContiguity: [Bool]

  /// A map of the constants, inputs and set-time values; those of the call are added one by one.
  package init(_ plan: Plan) {
    owner = Array(plan.values.indices)
    columns = plan.values.map { 0..<($0.type.elementsPerSymbol ?? 0) }
    isStrided = plan.values.map { _ in false }
    members = Array(repeating: [], count: plan.values.count)
    views = Array(repeating: [], count: plan.values.count)
    var needs = plan.values.map { _ in false }
    for index in plan.ofCall.reversed() {
      let value = plan.values[index]
      guard value.op.traits.flags.contains(.contiguous) || value.place == .view && needs[index] else {
        continue
      }
      for input in value.inputs { needs[input] = true }
    }
    needsContiguity = needs
    // Of every view, the value that it is a view of through others, and where in it the view begins.
    var root = Array(plan.values.indices)
    var start = [Int](repeating: 0, count: plan.values.count)
    for index in plan.ofCall where plan.values[index].place == .view {
      let base = plan.values[index].inputs[0]
      let part = plan.values[index].viewedElements(of: plan.values[base].type)
      root[index] = root[base]
      start[index] = start[base] + part.lowerBound
      views[root[index]].append((index, start[index]..<start[index] + part.count))
    }
  }

  /// Adds the next value of the call, whose place is known.
  package mutating func add(_ index: Int, of plan: Plan) {
    let value = plan.values[index]
    switch value.place {
    case .view:
      let base = value.inputs[0]
      let part = value.viewedElements(of: plan.values[base].type)
      owner[index] = owner[base]
      let start = columns[base].lowerBound + part.lowerBound
      columns[index] = start..<start + part.count
      isStrided[index] =
        isStrided[base] || value.type.elementsPerSymbol != plan.values[base].type.elementsPerSymbol
    case .over(let operand):
      let input = value.inputs[operand]
      owner[index] = owner[input]
      isStrided[index] = isStrided[input]
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

extension Plan.Value {
  /// The elements of a row of `base` that a view of it covers.
  ///
  /// Columns of rows that are one run of channels are that; of other rows a slice leaves gaps, and counts as all of it.
  fileprivate func viewedElements(of base: TensorType) -> Range<Int> {
    if case .slice(let slice) = op, base.rank == 2 { return slice.start..<slice.start + slice.count }
    return 0..<(base.elementsPerSymbol ?? 0)
  }
}
