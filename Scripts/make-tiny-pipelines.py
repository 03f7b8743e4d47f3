#!/usr/bin/env python3
"""Write random tiny pipelines of diffusers, and the pictures that they make.

    Scripts/make-tiny-pipelines.py [--output Tests/Fixtures] [NAME...]

Input: Tests/TokenizerTests/Fixtures/clip, whose vocabulary and merges the tokenizers of CLIP have; else everything is
seeded.
Output: NAME, a folder for each of `PIPELINES`, as `save_pretrained` leaves it, but for `tiny-sd` in f16; and for each
of its runs RUN.safetensors:

    latents   f32[B,C,h,w]     normal noise, which the pipeline multiplies by the scheduler's init_noise_sigma
    image     f32[B,3,H,W]     the pictures, in 0…1
    metadata  prompt, steps, guidance; where they are given negative_prompt and scheduler, the class in place of the
              folder's; scheduler_config, the file in place of the folder's; and lora, the weight of the adapter

`tiny-sdxl` has an adapter too, lora-FORM.safetensors in the names of diffusers, of older diffusers and of kohya, in
these also for the model that diffusers converts from. Some texts are longer than the encoders take. The class of
`tiny-text-unet` is none of diffusers': a loop in this file makes its pictures. `tiny-sd` has decodings in tiles that
overlap too, as `enable_tiling` has them, TILED.safetensors:

    z         f32[1,4,h,w]     what the autoencoder decodes
    image     f32[1,3,2h,2w]   the picture, in 0…1 where it is not beyond
    metadata  tile: the side of a tile, in latents

`fit.safetensors` has what a fit on prompts is to find: activations of the denoiser under hooks, in runs of STEPS steps
without guidance, each prompt from the noise that `docs/schedulers.md` describes, sample 2i for prompt i of the source
and 2i + 1 of the target. A sample is the mean over the pixels or rows of an output. SIDE is source or target:

    SITE/SIDE/STEP              f32[N,C]   a sample a prompt
    sample/SIDE/STEP            f32[N,4,8,12]   what the denoiser is given
    linear-act/STEPS/SITE/NAME  f32[C]     in float64 of the samples at STEPS, `0` or `0-2`, as each site finds them
    text/linear-act/SITE/NAME   f32[C]     the same of sites of the text encoder, whose prompts are filled up
    metadata  source, target: the captions, and tags, JSON; prompts: the target's with their tags; seed, fixed, drawn

Made with Python 3.11, torch 2.13.0 (CPU), transformers 5.24.0, diffusers 0.42.1, safetensors 0.8.0.
"""

import argparse
import importlib
import itertools
import json
import math
import shutil
import sys
from pathlib import Path

import diffusers
import diffusers.schedulers.scheduling_lcm
import numpy
import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    DiTPipeline,
    DiTTransformer2DModel,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
    LatentConsistencyModelPipeline,
    LCMScheduler,
    PixArtAlphaPipeline,
    PixArtSigmaPipeline,
    PixArtTransformer2DModel,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from safetensors.torch import save_file
from transformers import (
    BertConfig,
    BertModel,
    BertTokenizerFast,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    T5Config,
    T5EncoderModel,
    T5TokenizerFast,
)

ROOT = Path(__file__).parent.parent
CONTEXT = 20
WORDS = ["a", "the", "cat", "photo", "of", "drawing", "river", "dog", "long", "with", "and", "red"]
LONG = "long " * 60

# Height and width of the latents, and the side of a tile.
TILED = {"tiled1": (13, 26, 8), "tiled2": (8, 12, 4), "tiled3": (6, 20, 8), "tiled4": (8, 12, 8)}

FIT = {
    "source": ["a photo of a cat", "a dog", "The River", "it's blurry, and red", "two trees", "a man on a mat", "x"],
    "target": ["a house", "a cat in the rain", "the sea", "", "a long road to the town"],
    "tags": ["anime", "sharp lines", "red", "night", "cat ears", "a drawing"],
}
SEED, FIXED, DRAWN, STEPS = 9, 1, 2, 4
SITES = [
    "conv_in",
    "down_blocks.0.resnets.0.norm1",
    "down_blocks.0.attentions.0.norm",
    "down_blocks.0.attentions.0.transformer_blocks.0.norm2",
    "mid_block.resnets.0.norm2",
    "conv_norm_out",
]
TEXT_SITES = ["encoder.layers.0.layer_norm1", "encoder.layers.1.mlp.fc2"]

sys.path.insert(0, str(Path(__file__).parent))
METHODS = importlib.import_module("make-fit-reference").METHODS


def philox(counter, key):
    """Philox 4x32-10: the four words of a counter."""
    mask = 0xFFFFFFFF
    for _ in range(10):
        a, b = counter[0] * 0xD2511F53, counter[2] * 0xCD9E8D57
        counter = (b >> 32) ^ counter[1] ^ key[0], b & mask, (a >> 32) ^ counter[3] ^ key[1], a & mask
        key = (key[0] + 0x9E3779B9) & mask, (key[1] + 0xBB67AE85) & mask
    return counter


def normal_noise(sample, count, seed=SEED, draw=0):
    """The first latents of a sample of the seed, or with a draw of 1 or more the noise of a step."""
    values = []
    for i in range((count + 1) // 2):
        w = philox((i, 0, sample, draw), (seed, 0))
        u, v = ((w[1] << 32 | w[0]) >> 11) / 2**53, ((w[3] << 32 | w[2]) >> 11) / 2**53
        r = math.sqrt(-2 * math.log(1 - u))
        values += [r * math.cos(2 * math.pi * v), r * math.sin(2 * math.pi * v)]
    return numpy.float32(values[:count])


def step_noise(draw, shape):
    """The noise of a step, of which each sample has its own."""
    noise = [normal_noise(sample, math.prod(shape[1:]), 0, draw) for sample in range(shape[0])]
    return torch.from_numpy(numpy.stack(noise).reshape(shape))


def tagged(prompt, sample):
    """A prompt with the tags that are fixed, and others drawn of the rest."""
    rest = FIT["tags"][FIXED:]
    for place in range(DRAWN):
        w = philox((place, 0, sample, 0xFFFFFFFF), (SEED, 0))
        other = place + (((w[1] << 32 | w[0]) * (len(rest) - place)) >> 64)
        rest[place], rest[other] = rest[other], rest[place]
    return ", ".join([prompt] + FIT["tags"][:FIXED] + rest[:DRAWN])


def pooled(output):
    """The mean over the pixels [N,C,H,W], or the rows [N,S,C]: [N,C]."""
    output = output[0] if isinstance(output, tuple) else output
    return output.double().mean(dim=(2, 3) if output.ndim == 4 else 1).numpy()


def hooked(model, sites, found):
    def hook_for(site):
        return lambda module, arguments, output: found.setdefault(site, []).append(pooled(output))

    return [model.get_submodule(site).register_forward_hook(hook_for(site)) for site in sites]


def keeper(inputs):
    return lambda module, given: inputs.append(given[0].clone())


@torch.no_grad()
def record_fit(pipe, folder):
    prompts = {
        "source": FIT["source"],
        "target": [tagged(prompt, 2 * index + 1) for index, prompt in enumerate(FIT["target"])],
    }
    tensors, found, texts = {}, {}, {}
    for side, texts_of_side in prompts.items():
        noise = [normal_noise(2 * index + (side == "target"), 4 * 8 * 12) for index in range(len(texts_of_side))]
        found[side], texts[side], inputs = {}, {}, []
        handles = hooked(pipe.unet, SITES, found[side]) + hooked(pipe.text_encoder, TEXT_SITES, texts[side])
        handles.append(pipe.unet.register_forward_pre_hook(keeper(inputs)))
        pipe(
            texts_of_side,
            num_inference_steps=STEPS,
            guidance_scale=1.0,
            latents=torch.from_numpy(numpy.stack(noise).reshape(-1, 4, 8, 12)),
            height=16,
            width=24,
            output_type="latent",
        )
        for handle in handles:
            handle.remove()
        for step in range(STEPS):
            tensors[f"sample/{side}/{step}"] = inputs[step].numpy()
            for site in SITES:
                tensors[f"{site}/{side}/{step}"] = found[side][site][step]
    for name, steps in [("0", [0]), ("0-2", [0, 1, 2])]:
        for site in SITES:
            sides = [numpy.concatenate([found[side][site][step] for step in steps]) for side in prompts]
            for parameter, value in METHODS["linear-act"](*sides).items():
                tensors[f"linear-act/{name}/{site}/{parameter}"] = value
    for site in TEXT_SITES:
        sides = [texts[side][site][0] for side in prompts]
        for parameter, value in METHODS["linear-act"](*sides).items():
            tensors[f"text/linear-act/{site}/{parameter}"] = value
    metadata = {name: json.dumps(value) for name, value in (FIT | {"prompts": prompts["target"]}).items()}
    metadata |= {"seed": str(SEED), "fixed": str(FIXED), "drawn": str(DRAWN), "steps": str(STEPS)}
    tensors = {name: torch.from_numpy(numpy.float32(value)).contiguous() for name, value in tensors.items()}
    save_file(tensors, folder / "fit.safetensors", metadata)


def randomise(module, scale):
    for name, parameter in module.named_parameters():
        if "norm" in name and name.endswith("weight"):
            parameter.data = 1 + 0.2 * torch.randn(parameter.shape)
        else:
            fan = parameter[0].numel() if parameter.ndim > 1 else 1
            parameter.data = torch.randn(parameter.shape) * (scale / fan**0.5 if parameter.ndim > 1 else 0.1)
    return module.eval()


# Components


def clip_tokenizer(folder, pad_token="<|endoftext|>"):
    folder.mkdir(parents=True, exist_ok=True)
    for name in ["vocab.json", "merges.txt"]:
        shutil.copy(ROOT / "Tests/TokenizerTests/Fixtures/clip" / name, folder)
    config = {"tokenizer_class": "CLIPTokenizer", "model_max_length": CONTEXT, "pad_token": pad_token}
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")
    return CLIPTokenizer.from_pretrained(folder)


def t5_tokenizer():
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)] + list(".,'!?A")
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    pieces += [("▁" + word, -2 - 0.1 * index) for index, word in enumerate(WORDS)] + [("▁", -4.0)]
    pieces += [(letter, -6 - 0.01 * index) for index, letter in enumerate(letters)]
    return T5TokenizerFast(vocab=pieces, extra_ids=0)


def bert_tokenizer():
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + WORDS
    tokens += letters + ["##" + letter for letter in letters] + list(".,'!?")
    return BertTokenizerFast(vocab={token: index for index, token in enumerate(tokens)})


def clip_text(tokens, width, projection=None, **changes):
    return randomise(bare_clip_text(tokens, width, projection, **changes), 1.0)


def bare_clip_text(tokens, width, projection=None, **changes):
    options = {
        "vocab_size": len(tokens),
        "hidden_size": width,
        "intermediate_size": 20,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "max_position_embeddings": CONTEXT,
        "bos_token_id": 0,
        "eos_token_id": 1,
        "pad_token_id": 1,
    }
    config = CLIPTextConfig(**(options | changes | ({"projection_dim": projection} if projection else {})))
    return (CLIPTextModelWithProjection if projection else CLIPTextModel)(config)


def t5_text(tokens, width):
    config = T5Config(
        vocab_size=len(tokens),
        d_model=width,
        d_kv=4,
        d_ff=20,
        num_layers=2,
        num_heads=2,
        relative_attention_num_buckets=8,
        relative_attention_max_distance=16,
        feed_forward_proj="gated-gelu",
    )
    return randomise(T5EncoderModel(config), 1.0)


def vae(side=4, **options):
    model = AutoencoderKL(
        block_out_channels=(side, side),
        norm_num_groups=side // 2,
        latent_channels=4,
        sample_size=16,
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        **options,
    )
    return randomise(model, 0.9)


def stable_diffusion(folder, **options):
    tokens = clip_tokenizer(folder / "tokenizer")
    text = bare_clip_text(tokens, 12)
    unet = UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(8, 16),
        layers_per_block=1,
        cross_attention_dim=12,
        attention_head_dim=2,
        norm_num_groups=4,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        **options,
    )
    decoder = AutoencoderKL(
        block_out_channels=(8, 8),
        norm_num_groups=4,
        latent_channels=4,
        sample_size=16,
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
    )
    scheduler = DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        steps_offset=1,
        set_alpha_to_one=False,
    )
    # In the order in which they have always been drawn.
    return StableDiffusionPipeline(
        vae=randomise(decoder, 0.9),
        text_encoder=randomise(text, 1.0),
        tokenizer=tokens,
        unet=randomise(unet, 0.9),
        scheduler=scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


LABELS = {0: "tench, Tinca tinca", 1: "goldfish, Carassius auratus", 7: "cock", 999: "toilet tissue"}
EULER = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


def latent_consistency(folder):
    pipe = stable_diffusion(folder, time_cond_proj_dim=9)
    return LatentConsistencyModelPipeline(
        vae=pipe.vae,
        text_encoder=pipe.text_encoder,
        tokenizer=pipe.tokenizer,
        unet=pipe.unet,
        scheduler=LCMScheduler(**EULER, clip_sample=False, set_alpha_to_one=True),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def latent_consistency_xl(folder):
    """A UNet told of the guidance in SDXL's pipeline, and a decoder of latents with a mean and a deviation."""
    pipe = stable_diffusion_xl(folder, time_cond_proj_dim=12)
    moments = {"latents_mean": [-1.6, 0.3, 0.1, 1.2], "latents_std": [8.4, 5.9, 6.7, 4.1]}
    pipe.register_modules(vae=vae(scaling_factor=0.5, **moments))
    return pipe


def stable_diffusion_xl(folder, **options):
    tokens = clip_tokenizer(folder / "tokenizer")
    others = clip_tokenizer(folder / "tokenizer_2", pad_token="!")
    unet = UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(4, 8),
        layers_per_block=1,
        cross_attention_dim=8 + 12,
        attention_head_dim=(1, 2),
        transformer_layers_per_block=(1, 2),
        norm_num_groups=2,
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=4,
        projection_class_embeddings_input_dim=10 + 6 * 4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        **options,
    )
    return StableDiffusionXLPipeline(
        vae=vae(scaling_factor=0.13025),
        text_encoder=clip_text(tokens, 8, num_hidden_layers=3),
        text_encoder_2=clip_text(others, 12, projection=10, hidden_act="gelu"),
        tokenizer=tokens,
        tokenizer_2=others,
        unet=randomise(unet, 0.9),
        scheduler=EulerDiscreteScheduler(**EULER, steps_offset=1, timestep_spacing="leading"),
        force_zeros_for_empty_prompt=True,
        add_watermarker=False,
    )


def flux(folder, guidance):
    tokens = clip_tokenizer(folder / "tokenizer")
    others = t5_tokenizer()
    transformer = FluxTransformer2DModel(
        in_channels=16,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=8,
        num_attention_heads=2,
        joint_attention_dim=12,
        pooled_projection_dim=8,
        axes_dims_rope=(2, 2, 4),
        guidance_embeds=guidance,
    )
    shift = {"use_dynamic_shifting": True, "base_image_seq_len": 6, "max_image_seq_len": 96, "shift": 3.0}
    return FluxPipeline(
        vae=vae(scaling_factor=0.3611, shift_factor=0.1159, use_quant_conv=False, use_post_quant_conv=False),
        text_encoder=clip_text(tokens, 8),
        tokenizer=tokens,
        text_encoder_2=t5_text(others, 12),
        tokenizer_2=others,
        transformer=randomise(transformer, 0.9),
        scheduler=FlowMatchEulerDiscreteScheduler(**(shift if guidance else {"shift": 1.0})),
    )


def stable_diffusion_3(folder, has_t5):
    tokens = clip_tokenizer(folder / "tokenizer")
    others = clip_tokenizer(folder / "tokenizer_2", pad_token="!")
    pieces = t5_tokenizer()
    transformer = SD3Transformer2DModel(
        sample_size=8,
        in_channels=4,
        out_channels=4,
        num_layers=2,
        attention_head_dim=8,
        num_attention_heads=2,
        joint_attention_dim=24,
        caption_projection_dim=16,
        pooled_projection_dim=6 + 10,
        pos_embed_max_size=12,
        qk_norm="rms_norm" if has_t5 else None,
        dual_attention_layers=(0,) if has_t5 else (),
    )
    return StableDiffusion3Pipeline(
        vae=vae(scaling_factor=1.5305, shift_factor=0.0609, use_quant_conv=False, use_post_quant_conv=False),
        text_encoder=clip_text(tokens, 8, projection=6),
        tokenizer=tokens,
        text_encoder_2=clip_text(others, 12, projection=10, hidden_act="gelu"),
        tokenizer_2=others,
        text_encoder_3=t5_text(pieces, 24) if has_t5 else None,
        tokenizer_3=pieces if has_t5 else None,
        transformer=randomise(transformer, 0.9),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
    )


def pixart(folder, kind, side, has_sizes=False):
    pieces = t5_tokenizer()
    transformer = PixArtTransformer2DModel(
        sample_size=side,
        in_channels=4,
        out_channels=8,
        num_layers=2,
        attention_head_dim=12,
        num_attention_heads=2,
        cross_attention_dim=24,
        caption_channels=12,
        norm_num_groups=2,
        use_additional_conditions=has_sizes,
    )
    scheduler = DPMSolverMultistepScheduler(beta_start=0.0001, beta_end=0.02, beta_schedule="linear")
    return kind(
        tokenizer=pieces,
        text_encoder=t5_text(pieces, 12),
        vae=vae(scaling_factor=0.13025),
        transformer=randomise(transformer, 0.9),
        scheduler=scheduler,
    )


def dit(folder):
    transformer = DiTTransformer2DModel(
        sample_size=8,
        in_channels=4,
        out_channels=8,
        num_layers=2,
        attention_head_dim=8,
        num_attention_heads=2,
        # The pipeline's own mark of no class.
        num_embeds_ada_norm=1000,
    )
    pipe = DiTPipeline(
        transformer=randomise(transformer, 0.9),
        vae=vae(),
        scheduler=DDIMScheduler(beta_start=0.0001, beta_end=0.02, clip_sample=False),
        id2label=LABELS,
    )
    return pipe


class TextUNet:
    """A UNet told of texts by any encoder of them: a folder that the base class of diffusers would load."""

    vae_scale_factor = 1

    def __init__(self, has_vae):
        self.tokenizer = bert_tokenizer()
        self.text_encoder = randomise(
            BertModel(
                BertConfig(
                    vocab_size=len(self.tokenizer),
                    hidden_size=12,
                    num_hidden_layers=2,
                    num_attention_heads=2,
                    intermediate_size=20,
                    max_position_embeddings=16,
                ),
                add_pooling_layer=False,
            ),
            1.0,
        )
        unet = UNet2DConditionModel(
            sample_size=8,
            in_channels=4 if has_vae else 3,
            out_channels=4 if has_vae else 3,
            block_out_channels=(4, 8),
            layers_per_block=1,
            cross_attention_dim=12,
            attention_head_dim=2,
            norm_num_groups=2,
            down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
            up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        )
        self.unet = randomise(unet, 0.9)
        self.vae = vae(scaling_factor=0.5) if has_vae else None
        self.scheduler = FlowMatchEulerDiscreteScheduler()

    @property
    def components(self):
        names = ["scheduler", "text_encoder", "tokenizer", "unet", "vae"]
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}

    def save_pretrained(self, folder):
        index = {"_class_name": "DiffusionPipeline"}
        for name, component in self.components.items():
            component.save_pretrained(folder / name)
            library = "transformers" if name in ["text_encoder", "tokenizer"] else "diffusers"
            index[name] = [library, type(component).__name__.removesuffix("Fast")]
        (folder / "model_index.json").write_text(json.dumps(index, indent=2) + "\n")

    def set_progress_bar_config(self, **_):
        pass

    def states(self, text):
        tokens = self.tokenizer(text, truncation=True, max_length=16, return_tensors="pt")
        return self.text_encoder(**tokens).last_hidden_state

    def __call__(self, prompt, negative_prompt, num_inference_steps, guidance_scale, latents, **_):
        conditions = [self.states(negative_prompt[0] if negative_prompt else ""), self.states(prompt[0])]
        self.scheduler.set_timesteps(num_inference_steps)
        sample = latents
        for time in self.scheduler.timesteps:
            found = [self.unet(sample, time, c.expand(len(sample), -1, -1)).sample for c in conditions]
            moved = found[0] + guidance_scale * (found[1] - found[0]) if guidance_scale > 1 else found[1]
            sample = self.scheduler.step(moved, time, sample).prev_sample
        if self.vae is not None:
            sample = self.vae.decode(sample / self.vae.config.scaling_factor).sample
        return type("Output", (), {"images": (sample / 2 + 0.5).clamp(0, 1)})


# What is made of them

TRAILING = EulerDiscreteScheduler(**EULER, timestep_spacing="trailing")
TURBO = EulerAncestralDiscreteScheduler(**EULER, timestep_spacing="trailing")
DYNAMIC = FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True, base_image_seq_len=4, max_image_seq_len=64)

PIPELINES = {
    "tiny-sd": (
        stable_diffusion,
        (24, 16),
        {
            "ddim": {
                "prompt": "a photo of a cat",
                "steps": 3,
                "guidance": 5.0,
                "negative_prompt": "a dog, it's blurry",
            },
            "plain": {"prompt": "a drawing", "steps": 2, "guidance": 1.0},
            "euler": {"prompt": "The River", "steps": 4, "guidance": 3.0, "scheduler": "EulerDiscreteScheduler"},
            "pndm": {"prompt": LONG, "steps": 5, "guidance": 2.5, "scheduler": "PNDMScheduler"},
            "dpm": {"prompt": "", "steps": 4, "guidance": 7.5, "scheduler": "DPMSolverMultistepScheduler"},
        },
    ),
    "tiny-sdxl": (
        stable_diffusion_xl,
        (16, 24),
        {
            "euler": {"prompt": "a photo of a cat", "steps": 3, "guidance": 5.0},
            "negative": {"prompt": LONG, "steps": 2, "guidance": 3.0, "negative_prompt": "a red dog"},
            "turbo": {"prompt": "a river", "steps": 1, "guidance": 0.0, "scheduler_config": TURBO},
            "lightning": {"prompt": "a river", "steps": 4, "guidance": 0.0, "scheduler_config": TRAILING},
            # The last, for it changes the weights.
            "adapted": {"prompt": "a photo of a cat", "steps": 2, "guidance": 3.0, "lora": "0.7"},
        },
    ),
    "tiny-lcm": (
        latent_consistency,
        (24, 16),
        {
            "plain": {"prompt": "a photo of a cat", "steps": 3, "guidance": 8.0},
            "low": {"prompt": "a river", "steps": 1, "guidance": 0.0},
        },
    ),
    "tiny-lcm-xl": (
        latent_consistency_xl,
        (16, 24),
        {"plain": {"prompt": "a photo of a cat", "steps": 3, "guidance": 5.5}},
    ),
    "tiny-flux-dev": (
        lambda folder: flux(folder, guidance=True),
        (24, 16),
        {
            "plain": {"prompt": "a photo of a cat, it's red", "steps": 3, "guidance": 3.5},
            "long": {"prompt": "the " * 300, "steps": 2, "guidance": 1.5},
        },
    ),
    "tiny-flux-schnell": (
        lambda folder: flux(folder, guidance=False),
        (12, 20),
        {"plain": {"prompt": "a drawing", "steps": 4, "guidance": 0.0}},
    ),
    "tiny-sd3-pipeline": (
        lambda folder: stable_diffusion_3(folder, has_t5=True),
        (20, 12),
        {
            "plain": {"prompt": "a photo of a cat", "steps": 3, "guidance": 5.0},
            "negative": {"prompt": LONG, "steps": 2, "guidance": 3.0, "negative_prompt": "a red dog"},
            "dynamic": {"prompt": "a river", "steps": 3, "guidance": 1.0, "scheduler_config": DYNAMIC},
        },
    ),
    "tiny-sd3-no-t5": (
        lambda folder: stable_diffusion_3(folder, has_t5=False),
        (12, 12),
        {"plain": {"prompt": "a photo of a cat", "steps": 2, "guidance": 4.0}},
    ),
    "tiny-pixart-alpha": (
        lambda folder: pixart(folder, PixArtAlphaPipeline, 8),
        (24, 16),
        {
            "plain": {"prompt": "A photo of a cat", "steps": 3, "guidance": 4.5},
            "negative": {"prompt": "the " * 200, "steps": 4, "guidance": 2.0, "negative_prompt": "a red dog"},
        },
    ),
    "tiny-pixart-sigma": (
        lambda folder: pixart(folder, PixArtSigmaPipeline, 128),
        (16, 24),
        {"plain": {"prompt": "a drawing of the river", "steps": 3, "guidance": 4.5}},
    ),
    "tiny-pixart-sizes": (
        lambda folder: pixart(folder, PixArtAlphaPipeline, 128, has_sizes=True),
        (16, 24),
        {"plain": {"prompt": "a drawing", "steps": 2, "guidance": 1.0}},
    ),
    "tiny-dit-pipeline": (
        dit,
        (16, 16),
        {
            "plain": {"prompt": "goldfish", "label": 1, "steps": 3, "guidance": 4.0},
            "number": {"prompt": "7", "label": 7, "steps": 2, "guidance": 1.0},
        },
    ),
    "tiny-text-unet": (
        lambda folder: TextUNet(has_vae=False),
        (12, 8),
        {
            "guided": {"prompt": "a photo of a cat", "steps": 3, "guidance": 2.5},
            "plain": {
                "prompt": "a photo of a cat and the dog with a long, long, long river",
                "steps": 4,
                "guidance": 1.0,
            },
            "negative": {"prompt": "red", "steps": 2, "guidance": 3.0, "negative_prompt": "a dog, it's blurry"},
        },
    ),
    "tiny-text-unet-vae": (
        lambda folder: TextUNet(has_vae=True),
        (24, 16),
        {"guided": {"prompt": "a photo of a cat", "steps": 3, "guidance": 2.5}},
    ),
}


def rounded(pipe):
    for component in pipe.components.values():
        for parameter in component.parameters() if isinstance(component, torch.nn.Module) else []:
            parameter.data = parameter.data.half().float()


def saved(pipe, folder, in_half):
    models = [part for part in pipe.components.values() if isinstance(part, torch.nn.Module)]
    if in_half:
        for model in models:
            model.half()
    pipe.save_pretrained(folder)
    for model in models:
        model.float()
    if isinstance(pipe, DiTPipeline):
        # As on the hub, where the index names the classes.
        index = json.loads((folder / "model_index.json").read_text())
        index["id2label"] = {str(number): name for number, name in LABELS.items()}
        (folder / "model_index.json").write_text(json.dumps(index, indent=2) + "\n")
    # As on the hub: CLIP's tokenizers as two files.
    for path in folder.glob("tokenizer*"):
        if (path / "vocab.json").exists():
            for name in ["tokenizer.json", "special_tokens_map.json"]:
                (path / name).unlink(missing_ok=True)


def adapted(pipe, folder):
    """Write an adapter in the names of diffusers, of older diffusers and of kohya, and add it to the weights."""
    modules = {
        "unet": [
            "down_blocks.1.attentions.0.transformer_blocks.1.attn1.to_q",
            "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_out.0",
            "mid_block.attentions.0.proj_in",
            "mid_block.resnets.1.conv2",
            "down_blocks.1.resnets.0.conv_shortcut",
        ],
        "text_encoder": ["text_model.encoder.layers.1.self_attn.v_proj"],
        "text_encoder_2": ["text_model.encoder.layers.0.mlp.fc1"],
    }
    weight, alpha, rank = 0.7, 1.5, 2
    random = torch.Generator().manual_seed(7)
    # As in the model that diffusers converts from.
    original = {
        "down_blocks.1.attentions.0.": "input_blocks.3.1.",
        "down_blocks.1.resnets.0.conv_shortcut": "input_blocks.3.0.skip_connection",
        "mid_block.attentions.0.": "middle_block.1.",
        "mid_block.resnets.1.conv2": "middle_block.2.out_layers.3",
    }
    new, old, kohya, others = {}, {}, {}, {}
    for component, names in modules.items():
        network = getattr(pipe, component)
        for name in names:
            bare = name.removeprefix("text_model.") if not hasattr(network, "text_model") else name
            module = network.get_submodule(bare)
            shape = module.weight.shape
            a = torch.randn((rank, *shape[1:]), generator=random) / 2
            b = torch.randn((shape[0], rank, *([1] * (len(shape) - 2))), generator=random) / 2
            module.weight.data += weight * alpha / rank * (b.flatten(1) @ a.flatten(1)).reshape(shape)
            scaled = b * (alpha / rank)
            new[f"{component}.{name}.lora_A.weight"], new[f"{component}.{name}.lora_B.weight"] = a, scaled
            older = name.replace(".to_q", ".processor.to_q_lora").replace(".to_out.0", ".processor.to_out_lora")
            older = older if "processor" in older else f"{older}.lora"
            old[f"{component}.{older}.down.weight"], old[f"{component}.{older}.up.weight"] = a, scaled
            prefix = {"unet": "lora_unet", "text_encoder": "lora_te1", "text_encoder_2": "lora_te2"}[component]
            other = name
            for start, stop in original.items() if component == "unet" else []:
                other = other.replace(start, stop)
            for spelling, tensors in [(name, kohya), (other, others)]:
                key = f"{prefix}_{spelling.replace('.', '_')}"
                tensors[f"{key}.lora_down.weight"], tensors[f"{key}.lora_up.weight"] = a, b
                tensors[f"{key}.alpha"] = torch.tensor(alpha)
    for name, tensors in [("new", new), ("old", old), ("kohya", kohya), ("original", others)]:
        save_file({key: tensor.contiguous() for key, tensor in tensors.items()}, folder / f"lora-{name}.safetensors")


def call(pipe, run, latents, width, height):
    options = {
        "num_inference_steps": run["steps"],
        "guidance_scale": run["guidance"],
        "output_type": "pt",
    }
    if isinstance(pipe, DiTPipeline):
        # It draws the noise itself.
        draw, module = diffusers.pipelines.dit.pipeline_dit.randn_tensor, diffusers.pipelines.dit.pipeline_dit
        module.randn_tensor = lambda *_, **__: latents
        images = pipe([run["label"]] * len(latents), **(options | {"output_type": "np"})).images
        module.randn_tensor = draw
        return torch.from_numpy(images).permute(0, 3, 1, 2)
    count = len(latents)
    if isinstance(pipe, LatentConsistencyModelPipeline):
        # Its scheduler draws noise behind every step but the last: that of the seed 0.
        draws = itertools.count(1)
        diffusers.schedulers.scheduling_lcm.randn_tensor = lambda shape, **_: step_noise(next(draws), shape)
        return pipe([run["prompt"]] * count, latents=latents, width=width, height=height, **options).images
    if isinstance(pipe, FluxPipeline):
        latents = pipe._pack_latents(latents, *latents.shape)
    elif "negative_prompt" in run or not isinstance(pipe, StableDiffusionXLPipeline):
        options["negative_prompt"] = [run.get("negative_prompt", "")] * count
    if isinstance(pipe, (PixArtAlphaPipeline, PixArtSigmaPipeline)):
        options |= {"use_resolution_binning": False, "clean_caption": False}
    return pipe([run["prompt"]] * count, latents=latents, width=width, height=height, **options).images


def decode_in_tiles(folder):
    vae = AutoencoderKL.from_pretrained(folder / "vae")
    vae.enable_tiling()
    for index, (name, (height, width, tile)) in enumerate(TILED.items()):
        z = 2 * torch.randn(1, 4, height, width, generator=torch.Generator().manual_seed(100 + index))
        vae.tile_latent_min_size = tile
        vae.tile_sample_min_size = 2 * tile
        with torch.no_grad():
            image = vae.decode(z).sample / 2 + 0.5
        save_file({"z": z, "image": image.contiguous()}, folder / f"{name}.safetensors", {"tile": str(tile)})
        print(name, image.min().item(), image.max().item(), image.std().item())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=ROOT / "Tests/Fixtures")
    parser.add_argument("names", nargs="*", metavar="NAME", help="the pipelines to write; by default all")
    arguments = parser.parse_args()
    for name in arguments.names or PIPELINES:
        make, (width, height), runs = PIPELINES[name]
        folder = arguments.output / name
        shutil.rmtree(folder, ignore_errors=True)
        torch.manual_seed(1)
        pipe = make(folder)
        if name != "tiny-sd":
            rounded(pipe)
        # An encoder without padding of its own leaves the tokenizers' configurations alone.
        configs = {path: path.read_text() for path in folder.glob("tokenizer*/tokenizer_config.json")}
        saved(pipe, folder, in_half=name != "tiny-sd")
        for path, text in configs.items():
            path.write_text(text)
        write_pictures(pipe, folder, runs, width, height)
        if name == "tiny-sd":
            decode_in_tiles(folder)
            record_fit(pipe, folder)


@torch.no_grad()
def write_pictures(pipe, folder, runs, width, height):
    pipe.set_progress_bar_config(disable=True)
    own = pipe.scheduler
    factor = 2 if getattr(pipe, "vae", None) is not None else 1
    channels = 4 if factor == 2 else 3
    for index, (name, run) in enumerate(runs.items()):
        shape = (2, channels, height // factor, width // factor)
        latents = torch.randn(shape, generator=torch.Generator().manual_seed(index))
        pipe.scheduler = own
        texts = {key: str(value) for key, value in run.items() if key != "label"}
        if kind := run.get("scheduler"):
            pipe.scheduler = getattr(diffusers, kind).from_pretrained(folder / "scheduler")
        if run.get("lora"):
            adapted(pipe, folder)
        if other := run.get("scheduler_config"):
            pipe.scheduler = other
            texts["scheduler_config"] = other.to_json_string()
        image = call(pipe, run, latents, width, height)
        save_file({"latents": latents, "image": image.contiguous()}, folder / f"{name}.safetensors", texts)
        print(folder.name, name, image.min().item(), image.max().item(), image.std().item())
    pipe.scheduler = own


if __name__ == "__main__":
    main()
