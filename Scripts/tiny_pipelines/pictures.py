"""Pictures that pipelines make, recorded."""

import diffusers
import torch
from diffusers import (
    DiTPipeline,
    FluxPipeline,
    LatentConsistencyModelPipeline,
    PixArtAlphaPipeline,
    PixArtSigmaPipeline,
    StableDiffusionXLPipeline,
)
from safetensors.torch import save_file

from .latent_consistency import draw_noise_of_steps


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
        draw_noise_of_steps()
        return pipe([run["prompt"]] * count, latents=latents, width=width, height=height, **options).images
    if isinstance(pipe, FluxPipeline):
        latents = pipe._pack_latents(latents, *latents.shape)
    elif "negative_prompt" in run or not isinstance(pipe, StableDiffusionXLPipeline):
        options["negative_prompt"] = [run.get("negative_prompt", "")] * count
    if isinstance(pipe, (PixArtAlphaPipeline, PixArtSigmaPipeline)):
        options |= {"use_resolution_binning": False, "clean_caption": False}
    return pipe([run["prompt"]] * count, latents=latents, width=width, height=height, **options).images


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
        if other := run.get("scheduler_config"):
            pipe.scheduler = other
            texts["scheduler_config"] = other.to_json_string()
        image = call(pipe, run, latents, width, height)
        save_file({"latents": latents, "image": image.contiguous()}, folder / f"{name}.safetensors", texts)
        print(folder.name, name, image.min().item(), image.max().item(), image.std().item())
    pipe.scheduler = own
