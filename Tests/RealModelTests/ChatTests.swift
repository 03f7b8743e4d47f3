import ActFormats
import ActText
import Testing

/// The real model's own template.
@Suite(SmolLM2.isThere) struct ChatTests {
  @Test func layout() throws {
    let template = try ChatTemplate(directory: try #require(SmolLM2.path))
    func message(_ role: String, _ content: String) -> JSON {
      .object(["role": .string(role), "content": .string(content)])
    }
    let chat = [message("system", "Be brief."), message("user", "Hi"), message("assistant", "Hello.")]
    let text = "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"
    #expect(try template.text(of: chat) == text + "<|im_start|>assistant\nHello.<|im_end|>\n")
    #expect(
      try template.text(of: Array(chat.prefix(2)), addsPrompt: true) == text + "<|im_start|>assistant\n")
    // Without a system message it puts in its own.
    #expect(try template.text(of: [chat[1]]).hasPrefix("<|im_start|>system\nYou are "))
  }
}
