/// The small checkpoints of `Tests/Fixtures`, made by `Scripts/make-tiny-llama.py`: what must hold for any model is
/// tested on each of them.
///
/// All have 320 tokens. A checkpoint is a directory with what `transformers` computes for it, a file for each of
/// ``recordedPrompts``: `tokens` i32[T], `logits` f32[T,320], and in some the values of sites by their names.
package let smallCheckpoints = ["tiny-gqa", "tiny-tied", "tiny-plain", "tiny-qwen2"]

/// The prompts that every small checkpoint has a record of.
package let recordedPrompts = ["prompt1", "prompt2"]

/// What `transformers` computes for a prompt.
package func record(of prompt: String, by checkpoint: String) throws -> TensorFile {
  try TensorFile(fixture("\(checkpoint)/\(prompt).safetensors"))
}
