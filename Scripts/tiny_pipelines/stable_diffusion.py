"""Stable Diffusion 1, with decodings in tiles and what a fit on prompts is to find."""

import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from safetensors.torch import save_file

from .components import LONG, bare_clip_text, clip_tokenizer, randomise

# Height and width of the latents, and the side of a tile.
TILED = {"tiled1": (13, 26, 8), "tiled2": (8, 12, 4), "tiled3": (6, 20, 8), "tiled4": (8, 12, 8)}


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
}
