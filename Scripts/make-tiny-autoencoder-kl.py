#!/usr/bin/env python3
"""Write random tiny autoencoders of the kind of Stable Diffusion's, and what `diffusers` computes for them.

    Scripts/make-tiny-autoencoder-kl.py [--output Tests/Fixtures]

Input: none; everything is seeded. Each checkpoint is an `AutoencoderKL`:

    tiny-kl    three levels of three widths, both 1×1 convolutions around the latents, one head of attention; of the
               logarithms of variances some lie past -30 and 20
    tiny-kl-2  two levels, two blocks a level, one group, GELU, no attention, neither of the 1×1 convolutions, five
               latent channels, four colours out, all numbers of scaling set
    tiny-kl-3  one level, Mish; an old checkpoint: f16, no key of the configuration that came later, and the layers of
               the attention as `query`, `key` and `value`, which are 1×1 convolutions, and `proj_attn`, a matrix
    tiny-kl-4  two levels of one width, as many groups as channels, ReLU, a 1×1 convolution around the encoder alone

Output beside each checkpoint, computed in f64, tensors by the arguments and results of the two networks:

    encoderK.safetensors   sample f32[B,3,h,w] -> mean and logvar f32[B,L,…], those of the distribution that `encode`
                           gives, and latents, which are the mean
    decoderK.safetensors   z f32[B,L,h,w] -> sample f32[B,C,…]

and in the first of each the output of every module by its name, NCHW, or of rows of pixels f32[B,h·w,C]; of
`tiny-kl-2` and `tiny-kl-3` also what it reads, by its name and `:in`, but for the convolutions that halve a picture,
whose module has padded it before. Left out are modules that run twice (`nonlinearity`) and those that do nothing
(dropout). Some sides of pictures are odd.

Made with Python 3.11, torch 2.13.0 (CPU), diffusers 0.42.1, safetensors 0.8.0.
"""

import argparse
import json
import shutil
from pathlib import Path

import torch
from diffusers import AutoencoderKL
from module_outputs import module_outputs
from safetensors.torch import load_file, save_file

CHECKPOINTS = {
    "tiny-kl": {
        "block_out_channels": (8, 12, 20),
        "down_block_types": ("DownEncoderBlock2D",) * 3,
        "up_block_types": ("UpDecoderBlock2D",) * 3,
        "norm_num_groups": 4,
    },
    "tiny-kl-2": {
        "block_out_channels": (6, 9),
        "down_block_types": ("DownEncoderBlock2D",) * 2,
        "up_block_types": ("UpDecoderBlock2D",) * 2,
        "layers_per_block": 2,
        "norm_num_groups": 1,
        "act_fn": "gelu",
        "latent_channels": 5,
        "out_channels": 4,
        "mid_block_add_attention": False,
        "use_quant_conv": False,
        "use_post_quant_conv": False,
        "scaling_factor": 0.3611,
        "shift_factor": 0.1159,
        "latents_mean": (0.1, 0.2, 0.3, 0.4, 0.5),
        "latents_std": (1.1, 1.2, 1.3, 1.4, 1.5),
        "force_upcast": False,
        "sample_size": 64,
    },
    "tiny-kl-3": {"block_out_channels": (20,), "norm_num_groups": 5, "act_fn": "mish", "latent_channels": 3},
    "tiny-kl-4": {
        "block_out_channels": (10, 10),
        "down_block_types": ("DownEncoderBlock2D",) * 2,
        "up_block_types": ("UpDecoderBlock2D",) * 2,
        "norm_num_groups": 10,
        "act_fn": "relu",
        "use_post_quant_conv": False,
    },
}
OLD = "tiny-kl-3"
WITH_INPUTS = ("tiny-kl-2", "tiny-kl-3")
# Batch, height and width of the inputs.
SIZES = {
    "encoder": ((1, 9, 14), (2, 8, 12), (3, 7, 5)),
    "decoder": ((1, 3, 4), (2, 2, 3), (3, 1, 5)),
}
LATER_KEYS = (
    "force_upcast",
    "latents_mean",
    "latents_std",
    "mid_block_add_attention",
    "shift_factor",
    "use_post_quant_conv",
    "use_quant_conv",
)
OLD_NAMES = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}


def randomise(model, generator):
    """Draw every parameter anew, so that channels and groups differ and values neither die out nor grow."""
    for module in model.modules():
        own = dict(module.named_parameters(recurse=False))
        if not own:
            continue
        is_norm = isinstance(module, torch.nn.GroupNorm)
        scale = 0.4 if is_norm else 1 / module.weight[0].numel() ** 0.5
        module.weight.data = is_norm + scale * torch.randn(module.weight.shape, generator=generator)
        module.bias.data = 0.3 * torch.randn(module.bias.shape, generator=generator)


def save_old(model, directory):
    """Save a checkpoint as it was years ago."""
    path = directory / "diffusion_pytorch_model.safetensors"
    tensors = {}
    for name, tensor in load_file(path).items():
        if ".attentions." in name and "norm" not in name:
            for new, old in OLD_NAMES.items():
                if f".{new}." not in name:
                    continue
                name = name.replace(f".{new}.", f".{old}.")
                if name.endswith("weight") and old != "proj_attn":
                    tensor = tensor[:, :, None, None]
                break
        tensors[name] = tensor.half().contiguous()
    save_file(tensors, path)
    path = directory / "config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps({k: v for k, v in config.items() if k not in LATER_KEYS}, indent=2) + "\n")
    for parameter in model.parameters():
        parameter.data = parameter.data.half().float()


def is_site(name, module):
    return bool(name) and not isinstance(module, torch.nn.Dropout | torch.nn.ModuleList) and "nonlinearity" not in name


def record(model, directory, component, channels, generator):
    for number, (count, height, width) in enumerate(SIZES[component], start=1):
        inputs = torch.randn((count, channels, height, width), generator=generator, dtype=torch.float64)
        inputs = inputs.float().double()
        has_inputs = directory.name in WITH_INPUTS
        with torch.no_grad(), module_outputs(model, is_site, lambda x: x, inputs=has_inputs) as outputs:
            if component == "encoder":
                posterior = model.encode(inputs).latent_dist
                results = {"mean": posterior.mean, "latents": posterior.mode(), "logvar": posterior.logvar}
            else:
                results = {"sample": model.decode(inputs).sample}
        tensors = {"sample" if component == "encoder" else "z": inputs}
        # Both networks' results come last: the decoder's is called as the encoder's input.
        tensors |= results
        if number == 1:
            for name, value in outputs.items():
                if name.endswith("downsamplers.0.conv:in"):
                    continue
                # The norm of the attention reads the pixels of an image behind each other.
                image = outputs.get(f"{name.split('.attentions')[0]}.resnets.0")
                tensors[name] = value.reshape(image.shape) if ".group_norm" in name else value
        tensors = {name: value.float().contiguous().clone() for name, value in tensors.items()}
        save_file(tensors, directory / f"{component}{number}.safetensors")
        spread = ", ".join(f"{name} {value.mean():.2f} ± {value.std():.2f}" for name, value in results.items())
        print(f"{directory.name}: {component} {list(inputs.shape)}: {spread}; {len(tensors)} tensors")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--output", type=Path, default=Path("Tests/Fixtures"))
    options = arguments.parse_args()

    for seed, (name, config) in enumerate(CHECKPOINTS.items(), start=1):
        directory = options.output / name
        shutil.rmtree(directory, ignore_errors=True)
        generator = torch.Generator().manual_seed(seed)
        model = AutoencoderKL(**config).eval()
        randomise(model, generator)
        if name == "tiny-kl":
            model.quant_conv.weight.data[model.config.latent_channels :] *= 25
        model.save_pretrained(directory)
        if name == OLD:
            save_old(model, directory)
        model = model.double()
        record(model, directory, "encoder", 3, generator)
        record(model, directory, "decoder", model.config.latent_channels, generator)


if __name__ == "__main__":
    main()
