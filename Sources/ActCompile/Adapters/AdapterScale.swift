import ActFormats
import ActText

/// What the products of an adapter's pairs are multiplied by, as PEFT says it: alpha over the rank, or over its root.
struct AdapterScale: Sendable {
  private let path, place: String
  private let alpha: Double
  /// Alphas of some modules, by expressions that match the ends of their names.
  private let alphas: [(pattern: SitePattern, alpha: Double)]
  private let isRankStable: Bool

  /// Reads the keys of a configuration that begin with `prefix`.
  ///
  /// - Parameters:
  ///   - json: the configuration.
  ///   - path: its file, for messages.
  ///   - place: where in the file it is, for messages too.
  ///   - prefix: how the keys begin.
  /// - Throws: `FileError` for a value that is no finite number, or an expression that is malformed.
  init(_ json: JSON, path: String, place: String = "", prefix: String = "") throws(FileError) {
    self.path = path
    self.place = place + prefix
    func failure(_ key: String, _ problem: String) -> FileError {
      FileError(path, place + prefix + key, problem)
    }
    let value = json["\(prefix)lora_alpha"]
    guard let alpha = value?.double, alpha.isFinite else {
      throw failure("lora_alpha", "expected a number, found \(value?.description ?? "nothing")")
    }
    self.alpha = alpha
    var alphas: [(SitePattern, Double)] = []
    for member in json["\(prefix)alpha_pattern"]?.members ?? [] {
      guard let value = member.value.double, value.isFinite else {
        throw failure("alpha_pattern", "expected numbers by module, found \(member.value)")
      }
      do { alphas.append((try SitePattern("re:(.*\\.)?(\(member.key))"), value)) } catch {
        throw failure("alpha_pattern", "\(error)")
      }
    }
    self.alphas = alphas
    isRankStable = json["\(prefix)use_rslora"]?.bool ?? false
  }

  /// What the product at a module is multiplied by.
  func scale(of module: String, rank: Int) throws(FileError) -> Double {
    var alpha = alpha
    for (pattern, value) in alphas {
      do {
        if try pattern.matches(module) {
          alpha = value
          break
        }
      } catch { throw FileError(path, "\(place)alpha_pattern", "\(error)") }
    }
    return alpha / (isRankStable ? Double(rank).squareRoot() : Double(rank))
  }
}
