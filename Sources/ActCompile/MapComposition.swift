import ActFormats
import ActIR
import ActPasses

/// What several maps at one site are together, at strength 1, and how much their order matters.
package struct MapComposition: Hashable, Sendable {
  /// What the maps come to.
  package enum Form: Hashable, Sendable {
    /// A scale and a shift for each channel: the least and the greatest scale, and the largest shift.
    case diagonal(scales: ClosedRange<Double>, shift: Double)
    /// An affine map that mixes channels: the largest shift.
    case mixing(shift: Double)
    /// One of the maps, by name, is not affine.
    case notAffine(map: String)
  }

  package var site: String
  /// In the order in which they act.
  package var maps: [String]
  package var form: Form
  /// How far the maps are from themselves in the opposite order; nil where one is not affine.
  package var difference: OrderDifference?

  package init(site: String, maps: [String], form: Form, difference: OrderDifference? = nil) {
    self.site = site
    self.maps = maps
    self.form = form
    self.difference = difference
  }
}

extension MapSet {
  /// Map files in the order in which they act, apart from their model.
  ///
  /// - Throws: `FileError` for a file that is none, or one that was fitted on another model than the first.
  package init(together paths: [String]) throws {
    self.init()
    func name(_ path: String) -> String {
      let file = path.split(separator: "/").last.map(String.init) ?? path
      return file.hasSuffix(".maps.safetensors") ? String(file.dropLast(".maps.safetensors".count)) : file
    }
    let short = paths.map(name)
    for (path, name) in zip(paths, Set(short).count == short.count ? short : paths) {
      let file = try MapFile(reading: path)
      if let first = files.first?.file, first.modelFingerprint != file.modelFingerprint {
        throw FileError(
          path, "model_fingerprint",
          "expected \(first.modelFingerprint.prefix(16))… of \(paths[0]), found \(file.modelFingerprint.prefix(16))…",
          next: "maps of different models cannot be in one plan")
      }
      try add(file, name: name, path: path)
    }
  }

  /// The compositions at all sites that more than one map has, in the order of the first map that has the site.
  package var compositions: [MapComposition] {
    var sites: [String] = []
    for transport in transports {
      for site in transport.sites where !sites.contains(site) { sites.append(site) }
    }
    return sites.compactMap { site in
      let maps = zip(transports, files).compactMap { transport, file in
        file.file.sites.first { $0.name == site }.map { (transport: transport, site: $0) }
      }
      return maps.count < 2 ? nil : composition(of: maps, at: site)
    }
  }

  private func composition(
    of maps: [(transport: Transport, site: MapFile.Site)], at site: String
  ) -> MapComposition {
    let names = maps.map(\.transport.name)
    var functions: [AffineFunction] = []
    for (transport, site) in maps {
      guard transport.gates.isEmpty,
        let function = try? transport.function.affineFunction(width: site.width, site.parameters)
      else {
        return MapComposition(site: site.name, maps: names, form: .notAffine(map: transport.name))
      }
      functions.append(function)
    }
    let forward = functions.dropFirst().reduce(functions[0]) { $1.after($0) }
    let backward = functions.dropLast().reversed().reduce(functions[functions.count - 1]) { $1.after($0) }
    let shift = forward.shift.reduce(0) { max($0, $1.magnitude) }
    var form = MapComposition.Form.mixing(shift: shift)
    if forward.isDiagonal, let least = forward.scale?.min(), let greatest = forward.scale?.max() {
      form = .diagonal(scales: least...greatest, shift: shift)
    }
    return MapComposition(
      site: site, maps: names, form: form, difference: OrderDifference(forward, backward))
  }
}

extension MapComposition: CustomStringConvertible {
  /// As in `SITE: a, then b: x·scale + shift, scale 0.9 to 1.1, shift up to 0.3; in the opposite order …`.
  package var description: String {
    let together = "\(site): \(maps.joined(separator: ", then ")): "
    switch form {
    case .notAffine(let map): return together + "`\(map)` is not known to be affine"
    case .diagonal(let scales, let shift):
      return together
        + "x·scale + shift, scale \(short(scales.lowerBound)) to \(short(scales.upperBound)), shift up to \(short(shift))"
        + differenceText
    case .mixing(let shift):
      return together + "an affine map that mixes channels, shift up to \(short(shift))" + differenceText
    }
  }

  private var differenceText: String {
    guard let difference else { return "" }
    func size(_ size: OrderDifference.Size) -> String {
      "\(short(size.largest)) at most, \(short(size.rootMeanSquare)) RMS"
    }
    let coefficients = difference.coefficients.map { ", and its coefficients by \(size($0))" } ?? ""
    return "; in the opposite order the shift differs by \(size(difference.constant))\(coefficients)"
  }

  private func short(_ value: Double) -> String { "\(Float(value))" }
}

extension MapComposition {
  /// The compositions in a plan's provenance.
  package static func all(inProvenance provenance: JSON) -> [MapComposition] {
    (provenance["compositions"]?.array ?? []).compactMap { MapComposition(json: $0) }
  }

  /// What ``json`` wrote; nil where it is malformed.
  private init?(json: JSON) {
    guard let site = json["site"]?.string, let maps = json["maps"]?.array?.compactMap(\.string) else {
      return nil
    }
    func size(_ key: String) -> OrderDifference.Size? {
      guard let largest = json[key]?["largest"]?.double, let rms = json[key]?["rms"]?.double else {
        return nil
      }
      return OrderDifference.Size(largest: largest, rootMeanSquare: rms)
    }
    let shift = json["shift"]?.double
    let bounds = json["scale"]?.array?.compactMap(\.double) ?? []
    let form: Form
    switch json["form"]?.string {
    case "not_affine":
      guard let map = json["map"]?.string else { return nil }
      self.init(site: site, maps: maps, form: .notAffine(map: map))
      return
    case "diagonal":
      guard let shift, bounds.count == 2, bounds[0] <= bounds[1] else { return nil }
      form = .diagonal(scales: bounds[0]...bounds[1], shift: shift)
    case "mixing":
      guard let shift else { return nil }
      form = .mixing(shift: shift)
    default: return nil
    }
    let difference = size("order_shift_difference").map {
      OrderDifference(constant: $0, coefficients: size("order_coefficient_difference"))
    }
    self.init(site: site, maps: maps, form: form, difference: difference)
  }

  /// As a plan's provenance and `actc show --json` have it.
  package var json: JSON {
    func size(_ size: OrderDifference.Size?) -> JSON {
      size.map { .object(["largest": .double($0.largest), "rms": .double($0.rootMeanSquare)]) } ?? .null
    }
    var members: [JSON.Member] = [
      .init("site", .string(site)), .init("maps", .array(maps.map(JSON.string))),
    ]
    switch form {
    case .notAffine(let map):
      return .object(members + [.init("form", .string("not_affine")), .init("map", .string(map))])
    case .diagonal(let scales, let shift):
      members += [
        .init("form", .string("diagonal")),
        .init("scale", .array([.double(scales.lowerBound), .double(scales.upperBound)])),
        .init("shift", .double(shift)),
      ]
    case .mixing(let shift):
      members += [.init("form", .string("mixing")), .init("shift", .double(shift))]
    }
    return .object(
      members + [
        .init("order_shift_difference", size(difference?.constant)),
        .init("order_coefficient_difference", size(difference?.coefficients)),
      ])
  }
}
