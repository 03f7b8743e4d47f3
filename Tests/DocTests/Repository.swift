import FoundationEssentials

/// The files of this repository, as the tests that read them find them.
enum Repository {
  static let root = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }

  /// The text of a file, by its path from the root; nil where it cannot be read as UTF-8.
  static func text(_ path: String) -> String? {
    try? String(contentsOfFile: "\(root)/\(path)", encoding: .utf8)
  }

  static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: "\(root)/\(path)") }

  /// The names in a folder, sorted.
  static func names(in folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)")) ?? []).sorted()
  }

  /// The names of the folders in a folder, sorted.
  static func folders(in folder: String) -> [String] {
    names(in: folder).filter { isFolder("\(folder)/\($0)") }
  }

  /// The paths of the files under a folder whose names end so, sorted; `""` is the root. Hidden files and what is
  /// built are left out.
  static func files(under folder: String, suffix: String) -> [String] {
    names(in: folder.isEmpty ? "." : folder).filter { !$0.hasPrefix(".") }.flatMap { name -> [String] in
      let path = folder.isEmpty ? name : "\(folder)/\(name)"
      if isFolder(path) { return files(under: path, suffix: suffix) }
      return name.hasSuffix(suffix) ? [path] : []
    }
  }

  private static func isFolder(_ path: String) -> Bool {
    var isDirectory = false
    return FileManager.default.fileExists(atPath: "\(root)/\(path)", isDirectory: &isDirectory) && isDirectory
  }
}
