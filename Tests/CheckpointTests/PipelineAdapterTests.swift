import ActCompile
import ActFormats
import ActGraphs
import ActIR
import ActPlan
import ActRuntime
import ModelChecks
import Testing
import Workbench

/// Adapters of small pipelines against the pictures that `diffusers` makes with them
/// (`Scripts/make-tiny-pipelines.py --adapters`).
@Suite struct PipelineAdapterTests {
  struct Record: Sendable, CustomTestStringConvertible {
    var pipeline, form, pictures: String
    var testDescription: String { "\(pipeline)/\(form)/\(pictures)" }
  }

  /// Each form at two weights; several forms may give the same pictures.
  static let records: [Record] = [
    ("tiny-sd", "new", ["new", "old", "kohya"]), ("tiny-sdxl", "new", ["new", "old", "kohya", "original"]),
    ("tiny-flux-dev", "new", ["new", "kohya"]), ("tiny-flux-dev", "original", ["original"]),
    ("tiny-flux-dev", "xlabs", ["xlabs"]), ("tiny-sd3-pipeline", "new", ["new"]),
    ("tiny-z-image-pipeline", "new", ["new"]), ("tiny-z-image-pipeline", "kohya", ["kohya"]),
  ].flatMap { pipeline, pictures, forms in
    forms.flatMap { form in
      (0...1).map { Record(pipeline: pipeline, form: form, pictures: "adapted-\(pictures)-\($0)") }
    }
  }

  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  @Test(arguments: Self.records) func equalsDiffusers(record: Record) throws {
    let path = fixture("\(record.pipeline)/\(record.pictures).safetensors")
    let file = try SafetensorsFile(path)
    #expect(file.metadata("forms")?.split(separator: " ").map(String.init).contains(record.form) == true)
    let weight = try #require(Double(file.metadata("lora") ?? ""))
    let deviation = try deviation(record.pipeline, file, record.form, weight: weight)
    #expect(deviation.normalizedSquaredError <= 1e-7)
  }

  /// The adapters change the pictures by far more than the bound.
  @Test(arguments: Set(Self.records.map(\.pictures)).sorted()) func changesPictures(pictures: String) throws {
    for record in Self.records where record.pictures == pictures {
      let file = try SafetensorsFile(fixture("\(record.pipeline)/\(pictures).safetensors"))
      let deviation = try deviation(record.pipeline, file, record.form, weight: 0)
      #expect(deviation.normalizedSquaredError >= 1e-3)
    }
  }

  /// How far the pictures of a plan with an adapter are from the recorded ones.
  private func deviation(
    _ pipeline: String, _ file: SafetensorsFile, _ form: String, weight: Double
  ) throws -> Deviation {
    let info = try #require(file["image"])
    let size = ImageSize(width: info.shape[3], height: info.shape[2])
    let adapter = try PipelineAdapter(fixture("\(pipeline)/lora-\(form).safetensors"), weight: weight)
    let plan = try directory.plan(
      of: Pipeline(PipelineFolder(fixture(pipeline)), size: size, adapters: [adapter]))
    let model = try PictureModel(PlanFile(plan), threads: 2)
    let expected = Array(file.bytes(of: info).bindMemory(to: Float.self))
    let request = try PictureModel.Request(recordedIn: file, for: model)
    return Deviation(try model.pictures(request).flatMap { $0 }.map { min(max($0, 0), 1) }, from: expected)
  }

  /// Kinds of adapters beside LoRA, and tensors that belong to no pair.
  @Test(
    arguments: [
      ("transformer.context_embedder.lora_magnitude_vector", [16], "adapters of LoRA alone are supported"),
      ("lora_unet_img_in.dora_scale", [16, 1], "adapters of LoRA alone are supported"),
      ("lora_unet_img_in.hada_w1_a", [16, 2], "adapters of LoRA alone are supported"),
      ("lora_unet_img_in.lokr_w1", [2, 2], "adapters of LoRA alone are supported"),
      ("lora_unet_img_in.lora_mid.weight", [2, 2], "adapters of LoRA alone are supported"),
      ("lora_unet_img_in.lora_down.weight", [2, 16], "expected both matrices of a pair"),
    ] as [(String, [Int], String)])
  func otherTensors(name: String, shape: [Int], problem: String) throws {
    try expect(
      problem,
      of: [
        (name, shape), ("lora_unet_txt_in.lora_down.weight", [2, 12]),
        ("lora_unet_txt_in.lora_up.weight", [16, 2]),
      ])
  }

  /// Matrices of several modules that are not as high as these, and pairs that share a module.
  @Test(
    arguments: [
      (
        [
          ("double_blocks.0.img_attn.qkv.lora_A.weight", [2, 16]),
          ("double_blocks.0.img_attn.qkv.lora_B.weight", [47, 2]),
        ],
        "expected 48 rows, of `transformer_blocks.0.attn.to_q`"
      ),
      (
        [
          ("double_blocks.0.img_attn.qkv.lora_A.weight", [2, 15]),
          ("double_blocks.0.img_attn.qkv.lora_B.weight", [48, 2]),
        ], "expected a product of [16, 16]"
      ),
      (
        [
          ("double_blocks.0.img_attn.qkv.lora_A.weight", [2, 16]),
          ("double_blocks.0.img_attn.qkv.lora_B.weight", [48, 2]),
          ("transformer.transformer_blocks.0.attn.to_k.lora_A.weight", [2, 16]),
          ("transformer.transformer_blocks.0.attn.to_k.lora_B.weight", [16, 2]),
        ], "is of the same module, `transformer_blocks.0.attn.to_k`"
      ),
      (
        [
          ("double_blocks.1.img_attn.qkv.lora_A.weight", [2, 16]),
          ("double_blocks.1.img_attn.qkv.lora_B.weight", [48, 2]),
        ],
        "no network of the pipeline has this module"
      ),
    ] as [([(String, [Int])], String)])
  func misfits(tensors: [(String, [Int])], problem: String) throws {
    try expect(problem, of: tensors)
  }

  /// A language model may have a prefix, or not.
  @Test(arguments: ["layers.0.mlp.up_proj", "model.layers.0.mlp.up_proj"]) func prefixes(module: String)
    throws
  {
    let path = directory.file("adapter.safetensors")
    let name = "text_encoder.\(module)"
    let shape = try SafetensorsFile(fixture("tiny-z-image-pipeline/text_encoder/model.safetensors")).tensors
      .first { $0.name.hasSuffix("layers.0.mlp.up_proj.weight") }?.shape
    let sizes = try #require(shape)
    try write(
      [("\(name).lora_A.weight", [2, sizes[1]]), ("\(name).lora_B.weight", [sizes[0], 2])], to: path)
    let pipeline = try Pipeline(
      PipelineFolder(fixture("tiny-z-image-pipeline")), size: ImageSize(width: 16, height: 16),
      adapters: [PipelineAdapter(path, weight: 1)])
    #expect(pipeline.networks.map(\.adapters.count) == [1, 0, 0])
  }

  /// What PEFT's configuration says in the file's metadata.
  @Test(arguments: [
    (#"{"transformer.lora_alpha": "x"}"#, "lora_adapter_metadata.transformer.lora_alpha: expected a number"),
    (
      #"{"transformer.lora_alpha": 1, "transformer.alpha_pattern": {"a": null}}"#,
      "lora_adapter_metadata.transformer.alpha_pattern: expected numbers by module"
    ),
    (
      #"{"transformer.lora_alpha": 1, "transformer.alpha_pattern": {"(": 1}}"#,
      "lora_adapter_metadata.transformer.alpha_pattern"
    ), ("{", "lora_adapter_metadata"),
  ])
  func metadata(text: String, problem: String) throws {
    try expect(
      problem, of: [("x_embedder.lora_A.weight", [2, 16]), ("x_embedder.lora_B.weight", [16, 2])],
      metadata: text)
  }

  private func expect(_ problem: String, of tensors: [(String, [Int])], metadata: String? = nil) throws {
    let path = directory.file("adapter.safetensors")
    try write(tensors, to: path, metadata: metadata)
    let error = #expect(throws: FileError.self) {
      try Pipeline(
        PipelineFolder(fixture("tiny-flux-dev")), size: ImageSize(width: 24, height: 16),
        adapters: [PipelineAdapter(path, weight: 1)])
    }
    #expect(error.map { "\($0)" }?.contains(problem) == true, "\(String(describing: error))")
  }

  /// Writes tensors of zeros.
  private func write(_ tensors: [(String, [Int])], to path: String, metadata: String? = nil) throws {
    let writer = try SafetensorsWriter(
      path, tensors.map { SafetensorsWriter.Entry($0.0, .f32, $0.1) },
      metadata: metadata.map { [("lora_adapter_metadata", $0)] } ?? [])
    for (name, shape) in tensors {
      try [Float](repeating: 0, count: shape.reduce(1, *)).withUnsafeBytes { try writer.append($0, to: name) }
    }
    try writer.finish()
  }
}
