import ActErrors
import ActFormats
import ActIR
import ActPlan

/// A step whose results are not all finite: where that began, and under which strengths.
package struct NotFiniteError: ToolError, Hashable {
  /// The plan's file, or the model's directory.
  package var path: String?
  /// The first site whose values are not finite, or the value where it is no site's, and the matrices it comes from.
  package var place: String
  package var value: Float
  /// Of the row, in its sequence.
  package var position: Int
  /// The strengths of the row that are not 0, by name.
  package var strengths: [String: Float]

  /// Whether a dial was on: then the strength is to blame, and else the weights.
  package var isSteered: Bool { !strengths.isEmpty }

  package var exitStatus: ExitStatus { isSteered ? .usage : .badFile }
  package var description: String {
    let dials = strengths.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
    return (path.map { "\($0): " } ?? "")
      + "\(place): expected finite numbers, found \(value) at position \(position)"
      + (isSteered
        ? " with \(dials); use a strength nearer to [0, 1]"
        : "; the weights are damaged or too large: compile the plan again from a sound model")
  }
}

extension Engine {
  /// Checks that all results of the step that has just run are finite; otherwise finds out where that began.
  func checkResults() throws {
    for index in bound.results.indices {
      let location = bound.results[index].location
      guard location.dtype == .f32 else { continue }
      // Rows of a result follow each other without gaps.
      let count = rowCount(of: location) * location.columns
      if UnsafeBufferPointer(start: UnsafePointer(location.floats), count: count).firstNonFinite != nil {
        throw firstNonFinite(result: bound.results[index].name)
      }
    }
  }

  /// Runs the prompt and the step again, value by value, up to the first that is not finite.
  ///
  /// They read the same inputs, and the step writes the same keys and values to the same positions, so nothing changes.
  private func firstNonFinite(result: String) -> NotFiniteError {
    for program in [bound.prompt, bound.step] {
      var done = 0
      for value in program.values {
        run(program.tasks[done..<value.taskCount])
        done = value.taskCount
        guard value.location.dtype == .f32 else { continue }
        for row in 0..<rowCount(of: value.location) {
          guard let column = value.location.row(row).firstNonFinite else { continue }
          return error(at: value.place, value.location.row(row)[column], row: row, of: value.location)
        }
      }
    }
    // Kernels give the same results again, so that this is for a result that is an input.
    let location = bound.results.first { $0.name == result }?.location
    return error(at: result, .nan, row: 0, of: location)
  }

  /// The error of a row of a value, which the value's symbol counts with its factor.
  private func error(at place: String, _ value: Float, row: Int, of location: Location?) -> NotFiniteError {
    let symbol = location?.rows.symbol.map { plan.limits[$0].symbol } ?? "T"
    let given = row / (location?.rows.factor ?? 1)
    let slot = Int(rows.slots(of: symbol)[given])
    var strengths: [String: Float] = [:]
    for (name, offset) in bound.dials {
      let strength = bound.dial(at: offset, slot: slot).pointee
      if strength != 0 { strengths[name] = strength }
    }
    return NotFiniteError(
      path: path, place: place, value: value, position: Int(rows.position(given, of: symbol)),
      strengths: strengths)
  }
}
