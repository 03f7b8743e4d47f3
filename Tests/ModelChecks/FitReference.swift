import ActCompile
import ActFit
import ActFormats
import ActIR
import ActPasses

/// The committed fits of `Scripts/make-fit-reference.py`, in float64 by NumPy.
package struct FitReference: Sendable {
  package struct Run: Sendable {
    package var name: String
    /// The sites as a pattern.
    package var sites: String
    package var options: FitOptions
    package var targets: Int
    /// The strengths at which steered logits are recorded.
    package var strengths: [Float]
  }

  package let tensors: TensorFile
  package let runs: [Run]
  package let source: [[Int32]]
  package let target: [[Int32]]
  package let json: JSON

  /// Reads `NAME.json` and `NAME.safetensors` of the fit fixtures.
  package init(_ name: String) throws {
    let path = fixture("fit/\(name).json")
    let json = try JSON(readingFile: path)
    func failure(_ key: String) -> FileError { FileError(path, key, "is missing or malformed") }
    func sequences(_ key: String) throws -> [[Int32]] {
      guard let array = json[key]?.array else { throw failure(key) }
      return array.map { ($0.array ?? []).map { Int32($0.int ?? -1) } }
    }
    tensors = try TensorFile(fixture("fit/\(name).safetensors"))
    source = try sequences("source")
    target = try sequences("target")
    guard let members = json["runs"]?.members else { throw failure("runs") }
    runs = try members.map { member in
      let run = member.value
      guard let sites = run["sites"]?.string, let targets = run["targets"]?.int,
        let method = registeredMethods.first(where: { $0.name == run["method"]?.string }),
        let support = run["support"]?.string.flatMap({ Support($0) }),
        let order = run["order"]?.string.flatMap({ FitOrder(rawValue: $0) })
      else { throw failure(member.key) }
      var options = FitOptions(method: method)
      options.samples.order = order
      options.support = support
      let strengths = (run["strengths"]?.array ?? []).compactMap(\.double)
      return Run(
        name: member.key, sites: sites, options: options, targets: targets,
        strengths: strengths.map { Float($0) })
    }
    self.json = json
  }

  /// Fits a run's maps with our own fit.
  package func fit(_ run: Run, of model: Model) throws -> MapFile {
    let data = PairedSamples(source: source, target: Array(target.prefix(run.targets)))
    return try ActFit.fit(model, data, sites: model.sites(matching: [run.sites]), options: run.options)
  }

  /// The largest error of a site's fitted parameters over their scale at the site, by parameter.
  ///
  /// A value's scale is the larger of its own size and the root mean square of the parameter over the site.
  package func errors(of site: MapFile.Site, in run: Run) throws -> [String: Double] {
    var errors: [String: Double] = [:]
    for (name, parameter) in site.parameters where tensors.names.contains("\(run.name)/\(site.name)/\(name)")
    {
      let reference = try tensors.floats("\(run.name)/\(site.name)/\(name)").map { Double($0) }
      guard reference.count == parameter.values.count else {
        errors[name] = .infinity
        continue
      }
      let power = reference.reduce(0) { $0 + $1 * $1 } / Double(reference.count)
      let error = zip(parameter.values, reference).map { value, expected in
        (Double(value) - expected).magnitude / max(expected.magnitude, power.squareRoot())
      }
      errors[name] = error.max() ?? .infinity
    }
    return errors
  }
}
