#!/usr/bin/env python3
"""Write random tiny autoencoders of TAESD's kind, and what `diffusers` and NumPy compute for them.

    Scripts/make-tiny-taesd.py [--output Tests/Fixtures]

Input: none; everything is seeded. Each checkpoint is an `AutoencoderTiny` as `save_pretrained` leaves it, in f32:

    tiny-taesd    TAESD's own structure with few channels: four levels, ReLU, nearest neighbours, factor 2
    tiny-taesd-2  three levels, other numbers of blocks, SiLU, factor 3 (the encoder's stride stays 2), five latent
                  channels, other latent_magnitude, latent_shift and scaling_factor (which change nothing, see below)
    tiny-taesd-3  two levels, exact GELU, bilinear upsampling (corners not aligned)

What the modules compute, all convolutions being 3×3 and padded by one zero on each side:

    encoder   v = (x + 1) / 2, from [-1, 1] to [0, 1]; a convolution; at each further level a convolution of stride 2
              without bias, so that a side of n becomes ceil(n / 2); after each of these its blocks; a convolution.
              Neither clamps, nor uses latent_magnitude, latent_shift or scaling_factor.
    decoder   v = 3 tanh(z / 3); a convolution and act_fn; at each level its blocks, then upsampling and a convolution
              without bias, at the last level only a convolution with bias, to three channels; sample = 2 v - 1, from
              [0, 1] to [-1, 1]. What leaves [-1, 1] stays so: clamping belongs to whoever makes a picture of it.
    block     relu(x + c3(act(c2(act(c1(x)))))): the last function is ReLU whatever act_fn is. In `conv` one module is
              both functions, so `named_modules` has `conv.1` and not `conv.3`.

`encode(x).latents` is `encoder(x)` and `decode(z).sample` is `decoder(z)`, unless slicing or tiling is switched on;
`encode` draws no sample, and `decode` does not divide by scaling_factor (a pipeline does, before it). Only `forward`
uses the other two: between encoder and decoder it takes the latents through 8 bits, as
round(255 clamp(latents / (2 latent_magnitude) + latent_shift, 0, 1)), and back.

Output beside each checkpoint, tensors by the arguments and results of the two components, NCHW:

    encoderK.safetensors   x f32[B,3,h,w] -> latents f32[B,L,…]; in `encoder1` of `tiny-taesd` also the outputs of two
                           modules by their names, SITE f32[B,C,…]. `encoder4`: sides that 8 does not divide
    decoderK.safetensors   z f32[B,L,h,w] -> sample f32[B,3,…]; the same for `decoder1`

Beside `tiny-taesd`, for COMPONENT encoder and decoder, maps at these two sites in order of execution, computed in f64.
A sample of an image is the mean of each channel over its pixels; from the samples parameters follow as in
`make-fit-reference.py`: linear-act or, with slope 1, mean-act. A map moves an image by what its mean is moved by,

    y = x + strength * (T(m) - m)     m: mean of x over the pixels of the image and channel
    T(v) = target_mean + slope * (v - source_mean)

or, in the run `linear-act-pointwise`, each pixel by itself: y = x + strength * (T(x) - x).

    COMPONENT-fit.safetensors   source f32[N,…], target f32[M,…]: the images, inputs of the component; N is not M
                                RUN/ORDER/SITE/source_samples f32[N,C], target_samples f32[M,C]
                                RUN/ORDER/SITE/slope, source_mean, target_mean f32[C]
                                ORDER is `simultaneous`, each site on the bare model, or `causal`: the second site
                                with the first transported at strength 1, on both sides
    COMPONENT-RUN-STRENGTH.safetensors   the component's input and result with the causal maps of RUN on;
                                SITE f32[B,C,…] the transported activation, SITE/before the same before its own map

Made with Python 3.11, numpy 2.4.6, torch 2.13.0 (CPU), diffusers 0.42.1, safetensors 0.8.0.
"""

import argparse
import copy
import importlib
import math
import shutil
from pathlib import Path

import numpy
import torch
from diffusers import AutoencoderTiny
from safetensors.numpy import save_file
from torch import nn

METHODS = importlib.import_module("make-fit-reference").METHODS

CHECKPOINTS = {
    "tiny-taesd": {
        "encoder_block_out_channels": (12, 12, 12, 12),
        "decoder_block_out_channels": (10, 10, 10, 10),
        "num_encoder_blocks": (1, 2, 1, 1),
        "num_decoder_blocks": (2, 1, 1, 1),
    },
    "tiny-taesd-2": {
        "encoder_block_out_channels": (7, 7, 7),
        "decoder_block_out_channels": (9, 9, 9),
        "num_encoder_blocks": (2, 1, 1),
        "num_decoder_blocks": (1, 1, 2),
        "act_fn": "silu",
        "upsampling_scaling_factor": 3,
        "latent_channels": 5,
        "latent_magnitude": 4,
        "latent_shift": 0.25,
        "scaling_factor": 0.5,
    },
    "tiny-taesd-3": {
        "encoder_block_out_channels": (6, 6),
        "decoder_block_out_channels": (6, 6),
        "num_encoder_blocks": (1, 1),
        "num_decoder_blocks": (1, 1),
        "act_fn": "gelu",
        "upsample_fn": "bilinear",
    },
}

# Batch, height and width of the inputs.
SIZES = {
    "encoder": ((1, 16, 16), (2, 24, 40), (3, 16, 8), (1, 20, 28)),
    "decoder": ((1, 2, 3), (2, 3, 5), (3, 2, 1)),
}
INPUTS = {"encoder": "x", "decoder": "z"}
RESULTS = {"encoder": "latents", "decoder": "sample"}

RECORDED = "tiny-taesd"
# A convolution inside a block; then one of stride 2, and the output of a block.
SITES = {
    "encoder": ("encoder.layers.3.conv.2", "encoder.layers.5"),
    "decoder": ("decoder.layers.3.conv.0", "decoder.layers.6"),
}
RUNS = {
    "linear-act": ("linear-act", "mean"),
    "linear-act-pointwise": ("linear-act", "pointwise"),
    "mean-act": ("mean-act", "mean"),
}
STEERED = (("linear-act", 0.5), ("linear-act", 1), ("linear-act-pointwise", 0.5), ("mean-act", 1.5))
FIT_SIZE = {"encoder": (16, 16), "decoder": (2, 2)}
SOURCES, TARGETS = 9, 7


def randomise(model, generator):
    """Draw every parameter anew, so that values neither die out nor grow over the blocks."""
    for name, module in model.named_modules():
        if not isinstance(module, nn.Conv2d):
            continue
        gain = 0.8 if name.endswith("conv.4") else 1.2
        if module is model.decoder.layers[-1]:
            gain = 0.3
        noise = torch.randn(module.weight.shape, generator=generator)
        module.weight.data = gain * noise / math.sqrt(module.weight[0].numel())
        if module.bias is not None:
            module.bias.data = 0.2 * torch.randn(module.bias.shape, generator=generator)
    model.decoder.layers[-1].bias.data += 0.4


def images(component, channels, count, height, width, generator, mean=0.0, contrast=1.0):
    """Inputs [count, channels, height, width]: a tint and a coarse pattern for every image, and noise."""

    def noise(*size):
        return torch.randn(count, channels, *size, generator=generator)

    coarse = nn.functional.interpolate(noise(2, 2), (height, width), mode="bilinear")
    values = mean + contrast * (0.3 * noise(1, 1) + 0.4 * coarse + 0.2 * noise(height, width))
    return values.clamp(-1, 1) if component == "encoder" else 2.5 * values


def transported(x, parameters, form, strength):
    """`x` [B, C, h, w] under a map with parameters [C]."""
    slope, source_mean, target_mean = (
        parameters[name][:, None, None] for name in ("slope", "source_mean", "target_mean")
    )
    moved = x.mean(axis=(2, 3), keepdims=True) if form == "mean" else x
    return x + strength * (target_mean + slope * (moved - source_mean) - moved)


class Component:
    """Encoder or decoder of a model, whose sites can be read and transported."""

    def __init__(self, model, name):
        self.model, self.name = model, name

    def run(self, inputs, sites=(), maps=None, form=None, strength=1.0):
        """The result for `inputs`, and for each site its output before and after its map, if it has one."""
        outputs, hooks = {}, []
        maps = maps or {}

        def hook_for(site):
            def hook(module, arguments, output):
                before = after = output.numpy().copy()
                if site in maps:
                    after = transported(before, maps[site], form, strength)
                outputs[site] = before, after
                return torch.from_numpy(after.copy())

            return hook

        for site in sites:
            hooks.append(self.model.get_submodule(site).register_forward_hook(hook_for(site)))
        with torch.no_grad():
            result = self.model.get_submodule(self.name)(inputs).numpy()
        for hook in hooks:
            hook.remove()
        return result, outputs

    def fit(self, source, target, method, form, order):
        """Samples of both sides and parameters by site."""
        sites = SITES[self.name]
        maps, samples = {}, {}
        for group in [sites] if order == "simultaneous" else [[site] for site in sites]:
            sides = [self.run(side, sites, maps, form)[1] for side in (source, target)]
            for site in group:
                samples[site] = [side[site][0].mean(axis=(2, 3)) for side in sides]
            maps |= {site: METHODS[method](*samples[site]) for site in group}
        return samples, maps


def as_stored(tensors):
    return {name: numpy.ascontiguousarray(tensor, dtype=numpy.float32) for name, tensor in tensors.items()}


def spread(values):
    return f"{values.mean():.2f} ± {values.std():.2f}, {(values == 0).mean():.0%} zeros"


def record_calls(model, directory, component, channels, generator):
    """Bare calls in f32."""
    part = Component(model, component)
    for number, (count, height, width) in enumerate(SIZES[component], start=1):
        inputs = images(component, channels, count, height, width, generator)
        sites = SITES[component] if directory.name == RECORDED and number == 1 else ()
        result, outputs = part.run(inputs, sites)
        tensors = {INPUTS[component]: inputs.numpy(), RESULTS[component]: result}
        tensors |= {site: after for site, (_, after) in outputs.items()}
        save_file(as_stored(tensors), directory / f"{component}{number}.safetensors")
        print(f"{directory.name}: {component} {list(inputs.shape)} -> {list(result.shape)}: {spread(result)}")


def record_maps(model, directory, component, channels, generator):
    """Fits and steered calls in f64."""
    part = Component(copy.deepcopy(model).double(), component)
    source, target = (
        images(component, channels, count, *FIT_SIZE[component], generator, mean, contrast)
        for count, mean, contrast in ((SOURCES, -0.2, 0.6), (TARGETS, 0.3, 1.2))
    )
    inputs = images(component, channels, 2, *FIT_SIZE[component], generator)
    bare, _ = part.run(inputs.double())
    tensors, causal = {"source": source.numpy(), "target": target.numpy()}, {}
    for run, (method, form) in RUNS.items():
        for order in ("simultaneous", "causal"):
            samples, maps = part.fit(source.double(), target.double(), method, form, order)
            for site, parameters in maps.items():
                named = dict(zip(("source_samples", "target_samples"), samples[site])) | parameters
                tensors |= {f"{run}/{order}/{site}/{name}": value for name, value in named.items()}
                slope = parameters["slope"]
                print(f"{component} {run} {order} {site}: slopes {slope.min():.2f} to {slope.max():.2f}")
        causal[run] = maps
    save_file(as_stored(tensors), directory / f"{component}-fit.safetensors")
    for run, strength in STEERED:
        result, outputs = part.run(inputs.double(), SITES[component], causal[run], RUNS[run][1], strength)
        tensors = {INPUTS[component]: inputs.numpy(), RESULTS[component]: result}
        for site, (before, after) in outputs.items():
            tensors |= {f"{site}/before": before, site: after}
            print(f"{component} {run} {strength} {site}: {spread(before)} -> {spread(after)}")
        save_file(as_stored(tensors), directory / f"{component}-{run}-{strength}.safetensors")
        print(f"{component} {run} {strength}: {numpy.square(result - bare).sum() / numpy.square(bare).sum():.2e} moved")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--output", type=Path, default=Path("Tests/Fixtures"))
    options = arguments.parse_args()

    for seed, (name, config) in enumerate(CHECKPOINTS.items(), start=1):
        directory = options.output / name
        shutil.rmtree(directory, ignore_errors=True)
        generator = torch.Generator().manual_seed(seed)
        model = AutoencoderTiny(**config)
        randomise(model, generator)
        model.save_pretrained(directory)

        model = AutoencoderTiny.from_pretrained(directory).eval()
        for component, channels in (("encoder", 3), ("decoder", model.config.latent_channels)):
            record_calls(model, directory, component, channels, generator)
            if name == RECORDED:
                record_maps(model, directory, component, channels, generator)


if __name__ == "__main__":
    main()
