import ActFormats
import ActGraphs
import ActIR
import ActPlan

// The classes of pipelines of diffusers.

/// Stable Diffusion 1 and 2.
let stableDiffusion = PictureMaking(
  className: "StableDiffusionPipeline", texts: [.init(encoder: "text_encoder")],
  wires: [Wire("encoder_hidden_states", from: "last_hidden_state", of: "text_encoder")], steps: 50,
  guidance: 7.5)

/// Latent consistency models: the guidance is an input.
let latentConsistency = PictureMaking(
  className: "LatentConsistencyModelPipeline", texts: [.init(encoder: "text_encoder")],
  wires: [Wire("encoder_hidden_states", from: "last_hidden_state", of: "text_encoder")], steps: 4,
  guidance: 8.5, isGuided: false, embedsGuidance: true)

/// SDXL, with Turbo and Lightning: two encoders side by side, and the sizes of the picture.
let stableDiffusionXL = PictureMaking(
  className: "StableDiffusionXLPipeline",
  texts: [.init(encoder: "text_encoder"), .init(encoder: "text_encoder_2")],
  wires: [
    Wire("encoder_hidden_states", [penultimate(of: "text_encoder", "text_encoder_2")]),
    Wire("text_embeds", from: "text_embeds", of: "text_encoder_2"),
  ], steps: 50, guidance: 5, hasLatentMoments: true,
  constants: { size in
    // The picture as it was, where it was cut, and as it is wanted.
    let sides = [Double(size.height), Double(size.width)]
    return [.init("time_ids", sides + [0, 0] + sides)]
  })

/// Stable Diffusion 3: two encoders side by side, and the rows of a third after them.
let stableDiffusion3 = PictureMaking(
  className: "StableDiffusion3Pipeline",
  texts: [
    .init(encoder: "text_encoder"), .init(encoder: "text_encoder_2"),
    .init(encoder: "text_encoder_3", length: .tokens(256), isOptional: true),
  ],
  wires: [
    Wire(
      "encoder_hidden_states",
      [
        penultimate(of: "text_encoder", "text_encoder_2"),
        .results([.init("last_hidden_state", of: "text_encoder_3")]),
      ]),
    Wire(
      "pooled_projections",
      [.results([.init("text_embeds", of: "text_encoder"), .init("text_embeds", of: "text_encoder_2")])]),
  ], steps: 28, guidance: 7)

/// FLUX.1: the guidance is an input.
let flux = PictureMaking(
  className: "FluxPipeline",
  texts: [.init(encoder: "text_encoder"), .init(encoder: "text_encoder_2", length: .tokens(512))],
  wires: [
    Wire("encoder_hidden_states", from: "last_hidden_state", of: "text_encoder_2"),
    Wire("pooled_projections", from: "pooler_output", of: "text_encoder"),
  ], steps: 28, guidance: 3.5, isGuided: false, timeScale: 1.0 / 1000, hasEvenSigmas: true)

/// PixArt-α: the rows of a text are as many as its tokens.
let pixArtAlpha = pixArt("PixArtAlphaPipeline", tokens: 120)

/// PixArt-Σ.
let pixArtSigma = pixArt("PixArtSigmaPipeline", tokens: 300)

private func pixArt(_ className: String, tokens: Int) -> PictureMaking {
  PictureMaking(
    className: className,
    texts: [.init(encoder: "text_encoder", length: .tokens(tokens), isPadded: false)],
    wires: [Wire("encoder_hidden_states", from: "last_hidden_state", of: "text_encoder")], steps: 20,
    guidance: 4.5, lowercasesTexts: true,
    constants: { size in
      let (height, width) = (Double(size.height), Double(size.width))
      return [.init("resolution", [height, width]), .init("aspect_ratio", [height / width])]
    })
}

/// DiT: classes of images in place of texts.
let dit = PictureMaking(className: "DiTPipeline", steps: 50, guidance: 4)

/// Z-Image: a text is the message of a chat, times run from 0 to 1 towards the image, and predictions lead there. Guidance
/// counts how far they go beyond those with the text.
let zImage = PictureMaking(
  className: "ZImagePipeline",
  texts: [
    .init(
      encoder: "text_encoder", length: .tokens(512), isPadded: false,
      chat: [.init("enable_thinking", .bool(true))])
  ],
  wires: [Wire("encoder_hidden_states", [penultimate(of: "text_encoder")])], steps: 50, guidance: 5,
  timeScale: -1.0 / 1000, timeShift: 1, predictionScale: -1, plainGuidance: 0, hasEvenSigmas: true, rowSide: 2
)

/// Any encoder of texts and a UNet that reads its last hidden states, a row a token, with a decoder or without.
let textsAndUNet = PictureMaking(
  className: "DiffusionPipeline", texts: [.init(encoder: "text_encoder", isPadded: false)],
  wires: [Wire("encoder_hidden_states", from: "last_hidden_state", of: "text_encoder")], steps: 20,
  guidance: 1)

private func penultimate(of modules: String...) -> Wire.Part {
  .results(modules.map { .init(PictureMaking.penultimate, of: $0) })
}
