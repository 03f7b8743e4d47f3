import ActFormats
import Testing
import Workbench

/// A kind of input that is damaged: what it looks like whole, and the commands that read it.
struct MutationKind: Sendable, CustomTestStringConvertible {
  /// One damaged input on its way through the tools.
  struct Case {
    let workshop: Workshop
    let directory: TemporaryDirectory
    let mutator: UnsafeMutablePointer<Mutator>
    let run: (Tool, [String]) throws -> Int32?

    func file(_ name: String) -> String { directory.file(name) }

    /// Runs a plan on a file of inputs, by default of tokens, and checks that what it gives is finite.
    func runPlan(_ plan: String, _ steering: [String] = [], input: String? = nil) throws {
      let output = file("out.safetensors")
      let arguments = [
        "run", plan, "--input", input ?? file("tokens.safetensors"), "-o", output, "--threads", "1",
      ]
      guard try run(.actrun, arguments + steering) == 0 else { return }
      let results = try SafetensorsFile(output)
      for tensor in results.tensors { try results.checkFinite(tensor) }
    }
  }

  let name: String
  /// Whether the tools may refuse such an input, and do not go on without it.
  var mayBeRefused = true
  var testDescription: String { name }
  /// Lays out what stays whole.
  var prepare: @Sendable (Workshop, TemporaryDirectory) throws -> Void = { _, _ in }
  /// Makes one damaged input and runs what reads it.
  let run: @Sendable (Case) throws -> Void
}

extension MutationKind {
  static let all: [MutationKind] =
    [
      modelFile("model.safetensors") { mutator, bytes in
        (try? mutator.safetensors(bytes)) ?? []
      },
      modelFile("config.json") { mutator, bytes in mutator.json(parsed(bytes)) },
      configuration(of: "tiny-gemma3"), configuration(of: "tiny-phi3-longrope"),
      configuration(of: "tiny-opt-projected"),
      modelFile("tokenizer.json", generates: true) { mutator, bytes in mutator.json(parsed(bytes)) },
      tokenizerConfiguration, gguf, gguf(of: "gemma3"), gguf(of: "phi3-longrope"), gguf(of: "gpt2"),
      controlVector, map, matrixMap, plan, graph,
      data(
        "jsonl", #"{"text":"a cat"}"# + "\n" + #"{"text":"the dog ran home","n":[1,2.5e3,null,true]}"# + "\n"),
      data("json", #"[{"text":"a cat"},{"text":"the \"dog\" [ran","n":{"a":[1,2]}}]"#),
      data("csv", "text,n\na cat,1\n\"the \"\"dog\"\", ran\",2\n"),
      data("tsv", "text\tn\na cat\t1\nthe dog\t2\n"),
      data("txt", "a cat\nthe dog ran home\r\n\nit rains\n"),
      samples, partialFit, steering, sites, filter, chatTemplates,
    ] + tokenizers + vocabularies + diffusion

  private static func parsed(_ bytes: [UInt8]) -> JSON { (try? JSON(parsing: bytes)) ?? .null }

  /// A file of the model, compiled and run.
  private static func modelFile(
    _ name: String, generates: Bool = false,
    _ damage: @escaping @Sendable (inout Mutator, [UInt8]) -> [UInt8]
  ) -> MutationKind {
    MutationKind(name: name) { workshop, directory in
      _ = try Workshop.copyModel("tiny-plain", to: directory.makeDirectory("model"))
    } run: { attempt in
      let whole = try readBytes("\(attempt.workshop.model)/\(name)")
      try attempt.directory.write(damage(&attempt.mutator.pointee, whole), to: "model/\(name)")
      let plan = attempt.file("x.plan")
      guard try attempt.run(.actc, ["compile", attempt.file("model"), "-o", plan]) == 0 else { return }
      if generates {
        _ = try attempt.run(.actrun, ["generate", plan, "-p", "ab \u{E9} 12", "-n", "3", "--threads", "1"])
      } else {
        try attempt.runPlan(plan)
      }
    }
  }

  /// The configuration of a small decoder, compiled for a context past that of its training.
  private static func configuration(of decoder: String) -> MutationKind {
    MutationKind(name: "\(decoder)/config.json") { _, directory in
      _ = try Workshop.copyModel(decoder, to: directory.makeDirectory("model"))
    } run: { attempt in
      let whole = try readBytes(Workshop.fixture("\(decoder)/config.json"))
      try attempt.directory.write(
        attempt.mutator.pointee.json(parsed(whole)), to: "model/config.json")
      let plan = attempt.file("x.plan")
      let compile = ["compile", attempt.file("model"), "--context", "40", "-o", plan]
      guard try attempt.run(.actc, compile) == 0 else { return }
      try attempt.runPlan(plan)
    }
  }

  private static let tokenizerConfiguration = MutationKind(name: "tokenizer_config.json") {
    workshop, directory in
    _ = try Workshop.copyModel("tiny-plain", to: directory.makeDirectory("model"))
    try directory.write(
      #"{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"bc"}]}"# + "\n",
      to: "chat.jsonl")
  } run: { attempt in
    let whole: JSON = .object([
      "bos_token": .string("a"), "eos_token": .object(["content": .string("b"), "lstrip": .bool(false)]),
      "add_bos_token": .bool(false),
      "chat_template": .string(
        "{% for m in messages %}{% if loop.first and m['role'] != 'system' %}S{% endif %}"
          + "{{ '<' + m['role'] | trim + '>' + m['content'] }}{% if not loop.last %}\n{% endif %}{% endfor %}"
          + "{% if add_generation_prompt %}{{ '<assistant>' }}{% endif %}"),
    ])
    try attempt.directory.write(attempt.mutator.pointee.json(whole), to: "model/tokenizer_config.json")
    let chat = attempt.file("chat.jsonl")
    _ = try attempt.run(
      .actc,
      [
        "fit", attempt.file("model"), "--source", chat, "--target", chat, "--sites", "model.norm", "--method",
        "mean-act", "--threads", "1", "-o", attempt.file("x.maps.safetensors"),
      ])
    _ = try attempt.run(.actc, ["compile", attempt.file("model"), "-o", attempt.file("x.plan")])
  }

  private static let gguf = MutationKind(name: "gguf") { attempt in
    let whole = SmallGGUF.make(inner: 64)
    let path = try attempt.directory.write(
      attempt.mutator.pointee.bytes(whole, headerLength: SmallGGUF.headerLength(inner: 64)), to: "x.gguf")
    let model = attempt.file("imported")
    guard try attempt.run(.actc, ["import", path, "-o", model]) == 0 else { return }
    defer { TemporaryDirectory.remove(model) }
    let plan = attempt.file("x.plan")
    if try attempt.run(.actc, ["compile", model, "-o", plan]) == 0 {
      _ = try attempt.run(.actrun, ["generate", plan, "-p", "ab", "-n", "2", "--threads", "1"])
    }
  }

  /// A control vector that becomes a map, and an adapter that is read again.
  private static let controlVector = MutationKind(name: "control vector") { attempt in
    let (whole, model) = (Workshop.fixture("convert/tiny-plain.gguf"), Workshop.fixture("tiny-plain"))
    let header = try GGUFFile(whole).tensors.map(\.range.lowerBound).min() ?? 0
    let path = try attempt.directory.write(
      attempt.mutator.pointee.bytes(readBytes(whole), headerLength: header), to: "x.gguf")
    let map = attempt.file("x.maps.safetensors")
    guard try attempt.run(.actc, ["convert", path, "--model", model, "--to", "map", "-o", map]) == 0 else {
      return
    }
    _ = try attempt.run(
      .actc, ["convert", map, "--model", model, "--to", "control-vector", "-o", attempt.file("x.back.gguf")])
  }

  /// A file of an architecture, compiled and run. What can be imported can be compiled, and the other way round.
  private static func gguf(of model: String) -> MutationKind {
    MutationKind(name: "gguf of \(model)") { attempt in
      let original = Workshop.fixture("gguf/\(model).gguf")
      let header = try GGUFFile(original).tensors.map(\.range.lowerBound).min() ?? 0
      let path = try attempt.directory.write(
        attempt.mutator.pointee.bytes(readBytes(original), headerLength: header), to: "x.gguf")
      let (plan, imported) = (attempt.file("x.plan"), attempt.file("imported"))
      let code = try attempt.run(.actc, ["compile", path, "-o", plan])
      if code == 0 { try attempt.runPlan(plan) }
      guard try attempt.run(.actc, ["import", path, "-o", imported]) == 0 else { return }
      defer { TemporaryDirectory.remove(imported) }
      let again = try attempt.run(.actc, ["compile", imported, "-o", attempt.file("x.again.plan")])
      #expect(again == code, "compiled from the directory \(again ?? -1), from the file \(code ?? -1)")
    }
  }

  private static let plan = MutationKind(name: "plan") { attempt in
    let path = try attempt.directory.write(
      attempt.mutator.pointee.safetensors(readBytes(attempt.workshop.steered)), to: "x.plan")
    try attempt.runPlan(path, ["--steer", "m=1"])
  }

  private static let graphs = [
    """
    graph @steered(%x: f32[T,8], %mid: f32[8]) {
      %gain = weight {name = "norm"} : f32[8]
      %n = rms_norm %x, %gain {eps = 1e-05, site = "model.norm"} : f32[T,8]
      %s = dial {name = "m"} : f32[]
      %d = sub %mid, %n : f32[T,8]
      %k = sigmoid %d : f32[T,8]
      %p = mul %k, %s : f32[T,8]
      %y = add %n, %p : f32[T,8]
      %w = weight {name = "head"} : bf16[32,8]
      %logits = linear %y, %w : f32[T,32]
      return %logits
    }

    """,
    """
    graph @attention(%tokens: i32[T], %positions: i32[T], %rows: i32[R]) {
      %e = weight {name = "embedding"} : f32[64,32]
      %h = embedding %e, %tokens : f32[T,32]
      %t = rope_table %positions {width = 8, base = 10000.0} : f32[T,8]
      %q = rope %h, %t {head_width = 8} : f32[T,32]
      %a = attention %q, %q, %h {cache = 0, heads = 4, kv_heads = 4, head_width = 8, scale = 0.35} : f32[T,32]
      %f = fused %a, %h {body = "t0 = mul $0, 2.0; max t0, $1"} : f32[T,32]
      %last = take_rows %f, %rows : f32[R,32]
      return out = %last
    }

    """,
  ]

  private static let graph = MutationKind(name: "graph") { attempt in
    let whole = graphs[attempt.mutator.pointee.next(0..<graphs.count)]
    let path = try attempt.directory.write(attempt.mutator.pointee.text(whole), to: "x.graph")
    _ = try attempt.run(.actc, ["opt", path])
  }

  private static func data(_ ending: String, _ whole: String) -> MutationKind {
    MutationKind(name: ending) { attempt in
      let path = try attempt.directory.write(attempt.mutator.pointee.text(whole), to: "x.\(ending)")
      _ = try attempt.run(.actrun, ["score", attempt.workshop.plan, path, "--threads", "1"])
    }
  }

  private static let samples = MutationKind(name: "samples") { workshop, directory in
    let outcome = try Tool.actc.run(
      "collect", workshop.model, "--source", workshop.source, "--target", workshop.target, "--sites", "*norm",
      "--simultaneous", "--shard", "1/1", "-o", directory.file("whole.samples.safetensors"))
    try #require(outcome.code == 0, "\(outcome.error)")
  } run: { attempt in
    let path = try attempt.directory.write(
      attempt.mutator.pointee.safetensors(attempt.directory.read("whole.samples.safetensors")),
      to: "x.samples.safetensors")
    let map = attempt.file("x.maps.safetensors")
    if try attempt.run(.actc, ["solve", path, "--threads", "1", "-o", map]) == 0 {
      _ = try MapFile(reading: map)
    }
  }

  private static let partialFit = MutationKind(name: "partial fit", mayBeRefused: false) {
    workshop, directory in
    let output = directory.file("whole.maps.safetensors")
    let outcome = try Tool.actc.run(fit(workshop, output))
    try #require(outcome.code == 0, "\(outcome.error)")
  } run: { attempt in
    let map = attempt.file("x.maps.safetensors")
    try attempt.directory.write(
      attempt.mutator.pointee.safetensors(attempt.directory.read("whole.maps.safetensors")),
      to: "x.maps.safetensors.partial")
    if try attempt.run(.actc, fit(attempt.workshop, map)) == 0 { _ = try MapFile(reading: map) }
  }

  private static func fit(_ workshop: Workshop, _ output: String) -> [String] {
    [
      "fit", workshop.model, "--source", workshop.source, "--target", workshop.target, "--sites",
      "model.norm",
      "*.0.*o_proj", "--threads", "1", "-o", output,
    ]
  }

  private static let steering = MutationKind(name: "steering") { attempt in
    let whole = ["m=0.5", "m=1", "m=1e3", "m=-1.5e0"][attempt.mutator.pointee.next(0..<4)]
    let text = argument(attempt.mutator.pointee.text(whole))
    try attempt.runPlan(attempt.workshop.steered, ["--steer=\(text)"])
  }

  private static let sites = MutationKind(name: "sites") { attempt in
    let patterns = [
      "*.layers.[0-3].mlp", "re:model\\.layers\\.(\\d+)\\.(mlp|self_attn).*", "re:(?i)(.*_)?norm|(a|b)+$",
      "model.*?",
    ]
    let text = argument(attempt.mutator.pointee.text(patterns[attempt.mutator.pointee.next(0..<4)]))
    _ = try attempt.run(.actc, ["sites", attempt.workshop.model, "--sites=\(text)"])
  }

  private static let filter = MutationKind(name: "filter") { workshop, directory in
    try directory.write(#"{"text":"abc","a":{"b":0.5},"label":"x"}"# + "\n", to: "a.jsonl")
  } run: { attempt in
    let text = argument(attempt.mutator.pointee.text(#"a.b >= 0.25 && !(label == "spam" || `a.b` == 1e3)"#))
    let data = attempt.file("a.jsonl")
    _ = try attempt.run(
      .actc,
      [
        "fit", attempt.workshop.model, "--source", data, "--target", data, "--filter=\(text)", "--sites",
        "model.norm", "--method", "mean-act", "--threads", "1", "-o", attempt.file("x.maps.safetensors"),
      ])
  }

  /// Bytes as an argument of a command, which ends at a zero.
  private static func argument(_ bytes: [UInt8]) -> String {
    String(decoding: bytes.filter { $0 != 0 }, as: UTF8.self)
  }
}

extension Mutator {
  /// Damages a safetensors file: its bytes; its header as JSON, which then fits its length again; the text of one entry
  /// of its metadata; or numbers of its tensors.
  mutating func safetensors(_ whole: [UInt8]) throws -> [UInt8] {
    let length = whole[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    var header = Array(whole[8..<8 + length])
    switch next(0..<5) {
    case 0: return bytes(whole, headerLength: 8 + length)
    case 1: header = json(try JSON(parsing: header))
    case 2, 3:
      var members = try JSON(parsing: header).members ?? []
      guard let index = members.firstIndex(where: { $0.key == "__metadata__" }),
        var entries = members[index].value.members, !entries.isEmpty
      else { return bytes(whole, headerLength: 8 + length) }
      let entry = next(0..<entries.count)
      let changed = text(entries[entry].value.string ?? "")
      entries[entry].value = .string(String(decoding: changed, as: UTF8.self))
      members[index].value = .object(entries)
      header = Array(JSON.object(members).description.utf8)
    default:
      let numbers: [Float] = [
        .nan, .infinity, .greatestFiniteMagnitude, -1e38, 1e30, -1e20, .leastNonzeroMagnitude, 0, -1,
      ]
      var out = whole
      for _ in 0..<next(1..<5) {
        let at = 8 + length + 4 * next(0..<max(1, (whole.count - 8 - length) / 4))
        let number = numbers[next(0..<numbers.count)]
        withUnsafeBytes(of: number) { bytes in
          for offset in 0..<4 where at + offset < out.count { out[at + offset] = bytes[offset] }
        }
      }
      return out
    }
    return EditableSafetensors.bytes(String(decoding: header, as: UTF8.self), Array(whole[(8 + length)...]))
  }
}
