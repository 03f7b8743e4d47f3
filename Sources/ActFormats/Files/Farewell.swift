import ActSignals

/// The line that follows when an error or a signal ends the process: what was kept, and how to go on.
package enum Farewell {
  /// Sets the line, or with nil takes it back.
  package static func set(_ line: String?) { act_farewell_set(line.map(legible)) }

  package static var current: String? {
    var line = [CChar](repeating: 0, count: 1024)
    act_farewell_get(&line, line.count)
    let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return text.isEmpty ? nil : text
  }
}
