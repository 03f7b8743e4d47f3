import ActFormats
import Testing

/// How steps of denoising are written, and which they are.
@Suite struct DenoisingStepsTests {
  @Test(arguments: [
    ("all", "all", [0, 1, 2, 3, 4, 5]), ("0", "0", [0]), ("0-3", "0-3", [0, 1, 2, 3]),
    ("2-", "2-", [2, 3, 4, 5]),
    ("4,0-1", "0-1,4", [0, 1, 4]), ("0,1,2", "0-2", [0, 1, 2]), ("1-4,2-3,5-", "1-", [1, 2, 3, 4, 5]),
    ("0-", "all", [0, 1, 2, 3, 4, 5]), ("9", "9", []), ("3-,1", "1,3-", [1, 3, 4, 5]),
  ])
  func parses(text: String, canonical: String, steps: [Int]) throws {
    let parsed = try #require(DenoisingSteps(text))
    #expect(parsed.description == canonical)
    #expect(parsed.indices(of: 6) == steps)
    #expect(DenoisingSteps(parsed.description) == parsed)
  }

  @Test(arguments: [
    "", "-", "a", "3-1", "-1", "1--2", "0,", ",0", "1-2-3", " 0", "+1", "9999999", "99999999999999999999",
    "²",
  ])
  func refuses(text: String) { #expect(DenoisingSteps(text) == nil) }

  @Test func last() {
    #expect(DenoisingSteps("1,4-6")?.last == 6)
    #expect(DenoisingSteps("1,4-")?.last == nil)
    #expect(DenoisingSteps.all.last == nil && DenoisingSteps.first.last == 0)
  }
}
