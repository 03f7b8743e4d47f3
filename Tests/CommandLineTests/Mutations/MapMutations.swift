import ActFormats
import ActIR
import Testing
import Workbench

extension MutationKind {
  static let map = MutationKind(name: "map") { attempt in
    try runMap(attempt, readBytes(attempt.workshop.map))
  }

  private static func runMap(_ attempt: Case, _ whole: [UInt8]) throws {
    let path = try attempt.directory.write(
      attempt.mutator.pointee.safetensors(whole), to: "x.maps.safetensors")
    let plan = attempt.file("x.plan")
    _ = try attempt.run(.actc, ["show", path])
    let arguments = ["compile", attempt.workshop.model, "--maps", "m=\(path)", "-o", plan]
    if try attempt.run(.actc, arguments) == 0 { try attempt.runPlan(plan, ["--steer", "m=1"]) }
  }

  /// A map of low rank at two sites, with parameters of three shapes.
  static let matrixMap = MutationKind(name: "matrix-map") { workshop, directory in
    var map = try MapFile(reading: workshop.map)
    map.transport = """
      graph @low_rank(%x: f32[T,D], %U: f32[D,R], %V: f32[R,D], %t: f32[D], %strength: f32[]) {
        %coordinates = linear %x, %V : f32[T,R]
        %change = linear %coordinates, %U, %t : f32[T,D]
        %part = mul %change, %strength : f32[T,D]
        %y = add %x, %part : f32[T,D]
        return %y
      }

      """
    map.parameterNames = ["U", "V", "t"]
    map.sites = Array(map.sites.prefix(2))
    map.meanShiftChannels = [:]
    for (index, site) in map.sites.enumerated() {
      let matrix = (0..<3 * site.width).map { Float($0 % 7) / 32 }
      map.sites[index].parameters = [
        "U": MapParameter(matrix, shape: [site.width, 3]), "V": MapParameter(matrix, shape: [3, site.width]),
        "t": MapParameter(Array(repeating: 0.25, count: site.width)),
      ]
    }
    try map.write(to: directory.file("whole.maps.safetensors"))
  } run: { attempt in
    try runMap(attempt, readBytes(attempt.file("whole.maps.safetensors")))
  }
}
