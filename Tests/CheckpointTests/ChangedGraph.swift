import ActFormats
import ActGraphs
import ActIR
import ActPlan
import ModelChecks

/// The graph of a small checkpoint whose configuration is another in some keys.
func changedGraph(
  _ checkpoint: String, _ size: ImageSize?, changing changes: [String: String] = [:], context: Int? = nil
) throws -> ModelGraph {
  let tensors = try Checkpoint(fixture(checkpoint))
  let json = try JSON(readingFile: fixture("\(checkpoint)/config.json"))
  var members = json.members!.filter { changes[$0.key] == nil }
  for (key, value) in changes { members.append(JSON.Member(key, try JSON(parsing: value))) }
  return try ModelGraph(
    configuration: .object(members), path: "config.json", part: ModelPart(size: size, context: context),
    tensors: tensors.names,
    weightType: { tensors.tensor(named: $0).flatMap { TensorType($0.info) } })
}
