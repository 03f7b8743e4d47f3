import Glibc

/// The small language models of `Tests/Fixtures`, made by `Scripts/make-tiny-llama.py`: what must hold for any model is
/// tested on each of them.
///
/// All have 320 tokens. A checkpoint is a directory with what `transformers` computes for it, a file for each of
/// ``recordedPrompts``: `tokens` i32[T], `logits` f32[T,320], and in some the values of sites by their names.
package let smallCheckpoints = ["tiny-gqa", "tiny-tied", "tiny-plain", "tiny-qwen2"]

/// The prompts that every small checkpoint has a record of.
package let recordedPrompts = ["prompt1", "prompt2"]

/// The small decoders of many families, made by `Scripts/make-tiny-decoders.py`, which says what each is there for and
/// what is recorded of it: `tokens`, `logits`, and in `prompt1` the value of every site.
package let smallDecoders = [
  "mistral", "qwen2-windows", "qwen3", "qwen3-yarn", "llama-yarn", "llama-dynamic", "gemma", "gemma2",
  "gemma2-plain", "gemma3", "gemma3-types", "phi", "phi-norms", "phi3", "phi3-longrope", "gpt2",
  "gpt2-scaled",
  "gpt-neox", "gpt-neox-serial", "opt", "opt-projected", "opt-bare", "olmo2", "stablelm", "stablelm-parallel",
  "granite", "cohere", "cohere-norms", "mixtral", "mixtral-stacked", "qwen2-moe", "qwen2-moe-sparse",
  "qwen3-moe", "qwen3-moe-windows",
].map { "tiny-\($0)" }

/// The prompts that a small decoder has a record of. The third is as long as the context to compile it for, beyond the
/// one that it was made for.
package func prompts(of decoder: String) -> [String] {
  ["prompt1", "prompt2", "prompt3"].filter { access(fixture("\(decoder)/\($0).safetensors"), F_OK) == 0 }
}

/// What `transformers` computes for a prompt.
package func record(of prompt: String, by checkpoint: String) throws -> TensorFile {
  try TensorFile(fixture("\(checkpoint)/\(prompt).safetensors"))
}

/// The small encoders of text, made by `Scripts/make-tiny-bert.py`, which says what is recorded of them.
package let smallEncoders = [
  "tiny-bert", "tiny-bert-2", "tiny-bert-old", "tiny-roberta", "tiny-distilbert",
  "tiny-clip-text", "tiny-clip-text-2", "tiny-t5", "tiny-t5-gated", "tiny-umt5",
]

/// Small encoders with a classification head, made by the same script, whose records have `logits` f32[B,classes].
package let smallClassifiers = [
  "tiny-bert-classifier", "tiny-xlm-roberta-classifier", "tiny-distilbert-classifier",
]

/// The calls that every small encoder has a record of: `tokens` i32[T], and `last_hidden_state` f32[T,D].
package let recordedInputs = ["input1", "input2", "input3", "input4"]

/// The small image towers of CLIP, made by `Scripts/make-tiny-clip.py`, which says what is recorded of them.
package let smallImageTowers = ["tiny-clip-vision", "tiny-clip-vision-2"]

/// Both towers of CLIP in one checkpoint, made by the same script.
package let smallCLIP = "tiny-clip"

/// The calls that they have a record of: `pixel_values` f32[B,C,H,W], and of both towers `tokens` and `sequences` i32[T].
package let recordedCalls = ["images1", "images2"]

/// The small autoencoders of images, made by `Scripts/make-tiny-taesd.py`, which says what is recorded of them.
package let smallAutoencoders = ["tiny-taesd", "tiny-taesd-2", "tiny-taesd-3"]

/// The calls that every small autoencoder has a record of, with the names of input and result: f32, NCHW.
package let recordedImages = [
  ("encoder1", "x", "latents"), ("encoder2", "x", "latents"), ("encoder3", "x", "latents"),
  ("encoder4", "x", "latents"), ("decoder1", "z", "sample"), ("decoder2", "z", "sample"),
  ("decoder3", "z", "sample"),
]

/// The small denoising UNets, made by `Scripts/make-tiny-unets.py`, which says what each is there for and what is recorded
/// of it.
package let smallUNets = [
  "", "-2", "-xl", "-pixels", "-resnets", "-fourier", "-projection", "-joint", "-text-image", "-image",
  "-adaptive",
].map {
  "tiny-unet\($0)"
}

/// The calls that every small UNet has a record of: inputs, and in a file whose name ends in `-result` the `sample`. The
/// first has one entry and the output of every module, the third has texts of two lengths.
package let recordedSteps = ["call1", "call2", "call3"]

/// The small transformers that denoise images, made by `Scripts/make-tiny-dits.py`, which says what is recorded of them.
package let smallTransformers = [
  "tiny-flux", "tiny-flux-2", "tiny-sd3", "tiny-sd3-2", "tiny-pixart", "tiny-pixart-2", "tiny-dit",
  "tiny-dit-2", "tiny-dit-3", "tiny-dit-4", "tiny-pixart-3", "tiny-z-image", "tiny-z-image-2",
]

/// The calls that every small transformer has a record of.
package let transformerCalls = ["call1", "call2", "call3"]

/// The small variational autoencoders of images, made by `Scripts/make-tiny-autoencoder-kl.py`, which says what is recorded
/// of them.
package let smallVariationalAutoencoders = ["tiny-kl", "tiny-kl-2", "tiny-kl-3", "tiny-kl-4"]

/// The calls that they have a record of: `sample` or `z`, and the results of the network that the name begins with.
package let recordedNetworkCalls = ["encoder1", "encoder2", "encoder3", "decoder1", "decoder2", "decoder3"]
