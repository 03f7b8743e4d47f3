/// The runs of letters, digits and apostrophes of a text.
func splitWords(_ text: String) -> [Substring] {
  text.split { !($0.isLetter || $0.isNumber || $0 == "'") }
}
