import ActFormats
import ActPlan

extension PipelineFolder {
  /// The classes of images that `id2label` of `model_index.json` names, each by all its names, which commas part; none
  /// where the pipeline has none.
  ///
  /// - Throws: `FileError` for another form of it.
  func labels() throws(FileError) -> [PlanPipeline.Label] {
    let key = "id2label"
    guard let value = setting(key), value != .null else { return [] }
    func failure() -> FileError { FileError(indexPath, key, "expected names of classes by their numbers") }
    guard let members = value.members else { throw failure() }
    var places: [String: Int] = [:]
    var labels: [PlanPipeline.Label] = []
    for member in members {
      guard let number = Int(member.key), (0...Int(Int32.max)).contains(number),
        let names = member.value.string
      else { throw failure() }
      for name in names.split(separator: ",") {
        let name = String(name.drop { $0 == " " })
        // The last class of a name has it, as in diffusers.
        if let place = places[name] {
          labels[place].number = number
        } else {
          places[name] = labels.count
          labels.append(.init(name: name, number: number))
        }
      }
    }
    return labels
  }
}
