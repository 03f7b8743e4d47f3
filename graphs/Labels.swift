import ActFormats

extension Labels {
  /// Reads `id2label`, or without it `num_labels`, whose names are then LABEL_0, LABEL_1, …; and `problem_type`. A single
  /// label is there or not.
  init(_ c: Configuration) throws {
    let names: [String]
    if let labels = c.json["id2label"]?.members, !labels.isEmpty {
      guard labels.count <= SaneRange.size.upperBound else { throw c.failure("id2label", "labels by number") }
      var found = [String?](repeating: nil, count: labels.count)
      for label in labels {
        guard let index = Int(label.key), found.indices.contains(index), let name = label.value.string else {
          throw FileError(
            c.path, "id2label",
            "expected labels from \"0\" to \"\(labels.count - 1)\", found \(label.key): \(label.value)")
        }
        found[index] = name
      }
      names = found.compactMap { $0 }
      guard names.count == labels.count else { throw c.failure("id2label", "each label once") }
    } else {
      names = (0..<(try c.size("num_labels", default: 2))).map { "LABEL_\($0)" }
    }
    let kind = try c.string("problem_type", default: "")
    guard ["", "single_label_classification", "multi_label_classification"].contains(kind) else {
      throw FileError.unsupported(
        c.path, "problem_type", "`\(kind)` is not supported",
        next: "known: single_label_classification, multi_label_classification")
    }
    self.init(names, areIndependent: kind == "multi_label_classification" || names.count == 1)
  }
}
