import ActCompile
import ActFormats
import ActTerminal
import Glibc

/// Where the package lies that this actc is built from: what a package with a method of its own depends on.
enum PackageLocation: Hashable {
  case directory(String)
  case url(String)

  /// What the command line says, or the package in whose build folder the executable of this process lies.
  init(_ argument: String?) throws {
    if let argument {
      try self.init(named: argument)
    } else {
      self = .directory(try Self.ofThisTool())
    }
  }

  private init(named argument: String) throws {
    if argument.contains("://") || argument.hasPrefix("git@") {
      self = .url(argument)
      return
    }
    guard let path = Self.absolutePath(argument), Self.isOurs(path) else {
      throw FileError(argument, nil, "expected the package of actc, found no Package.swift of that name")
    }
    self = .directory(path)
  }

  /// The name of our package in its manifest.
  private static let name = "actc"

  /// The name by which products of the package are asked for.
  var packageName: String {
    switch self {
    case .directory: Self.name
    case .url(let url):
      String(url.split { "/:".contains($0) }.last ?? "").replacing(#/\.git$/#, with: "")
    }
  }

  /// The dependency, as a manifest declares it.
  var declaration: String {
    switch self {
    case .directory(let path): ".package(name: \(Self.literal(Self.name)), path: \(Self.literal(path)))"
    case .url(let url): ".package(url: \(Self.literal(url)), from: \(Self.literal(toolVersion)))"
    }
  }

  private static func literal(_ text: String) -> String {
    "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
  }

  private static func ofThisTool() throws -> String {
    var folder = absolutePath("/proc/self/exe") ?? ""
    while let slash = folder.utf8.lastIndex(of: UInt8(ascii: "/")), slash > folder.startIndex {
      folder = String(folder[..<slash])
      if isOurs(folder) { return folder }
    }
    throw UsageError(
      "--package: this actc lies in no build folder of its package; expected the package's directory or URL")
  }

  private static func isOurs(_ folder: String) -> Bool {
    guard let file = try? MappedFile("\(folder)/Package.swift") else { return false }
    return String(decoding: file.bytes, as: UTF8.self).contains("Package(\n  name: \(literal(name)),")
  }

  private static func absolutePath(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}
