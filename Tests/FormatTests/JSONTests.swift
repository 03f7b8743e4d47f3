import ActFormats
import Testing

@Suite struct JSONTests {
  @Test(arguments: [
    #"{"a":[1,-2.5e3,true,false,null,"x\"\\\n\u001f😀"],"b":{}}"#, "[]", "0", #""""#,
  ])
  func roundTrips(_ text: String) throws {
    let value = try JSON(parsing: text)
    #expect(value.description == text)
    #expect(try JSON(parsing: value.pretty) == value)
  }

  @Test func decodesSurrogatePairs() throws {
    #expect(try JSON(parsing: #""\ud83d\ude00""#) == .string("😀"))
  }

  @Test(arguments: [
    "", "{", "[1,]", "{\"a\":1,\"a\":2}", "01", "1.", "\"\u{1}\"", "\"\\ud800\"", "nul", "1 2", "{\"a\"}",
    String(repeating: "[", count: 100_000),
  ])
  func rejects(_ text: String) {
    #expect(throws: JSONError.self) { try JSON(parsing: text) }
  }

  @Test func keepsKeysThatOnlyLookAlike() throws {
    #expect(try JSON(parsing: "{\"\u{C5}\":1,\"A\u{30A}\":2}").members?.count == 2)
  }

  @Test func rejectsBadUTF8() {
    #expect(throws: JSONError.self) { try JSON(parsing: [0x22, 0xFF, 0x22]) }
  }
}
