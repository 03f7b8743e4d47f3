import ActDiffusion
import ActFormats
import Testing

/// A run that was recorded with diffusers.
struct ScheduledRun: Sendable, CustomTestStringConvertible {
  let scheduler, name: String
  let configuration: JSON
  let options: SchedulerOptions
  private let file: SafetensorsFile

  var description: String { "\(scheduler) \(name) in \(options.steps) steps" }
  var testDescription: String { description }

  /// All runs of all files; none where a file cannot be read, which a test notices.
  static let all: [ScheduledRun] = schedulerNames.flatMap { name in
    (try? ScheduledRun.reading(name)) ?? []
  }

  private static func reading(_ scheduler: String) throws -> [ScheduledRun] {
    let here = #filePath
    let folder = here[..<here.lastIndex(of: "/")!] + "/Fixtures/schedulers"
    let file = try SafetensorsFile("\(folder)/\(scheduler).safetensors")
    let cases = try JSON(parsing: file.metadata("cases") ?? "{}")
    return (cases.members ?? []).flatMap { member in
      (member.value["steps"]?.array ?? []).compactMap(\.int).map { steps in
        var options = SchedulerOptions(steps: steps)
        options.eta = member.value["eta"]?.double ?? 0
        options.imageRows = member.value["rows"]?.int
        options.flowSigmas = member.value["even"]?.bool == true ? .even : .trained
        return ScheduledRun(
          scheduler: scheduler, name: member.key, configuration: member.value["config"] ?? .null,
          options: options, file: file)
      }
    }
  }

  func values(_ tensor: String) throws -> [Double] { try rows(tensor).joined().map(Double.init) }

  /// The rows of a tensor; of a vector, its elements.
  func rows(_ tensor: String) throws -> [[Float]] {
    let name = "\(name)/\(options.steps)/\(tensor)"
    guard let info = file[name] else { throw FileError(file.path, name, "is not there") }
    let values = Array(file.bytes(of: info).bindMemory(to: Float.self))
    let width = info.shape.count > 1 ? info.shape[1] : 1
    return stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) }
  }

  /// The noise of each draw; nothing where none was drawn.
  func noise() throws -> [[Float]] {
    file["\(name)/\(options.steps)/noise"] == nil ? [] : try rows("noise")
  }
}
