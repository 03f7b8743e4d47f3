import ActCompile
import ActFormats
import Glibc
import ModelChecks
import Workbench

/// A small Llama of random weights: three layers of 32 channels, four heads, 320 tokens.
final class RandomModel: Sendable {
  static let shared = Result { try RandomModel() }
  static let vocabulary: Int32 = 320

  let model: Model
  private let directory: TemporaryDirectory

  private init() throws {
    let (width, inner, layers, headWidth, heads, groups) = (32, 72, 3, 8, 4, 2)
    let vocabulary = Int(Self.vocabulary)
    directory = try TemporaryDirectory()
    let configuration = JSON.object([
      "architectures": .array([.string("LlamaForCausalLM")]), "model_type": .string("llama"),
      "hidden_size": .int(width), "intermediate_size": .int(inner), "num_hidden_layers": .int(layers),
      "num_attention_heads": .int(heads), "num_key_value_heads": .int(groups), "head_dim": .int(headWidth),
      "max_position_embeddings": .int(512), "vocab_size": .int(vocabulary),
      "tie_word_embeddings": .bool(false),
    ])
    try directory.write(configuration.description, to: "config.json")

    var shapes: [(name: String, shape: [Int])] = [("model.embed_tokens", [vocabulary, width])]
    for layer in 0..<layers {
      let prefix = "model.layers.\(layer)"
      shapes += [
        ("\(prefix).input_layernorm", [width]),
        ("\(prefix).self_attn.q_proj", [heads * headWidth, width]),
        ("\(prefix).self_attn.k_proj", [groups * headWidth, width]),
        ("\(prefix).self_attn.v_proj", [groups * headWidth, width]),
        ("\(prefix).self_attn.o_proj", [width, heads * headWidth]),
        ("\(prefix).post_attention_layernorm", [width]), ("\(prefix).mlp.gate_proj", [inner, width]),
        ("\(prefix).mlp.up_proj", [inner, width]), ("\(prefix).mlp.down_proj", [width, inner]),
      ]
    }
    shapes += [("model.norm", [width]), ("lm_head", [vocabulary, width])]

    var random = SplitMix64(state: 1)
    let writer = try SafetensorsWriter(
      directory.file("model.safetensors"), shapes.map { .init("\($0.name).weight", .f32, $0.shape) })
    for (name, shape) in shapes {
      // Gains about 1, and matrices that keep the size of what they are given.
      let isGain = shape.count == 1
      let size = isGain ? 0.3 : (3 / Float(name == "model.embed_tokens" ? 1 : shape[1])).squareRoot()
      let values = (0..<shape.reduce(1, *)).map { _ in
        (isGain ? 1 : 0) + Float.random(in: -size...size, using: &random)
      }
      try values.withUnsafeBytes { try writer.append($0, to: "\(name).weight") }
    }
    try writer.finish()
    model = try Model(directory.path)
    // What is shared lives as long as the process, which ends without deinitializing it.
    sharedPath = directory.path
    atexit { TemporaryDirectory.remove(sharedPath) }
  }
}

nonisolated(unsafe) private var sharedPath = ""
