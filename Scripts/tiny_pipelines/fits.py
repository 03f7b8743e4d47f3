"""What a fit on prompts is to find: activations under hooks, and maps that NumPy computes of them."""

import importlib
import json
import math
import sys

import numpy
import torch
from safetensors.torch import save_file

from .components import ROOT
from .noise import normal_noise, philox

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

sys.path.insert(0, str(ROOT / "Scripts"))
METHODS = importlib.import_module("make-fit-reference").METHODS


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
        noise = [normal_noise(2 * index + (side == "target"), 4 * 8 * 12, SEED) for index in range(len(texts_of_side))]
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


@torch.no_grad()
def record_fit_alone(pipe, folder, sides, sites, run, steps, shape):
    """Record activations of a transformer where each prompt runs alone, and maps of some of them.

    `run` makes latents of a prompt by a pipeline in so many steps, `shape` is C, H and W of a sample.
    """
    pipe.set_progress_bar_config(disable=True)
    tensors, samples = {}, {side: {site: [] for site in sites} for side in sides}
    for side, prompts in sides.items():
        for index, prompt in enumerate(prompts):
            noise = normal_noise(2 * index + (side == "target"), math.prod(shape), SEED)
            found = {}
            handles = hooked(pipe.transformer, sites, found)
            run(pipe, prompt, torch.from_numpy(noise.reshape(1, *shape)), steps)
            for handle in handles:
                handle.remove()
            for site in sites:
                samples[side][site].append(numpy.stack(found[site])[:, 0])
        for site in sites:
            # [prompts, steps, C]
            values = numpy.stack(samples[side][site])
            samples[side][site] = values
            for step in range(steps):
                tensors[f"{site}/{side}/{step}"] = values[:, step]
    for site in sites:
        both = [samples[side][site][:, 0] for side in sides]
        for parameter, value in METHODS["linear-act"](*both).items():
            tensors[f"linear-act/0/{site}/{parameter}"] = value
    metadata = {side: json.dumps(prompts) for side, prompts in sides.items()}
    metadata |= {"seed": str(SEED), "steps": str(steps)}
    tensors = {name: torch.from_numpy(numpy.float32(value)).contiguous() for name, value in tensors.items()}
    save_file(tensors, folder / "fit.safetensors", metadata)
