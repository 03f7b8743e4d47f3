import ActFormats
import Workbench

/// Writes `tokens` i32[T], the input of `actrun run`, and returns its path.
func writeTokens(_ tokens: [Int32], to directory: TemporaryDirectory) throws -> String {
  let path = directory.file("tokens.safetensors")
  let writer = try SafetensorsWriter(path, [.init("tokens", .i32, [tokens.count])])
  try tokens.withUnsafeBytes { try writer.append($0, to: "tokens") }
  try writer.finish()
  return path
}

/// The f32 elements of a tensor of a file.
func readFloats(_ name: String, of path: String) throws -> [Float] {
  let file = try SafetensorsFile(path)
  guard let tensor = file[name] else { throw FileError(path, name, "no such tensor") }
  return withExtendedLifetime(file) { Array(file.bytes(of: tensor).bindMemory(to: Float.self)) }
}
