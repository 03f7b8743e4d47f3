/// The path of a file in `Fixtures`.
func fixture(_ name: String) -> String {
  let here = #filePath
  return here[..<here.lastIndex(of: "/")!] + "/Fixtures/" + name
}
