#!/usr/bin/env python3
"""Write a random tiny pipeline of Stable Diffusion, and the pictures that `diffusers` makes with it.

    Scripts/make-tiny-pipelines.py [--output Tests/Fixtures]

Input: Tests/TokenizerTests/Fixtures/clip, whose vocabulary and merges the tokenizer has; else everything is seeded.
Output: `tiny-sd`, a StableDiffusionPipeline as `save_pretrained` leaves it, in f32, its tokenizer as `vocab.json` and
`merges.txt`; and pictures of 24x16 pixels, RUN.safetensors:

    latents   f32[B,4,8,12]    normal noise, which the pipeline multiplies by the scheduler's init_noise_sigma
    image     f32[B,3,16,24]   the pictures, in 0…1
    metadata  prompt, negative_prompt, steps, guidance, and scheduler: the class in place of the folder's, or nothing

and decodings in tiles that overlap, as `enable_tiling` has them, TILED.safetensors:

    z         f32[1,4,h,w]     what the autoencoder decodes
    image     f32[1,3,2h,2w]   the picture, in 0…1 where it is not beyond
    metadata  tile: the side of a tile, in latents

Texts of one run are longer than the encoder takes, and are cut before the end token.

Made with Python 3.11, torch 2.13.0 (CPU), transformers 5.24.0, diffusers 0.42.1, safetensors 0.8.0.
"""

import argparse
import json
import shutil
from pathlib import Path

import diffusers
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

# Height and width of the latents, and the side of a tile.
TILED = {"tiled1": (13, 26, 8), "tiled2": (8, 12, 4), "tiled3": (6, 20, 8), "tiled4": (8, 12, 8)}


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
    decode_in_tiles(folder)


if __name__ == "__main__":
    main()
