"""Latent consistency models: UNets that are told of the guidance, of Stable Diffusion 1 and XL."""

import itertools
import math

import diffusers.schedulers.scheduling_lcm
import numpy
import torch
from diffusers import LatentConsistencyModelPipeline, LCMScheduler

from .components import EULER, vae
from .noise import normal_noise
from .stable_diffusion import stable_diffusion
from .stable_diffusion_xl import stable_diffusion_xl


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


def draw_noise_of_steps():
    """Makes the scheduler's noise, behind every step but the last, that of the seed 0: of each sample its own."""
    draws = itertools.count(1)

    def drawn(shape, **_):
        draw = next(draws)
        noise = [normal_noise(sample, math.prod(shape[1:]), 0, draw) for sample in range(shape[0])]
        return torch.from_numpy(numpy.stack(noise).reshape(shape))

    diffusers.schedulers.scheduling_lcm.randn_tensor = drawn


PIPELINES = {
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
}
