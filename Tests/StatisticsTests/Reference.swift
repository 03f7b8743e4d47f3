import ActFormats
import ActStatistics
import Testing

/// What `Scripts/make-linear-algebra-fixtures.py` recorded.
struct Reference {
  /// One case, by the names of its entries.
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let json: JSON

    var testDescription: String { name }

    func has(_ key: String) -> Bool { json[key] != nil }

    func integer(_ key: String) throws -> Int { try #require(json[key]?.int, "\(name): \(key)") }

    func numbers(_ key: String) throws -> [Double] {
      try #require(json[key]?.array, "\(name): \(key)").map { try #require($0.double) }
    }

    func matrix(_ key: String) throws -> Matrix {
      let rows = try #require(json[key]?.array, "\(name): \(key)").map { try #require($0.array) }
      let values = try rows.flatMap { try $0.map { try #require($0.double) } }
      return Matrix(rows: rows.count, columns: rows[0].count, values)
    }
  }

  static let json: JSON = {
    let here = #filePath
    let path = here[..<here.lastIndex(of: "/")!] + "/Fixtures/linear-algebra.json"
    // A fixture that cannot be read leaves no cases, which `hasCases` finds.
    return (try? JSON(readingFile: String(path))) ?? .null
  }()

  static func cases(_ kind: String) -> [Case] {
    (json[kind]?.members ?? []).map { Case(name: $0.key, json: $0.value) }
  }

  static let matrices = cases("matrices")
  static let symmetric = cases("symmetric")
  static let covariances = cases("covariances")
  static let cutoff = json["cutoff"]?.double ?? .nan
}

/// The largest difference of two matrices over the largest element of the second; infinite for other shapes.
func deviation(_ a: Matrix, _ b: Matrix) -> Double {
  guard a.rows == b.rows, a.columns == b.columns else { return .infinity }
  return deviation(a.values, b.values)
}

/// The largest difference over the largest magnitude of `b`.
func deviation(_ a: [Double], _ b: [Double]) -> Double {
  guard a.count == b.count, a.allSatisfy(\.isFinite) else { return .infinity }
  let scale = b.reduce(0) { max($0, $1.magnitude) }
  return zip(a, b).reduce(0) { max($0, ($1.0 - $1.1).magnitude) } / max(scale, .leastNormalMagnitude)
}
