#!/usr/bin/env python3
"""Write a random tiny pipeline of Stable Diffusion, and the pictures that `diffusers` makes with it.

    Scripts/make-tiny-pipelines.py [--output Tests/Fixtures]

Input: Tests/TokenizerTests/Fixtures/clip, whose vocabulary and merges the tokenizer has; else everything is seeded.
Output: `tiny-sd`, a StableDiffusionPipeline as `save_pretrained` leaves it, in f32, its tokenizer as `vocab.json` and
`merges.txt`; and pictures of 24x16 pixels, RUN.safetensors:

    latents   f32[B,4,8,12]    normal noise, which the pipeline multiplies by the scheduler's init_noise_sigma
    image     f32[B,3,16,24]   the pictures, in 0…1
    metadata  prompt, negative_prompt, steps, guidance, and scheduler: the class in place of the folder's, or nothing

Texts of one run are longer than the encoder takes, and are cut before the end token.

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
import json
import math
import shutil
import sys
from pathlib import Path

import diffusers
import numpy
import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

ROOT = Path(__file__).parent.parent
CONTEXT = 20

RUNS = {
    "ddim": {"prompt": "a photo of a cat", "steps": 3, "guidance": 5.0, "negative_prompt": "a dog, it's blurry"},
    "plain": {"prompt": "a drawing", "steps": 2, "guidance": 1.0},
    "euler": {"prompt": "The River", "steps": 4, "guidance": 3.0, "scheduler": "EulerDiscreteScheduler"},
    "pndm": {"prompt": "long " * 60, "steps": 5, "guidance": 2.5, "scheduler": "PNDMScheduler"},
    "dpm": {"prompt": "", "steps": 4, "guidance": 7.5, "scheduler": "DPMSolverMultistepScheduler"},
}

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


def normal_noise(sample, count):
    """The first latents of a sample of the seed."""
    values = []
    for i in range((count + 1) // 2):
        w = philox((i, 0, sample, 0), (SEED, 0))
        u, v = ((w[1] << 32 | w[0]) >> 11) / 2**53, ((w[3] << 32 | w[2]) >> 11) / 2**53
        r = math.sqrt(-2 * math.log(1 - u))
        values += [r * math.cos(2 * math.pi * v), r * math.sin(2 * math.pi * v)]
    return numpy.float32(values[:count])


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


def tokenizer(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name in ["vocab.json", "merges.txt"]:
        shutil.copy(ROOT / "Tests/TokenizerTests/Fixtures/clip" / name, folder)
    config = {"tokenizer_class": "CLIPTokenizer", "model_max_length": CONTEXT, "pad_token": "<|endoftext|>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")
    return CLIPTokenizer.from_pretrained(folder)


def pipeline(folder):
    torch.manual_seed(1)
    tokens = tokenizer(folder / "tokenizer")
    text = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokens),
            hidden_size=12,
            intermediate_size=20,
            num_hidden_layers=2,
            num_attention_heads=2,
            max_position_embeddings=CONTEXT,
            bos_token_id=0,
            eos_token_id=1,
            pad_token_id=1,
        )
    )
    unet = UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(8, 16),
        layers_per_block=1,
        cross_attention_dim=12,
        attention_head_dim=2,
        norm_num_groups=4,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
    )
    vae = AutoencoderKL(
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
    pipe = StableDiffusionPipeline(
        vae=randomise(vae, 0.9),
        text_encoder=randomise(text, 1.0),
        tokenizer=tokens,
        unet=randomise(unet, 0.9),
        scheduler=scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipe.save_pretrained(folder)
    tokenizer(folder / "tokenizer")
    for name in ["tokenizer.json", "special_tokens_map.json"]:
        (folder / "tokenizer" / name).unlink(missing_ok=True)
    return pipe


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=ROOT / "Tests/Fixtures")
    folder = parser.parse_args().output / "tiny-sd"
    shutil.rmtree(folder, ignore_errors=True)
    pipe = pipeline(folder)
    pipe.set_progress_bar_config(disable=True)
    own = pipe.scheduler
    for index, (name, run) in enumerate(RUNS.items()):
        latents = torch.randn(2, 4, 8, 12, generator=torch.Generator().manual_seed(index))
        scheduler = run.get("scheduler")
        pipe.scheduler = getattr(diffusers, scheduler).from_pretrained(folder / "scheduler") if scheduler else own
        image = pipe(
            [run["prompt"]] * 2,
            negative_prompt=[run.get("negative_prompt", "")] * 2,
            num_inference_steps=run["steps"],
            guidance_scale=run["guidance"],
            latents=latents,
            height=16,
            width=24,
            output_type="pt",
        ).images
        texts = {"scheduler": "", "negative_prompt": "", **{key: str(value) for key, value in run.items()}}
        save_file({"latents": latents, "image": image.contiguous()}, folder / f"{name}.safetensors", texts)
        print(name, image.min().item(), image.max().item(), image.std().item())
    pipe.scheduler = own
    record_fit(pipe, folder)


if __name__ == "__main__":
    main()
