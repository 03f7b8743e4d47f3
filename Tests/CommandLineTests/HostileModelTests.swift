import ActFormats
import Glibc
import Testing
import Workbench

/// Models that lie: one line, exit code 3 or 4, no plan.
@Suite struct HostileModelTests {
  let directory: TemporaryDirectory
  let model: String

  init() throws {
    directory = try TemporaryDirectory()
    model = try Workshop.copyModel("tiny-plain", to: directory.makeDirectory("model"))
  }

  private func expectNoPlan(
    _ code: Int32, _ words: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let plan = directory.file("x.plan")
    try expectRefusal(.actc, ["compile", model, "-o", plan], code, words, sourceLocation: sourceLocation)
    #expect(directory.contents == ["model"], sourceLocation: sourceLocation)
  }

  static let norm = "model.norm.weight"

  @Test(arguments: [
    ("dtype", #""F7""#, "model.norm.weight: unknown dtype"),
    ("dtype", #""I32""#, "model.norm.weight: expected floating-point [32]"),
    ("dtype", #""F16""#, "takes 64 bytes"),
    ("shape", "[31]", "takes 124 bytes"),
    ("shape", "[4611686018427387904,8]", "impossible shape"),
    ("shape", "[-32]", "impossible shape"),
    ("shape", "[32,1]", "model.norm.weight: expected floating-point [32]"),
    ("data_offsets", "[0,128]", "overlap"),
    ("data_offsets", "[9223372036854775000,9223372036854775128]", "lie outside"),
    ("data_offsets", "[128,0]", "lie outside"),
  ])
  func lyingTensors(field: String, value: String, words: String) throws {
    var file = try EditableSafetensors("\(model)/model.safetensors")
    try file.set(Self.norm, field, JSON(parsing: value))
    try directory.write(file.bytes, to: "model/model.safetensors")
    try expectNoPlan(3, words)
  }

  @Test func missingTensor() throws {
    var file = try EditableSafetensors("\(model)/model.safetensors")
    try file.remove(Self.norm)
    try directory.write(file.bytes, to: "model/model.safetensors")
    try expectNoPlan(3, "model.norm.weight: expected a tensor [32], found none")
  }

  @Test func duplicateTensor() throws {
    let file = try EditableSafetensors("\(model)/model.safetensors")
    let doubled = file.header + [file.header[file.header.count - 1]]
    try directory.write(
      EditableSafetensors.bytes(JSON.object(doubled).description, file.data), to: "model/model.safetensors")
    try expectNoPlan(3, "duplicate key")
  }

  @Test(arguments: [0, 1, 7, 8, 9, 100, 5000, 240_000])
  func truncated(count: Int) throws {
    let bytes = try readBytes("\(model)/model.safetensors")
    try directory.write(Array(bytes.prefix(count)), to: "model/model.safetensors")
    try expectNoPlan(3, "model.safetensors: ")
  }

  @Test(arguments: [UInt64.max, UInt64(Int64.max), 100_000_001, 1 << 40])
  func hugeHeader(length: UInt64) throws {
    let bytes = withUnsafeBytes(of: length.littleEndian, Array.init) + [UInt8](repeating: 0x20, count: 1000)
    try directory.write(bytes, to: "model/model.safetensors")
    try expectNoPlan(3, "bytes declared")
  }

  @Test(arguments: [
    ("architectures", #"["RwkvForCausalLM"]"#, 4, "architectures: `RwkvForCausalLM` is not supported"),
    (
      "architectures", #"["Gemma22ForCausalLM"]"#, 4,
      "`Gemma22ForCausalLM` is not supported; closest is `Gemma2ForCausalLM`; `actc models` lists what is"
    ),
    ("architectures", "[]", 3, "architectures: expected a list"),
    ("architectures", #""Llama""#, 3, "architectures: expected a list"),
    ("hidden_act", #""snake""#, 4, "hidden_act: `snake` is not supported"),
    ("rope_parameters", #"{"rope_type":"ntk","factor":2}"#, 4, "rope_type: `ntk` is not supported"),
    ("rope_parameters", #"{"rope_type":"yarn","factor":2,"beta_fast":0}"#, 3, "beta_fast: expected a number"),
    (
      "rope_parameters", #"{"rope_type":"longrope","short_factor":[1]}"#, 3,
      "short_factor: expected a list of 4"
    ),
    (
      "residual_multiplier", "0.2", 4,
      "residual_multiplier: expected a key that `LlamaForCausalLM` has, found 0.2"
    ),
    ("num_attention_heads", "0", 3, "num_attention_heads: expected an integer from 1"),
    ("num_attention_heads", "3", 3, "num_key_value_heads: expected a divisor"),
    ("num_hidden_layers", "1000000", 3, "model.layers.4.input_layernorm.weight: expected a tensor"),
    (
      "hidden_size", "64", 3,
      "expected floating-point [320, 64], as the configuration says, found f32[320,32]"
    ),
    ("hidden_size", "1e300", 3, "hidden_size: expected an integer"),
    ("vocab_size", "9223372036854775807", 3, "vocab_size: expected an integer from 1"),
    ("head_dim", "7", 3, "head_dim"),
    ("rms_norm_eps", #""small""#, 3, "rms_norm_eps: expected a number from 1e-20 to 1.0"),
    ("rms_norm_eps", "0", 3, "rms_norm_eps: expected a number from 1e-20 to 1.0, found 0"),
    ("rms_norm_eps", "-1e-5", 3, "rms_norm_eps: expected a number from"),
    ("rms_norm_eps", "1e-300", 3, "rms_norm_eps: expected a number from"),
    ("rms_norm_eps", "1e999", 3, "rms_norm_eps: expected a number from"),
    ("rope_theta", "0", 3, "rope_theta: expected a number from 1.0 to 1e+16, found 0"),
    ("rope_theta", "-10000", 3, "rope_theta: expected a number from"),
    ("rope_theta", "1e300", 3, "rope_theta: expected a number from"),
    ("rope_parameters", #"{"rope_theta":0.5}"#, 3, "rope_theta: expected a number from 1.0"),
    ("rope_parameters", #"{"rope_type":"linear","factor":0}"#, 3, "factor: expected a number from 1.0"),
    ("rope_parameters", #"{"rope_type":"linear","factor":1e9}"#, 3, "factor: expected a number from 1.0"),
    (
      "rope_parameters",
      #"{"rope_type":"llama3","factor":8,"low_freq_factor":4,"high_freq_factor":4,"original_max_position_embeddings":8}"#,
      3, "high_freq_factor: expected a number above low_freq_factor 4.0, found 4"
    ),
    (
      "rope_parameters",
      #"{"rope_type":"llama3","factor":8,"low_freq_factor":0,"high_freq_factor":4,"original_max_position_embeddings":8}"#,
      3, "low_freq_factor: expected a number from"
    ),
    ("max_position_embeddings", "-1", 3, "max_position_embeddings"),
  ])
  func badConfiguration(key: String, value: String, code: Int, words: String) throws {
    var members = try #require(JSON(parsing: readBytes("\(model)/config.json")).members)
    members.removeAll { $0.key == key }
    members.append(.init(key, try JSON(parsing: value)))
    try directory.write(JSON.object(members).description, to: "model/config.json")
    try expectNoPlan(Int32(code), words)
  }

  @Test(arguments: ["", "{", "[]", "{\"a\":1,\"a\":2}", String(repeating: "[", count: 100_000), "\u{0}"])
  func configurationThatIsNone(text: String) throws {
    try directory.write(text, to: "model/config.json")
    try expectNoPlan(3, "config.json: ")
  }

  /// What the plan's reader would refuse is refused before there is a plan.
  @Test(arguments: [
    ("{", "tokenizer_config.json: byte 1"), ("[]", "tokenizer_config.json: expected an object"),
    (#"{"eos_token":7}"#, "eos_token: expected"),
    (#"{"eos_token":"nowhere"}"#, "eos_token: no token is `nowhere`"),
    (#"{"bos_token":{"content":1}}"#, "bos_token"),
    (#"{"chat_template":3}"#, "chat_template: expected"),
    (#"{"chat_template":"{% for m in messages %}x"}"#, "chat_template: "),
    (#"{"chat_template":"{{ messages"}"#, "chat_template: "),
  ])
  func brokenTokenizerConfiguration(text: String, words: String) throws {
    try directory.write(text, to: "model/tokenizer_config.json")
    try expectNoPlan(3, words)
  }

  /// A template that is good Jinja and more than we know does not keep the plan from running.
  @Test func templateBeyondOurs() throws {
    try directory.write(
      #"{"chat_template":"{% include 'turns' %}"}"#, to: "model/tokenizer_config.json")
    let outcome = try Tool.actc.run("compile", model, "-o", directory.file("x.plan"))
    #expect(outcome.code == 0, "\(outcome.error)")
    #expect(outcome.error.contains("chat_template: not supported: "), "\(outcome.error)")
    #expect(try Tool.actrun.run("generate", directory.file("x.plan"), "-p", "a", "-n", "1").code == 0)
  }

  @Test(arguments: [
    (Float.nan, "found nan at [3]"), (.infinity, "found inf at [3]"), (-.infinity, "found -inf at [3]"),
  ])
  func weightsThatAreNoNumbers(value: Float, words: String) throws {
    var file = try EditableSafetensors("\(model)/model.safetensors")
    try file.edit(Self.norm) { $0[3] = Int32(bitPattern: value.bitPattern) }
    try directory.write(file.bytes, to: "model/model.safetensors")
    try expectNoPlan(3, "model.safetensors: model.norm.weight: expected finite numbers, \(words)")
    let data = try directory.write("a\n", to: "a.txt")
    defer { unlink(data) }
    try expectRefusal(
      .actc,
      [
        "fit", model, "--source", data, "--target", data, "--sites", "lm_head", "-o", directory.file("x"),
      ], 3, "model.norm.weight: expected finite numbers, \(words)")
  }

  @Test func tokenizerThatIsNoText() throws {
    try directory.write([0x7B, 0xFF, 0x7D], to: "model/tokenizer.json")
    try expectNoPlan(3, "tokenizer.json: byte 1: not JSON: expected a key")
  }

  /// A name with a line break and an escape sequence stays on its line.
  @Test func controlCharactersInNames() throws {
    var file = try EditableSafetensors("\(model)/model.safetensors")
    try file.rename(Self.norm, "a\nb\u{1B}[31m")
    try file.set("a\nb\u{1B}[31m", "dtype", .string("F7"))
    try directory.write(file.bytes, to: "model/model.safetensors")
    let outcome = try Tool.actc.run("compile", model, "-o", directory.file("x.plan"))
    #expect(outcome.code == 3)
    #expect(outcome.errorLines.count == 1)
    #expect(!outcome.error.contains("\u{1B}"))
  }

  @Test(arguments: ["compile", "fit", "opt", "show", "sites"])
  func missingModel(command: String) throws {
    let data = try directory.write("a\n", to: "a.txt")
    let absent = directory.file("absent")
    let rest: [String: [String]] = [
      "compile": ["-o", directory.file("x")],
      "fit": ["--source", data, "--target", data, "-o", directory.file("x")],
    ]
    try expectRefusal(.actc, [command, absent] + (rest[command] ?? []), 3, "absent")
    #expect(directory.contents == ["a.txt", "model"])
  }
}
