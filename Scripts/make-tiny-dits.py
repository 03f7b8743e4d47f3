#!/usr/bin/env python3
"""Write random tiny transformers that denoise images, and what `diffusers` computes for them.

    Scripts/make-tiny-dits.py [--output Tests/Fixtures] [--only NAME]

Input: none; everything is seeded. Each checkpoint is a model of diffusers as `save_pretrained` leaves it, in f32 but
for Z-Image, whose weights are in f16:

    tiny-flux      a `FluxTransformer2DModel` with guidance, other channels out than in, three axes of different widths
    tiny-flux-2    the same without guidance, of one block of each kind, with two axes
    tiny-sd3       an `SD3Transformer2DModel` with RMS norms of heads and two attentions in some blocks
    tiny-sd3-2     the same with layer norms and patches of 3 by 3, as many channels out as in
    tiny-pixart    a `PixArtTransformer2DModel` with size and shape of the picture as conditions, gains in its norms,
                   and a projected caption
    tiny-pixart-2  the same without these, and with GEGLU
    tiny-dit       a `DiTTransformer2DModel`
    tiny-dit-2     the same with GELU, gains in its norms, no biases in attention, and other channels out than in
    tiny-dit-3     the same with SiLU
    tiny-dit-4     the same with quick GELU
    tiny-pixart-3  a `PixArtTransformer2DModel` with SwiGLU
    tiny-z-image   a `ZImageTransformer2DModel`
    tiny-z-image-2 the same with patches of 3 by 3 beside others, one refiner, and no norms of heads

Output beside each checkpoint, one call each, in f32; tensors by the arguments and results of the model's `forward`:

    call1.safetensors   one entry, and SITE f32[…]: the outputs of all modules that compute, by their names; of a module
                        that gives several tensors NAME:0, NAME:1
    call2.safetensors   two entries with different texts of one length
    call3.safetensors   three entries whose texts differ in length, each run alone: `encoder_hidden_states` and
                        `txt_ids` are [T,…] there, with `sequences` i32[T]

Ids of rows, `img_ids` and `txt_ids`, are of one entry in the first two, as the models take them. What the `forward` of
`ZImageTransformer2DModel` takes as lists, `x` of images of one frame and `cap_feats`, is `hidden_states` [B,C,H,W] and
`encoder_hidden_states`, and `t` is `timestep`. Where a module of it reads text and image, the rows of the text stand
first here, as in other models, and the embedding of patches and the last layer have those of the image alone.

Made with Python 3.11, torch 2.13.0 (CPU), diffusers 0.42.1, safetensors 0.8.0.
"""

import argparse
import math
import re
import shutil
from pathlib import Path

import torch
from diffusers import (
    DiTTransformer2DModel,
    FluxTransformer2DModel,
    PixArtTransformer2DModel,
    SD3Transformer2DModel,
    ZImageTransformer2DModel,
)
from safetensors.torch import save_file

CHECKPOINTS = {
    "tiny-flux": (
        FluxTransformer2DModel,
        {
            "in_channels": 12,
            "out_channels": 7,
            "patch_size": 2,
            "num_layers": 2,
            "num_single_layers": 2,
            "attention_head_dim": 12,
            "num_attention_heads": 2,
            "joint_attention_dim": 26,
            "pooled_projection_dim": 11,
            "guidance_embeds": True,
            "axes_dims_rope": (2, 4, 6),
        },
    ),
    "tiny-flux-2": (
        FluxTransformer2DModel,
        {
            "in_channels": 9,
            "num_layers": 1,
            "num_single_layers": 1,
            "attention_head_dim": 8,
            "num_attention_heads": 5,
            "joint_attention_dim": 17,
            "pooled_projection_dim": 6,
            "axes_dims_rope": (2, 6),
        },
    ),
    "tiny-sd3": (
        SD3Transformer2DModel,
        {
            "sample_size": 8,
            "patch_size": 2,
            "in_channels": 5,
            "out_channels": 6,
            "num_layers": 3,
            "attention_head_dim": 8,
            "num_attention_heads": 3,
            "joint_attention_dim": 14,
            "caption_projection_dim": 24,
            "pooled_projection_dim": 9,
            "pos_embed_max_size": 7,
            "dual_attention_layers": (0, 2),
            "qk_norm": "rms_norm",
        },
    ),
    "tiny-sd3-2": (
        SD3Transformer2DModel,
        {
            "sample_size": 8,
            "patch_size": 3,
            "in_channels": 4,
            "out_channels": None,
            "num_layers": 2,
            "attention_head_dim": 12,
            "num_attention_heads": 2,
            "joint_attention_dim": 10,
            "caption_projection_dim": 24,
            "pooled_projection_dim": 7,
            "pos_embed_max_size": 5,
            "qk_norm": "layer_norm",
        },
    ),
    "tiny-pixart": (
        PixArtTransformer2DModel,
        {
            "sample_size": 12,
            "patch_size": 2,
            "in_channels": 3,
            "out_channels": 6,
            "num_layers": 2,
            "attention_head_dim": 12,
            "num_attention_heads": 3,
            "cross_attention_dim": 36,
            "caption_channels": 10,
            "num_embeds_ada_norm": 100,
            "norm_elementwise_affine": True,
            "norm_eps": 1e-4,
            "interpolation_scale": 2,
            "use_additional_conditions": True,
        },
    ),
    "tiny-pixart-2": (
        PixArtTransformer2DModel,
        {
            "sample_size": 9,
            "patch_size": 3,
            "in_channels": 4,
            "out_channels": None,
            "num_layers": 1,
            "attention_head_dim": 8,
            "num_attention_heads": 2,
            "cross_attention_dim": 14,
            "attention_bias": False,
            "activation_fn": "geglu",
        },
    ),
    "tiny-dit": (
        DiTTransformer2DModel,
        {
            "sample_size": 8,
            "patch_size": 2,
            "in_channels": 3,
            "num_layers": 2,
            "attention_head_dim": 12,
            "num_attention_heads": 2,
            "num_embeds_ada_norm": 7,
        },
    ),
    "tiny-dit-2": (
        DiTTransformer2DModel,
        {
            "sample_size": 10,
            "patch_size": 2,
            "in_channels": 3,
            "out_channels": 5,
            "num_layers": 1,
            "attention_head_dim": 8,
            "num_attention_heads": 3,
            "num_embeds_ada_norm": 4,
            "attention_bias": False,
            "norm_elementwise_affine": True,
            "norm_eps": 1e-3,
            "activation_fn": "gelu",
        },
    ),
    "tiny-z-image": (
        ZImageTransformer2DModel,
        {
            "in_channels": 5,
            "dim": 24,
            "n_layers": 2,
            "n_refiner_layers": 2,
            "n_heads": 2,
            "n_kv_heads": 2,
            "cap_feat_dim": 10,
            "axes_dims": [2, 4, 6],
            "axes_lens": [80, 9, 9],
        },
    ),
    "tiny-z-image-2": (
        ZImageTransformer2DModel,
        {
            "all_patch_size": (3, 1),
            "all_f_patch_size": (1, 1),
            "in_channels": 3,
            "dim": 40,
            "n_layers": 1,
            "n_refiner_layers": 1,
            "n_heads": 5,
            "n_kv_heads": 5,
            "norm_eps": 1e-3,
            "qk_norm": False,
            "cap_feat_dim": 7,
            "rope_theta": 100.0,
            "t_scale": 500.0,
            "axes_dims": [4, 2, 2],
            "axes_lens": [200, 8, 8],
        },
    ),
    "tiny-dit-3": (
        DiTTransformer2DModel,
        {
            "sample_size": 6,
            "patch_size": 3,
            "in_channels": 2,
            "num_layers": 1,
            "attention_head_dim": 4,
            "num_attention_heads": 3,
            "num_embeds_ada_norm": 3,
            "activation_fn": "linear-silu",
        },
    ),
    "tiny-dit-4": (
        DiTTransformer2DModel,
        {
            "sample_size": 4,
            "patch_size": 2,
            "in_channels": 2,
            "num_layers": 1,
            "attention_head_dim": 4,
            "num_attention_heads": 2,
            "num_embeds_ada_norm": 3,
            "activation_fn": "geglu-approximate",
        },
    ),
    "tiny-pixart-3": (
        PixArtTransformer2DModel,
        {
            "sample_size": 8,
            "patch_size": 2,
            "in_channels": 3,
            "num_layers": 1,
            "attention_head_dim": 8,
            "num_attention_heads": 2,
            "cross_attention_dim": 16,
            "caption_channels": 6,
            "activation_fn": "swiglu",
        },
    ),
}

# Modules that give what their last module gives, or compute nothing.
SILENT = (
    "Dropout",
    "ModuleList",
    "TimestepEmbedding",
    "Timesteps",
    "PixArtAlphaTextProjection",
    "FeedForward",
    "LabelEmbedding",
    "AdaLayerNormSingle",
    "RopeEmbedder",
)


def randomise(model, generator):
    """Draw every parameter anew, so that gates are open and nothing dies out."""
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if parameter.dim() > 1:
            parameter.data = noise / math.sqrt(parameter[0].numel())
        elif name.endswith("bias"):
            parameter.data = 0.2 * noise
        else:
            parameter.data = 1 + 0.3 * noise


def is_site(name, module):
    kind = type(module).__name__
    if not name or kind in SILENT or "PosEmbed" in kind:
        return False
    if kind == "PixArtAlphaCombinedTimestepSizeEmbeddings" and not module.use_additional_conditions:
        return False
    # Elsewhere the last layers of attention give its outputs.
    return "Attention" not in kind or getattr(module, "pre_only", False)


def z_image_rows(name, output, model, arguments):
    """What a module of one entry gives, with the text before the image."""
    height, width = arguments["hidden_states"].shape[2:]
    patches = height * width // z_image_patch(model.config) ** 2
    rows = -(-patches // 32) * 32
    if name.startswith("cap_embedder"):
        return output.unsqueeze(0)
    if name.startswith("all_x_embedder"):
        return output[:patches].unsqueeze(0)
    if "adaLN_modulation" in name or name.startswith("t_embedder"):
        return output
    if name.startswith("all_final_layer"):
        return output[:, :patches]
    if name.startswith("layers"):
        return torch.cat([output[:, rows:], output[:, :rows]], dim=1)
    # Heads of the rows of an image are rows too.
    return output.flatten(1, 2) if output.dim() == 4 and name.startswith("noise_refiner") else output


def run(model, arguments, with_sites=False):
    """The result, and the outputs of modules."""
    sites, hooks = {}, []

    def keep(name):
        def hook(module, given, output):
            if isinstance(model, ZImageTransformer2DModel):
                sites[name] = z_image_rows(name, output, model, arguments)
            elif isinstance(output, tuple):
                # The chunks of an embedding's layer, two axes, are channels of that layer.
                parts = {place: part for place, part in enumerate(output) if part is not None and part.dim() > 2}
                sites.update({f"{name}:{place}": part for place, part in parts.items()})
            elif re.search(r"\.norm_(added_)?[qk]$", name) and isinstance(model, SD3Transformer2DModel):
                # Heads of rows, in place of rows of heads; those of an image are rows too.
                heads = output.transpose(1, 2)
                sites[name] = heads if "added" in name else heads.flatten(1, 2)
            elif "resolution_embedder" in name or "aspect_ratio_embedder" in name:
                # The numbers of an entry side by side.
                sites[name] = output.unflatten(0, (len(arguments["timestep"]), -1))
            else:
                sites[name] = output

        return hook

    if with_sites:
        for name, module in model.named_modules():
            if is_site(name, module):
                hooks.append(module.register_forward_hook(keep(name)))
    with torch.no_grad():
        result = call(model, arguments).sample
    for hook in hooks:
        hook.remove()
    return result, sites


def flux_arguments(config, entries, height, width, text, generator):
    def noise(*shape):
        return torch.randn(shape, generator=generator)

    axes = len(config.axes_dims_rope)
    places = torch.stack(torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij"), -1)
    img_ids = torch.zeros(height * width, axes)
    img_ids[:, -2:] = places.reshape(-1, 2)
    arguments = {
        "hidden_states": noise(entries, height * width, config.in_channels),
        "encoder_hidden_states": noise(entries, text, config.joint_attention_dim),
        "pooled_projections": noise(entries, config.pooled_projection_dim),
        "timestep": torch.rand(entries, generator=generator),
        "img_ids": img_ids,
        "txt_ids": torch.zeros(text, axes),
    }
    if config.guidance_embeds:
        arguments["guidance"] = 1 + 4 * torch.rand(entries, generator=generator)
    return arguments


def sd3_arguments(config, entries, height, width, text, generator):
    def noise(*shape):
        return torch.randn(shape, generator=generator)

    return {
        "hidden_states": noise(entries, config.in_channels, height * config.patch_size + 1, width * config.patch_size),
        "encoder_hidden_states": noise(entries, text, config.joint_attention_dim),
        "pooled_projections": noise(entries, config.pooled_projection_dim),
        "timestep": 1000 * torch.rand(entries, generator=generator),
    }


def pixart_arguments(config, entries, height, width, text, generator):
    def noise(*shape):
        return torch.randn(shape, generator=generator)

    width_of_text = config.caption_channels or config.cross_attention_dim
    arguments = {
        "hidden_states": noise(entries, config.in_channels, height * config.patch_size, width * config.patch_size + 1),
        "encoder_hidden_states": noise(entries, text, width_of_text),
        "timestep": 1000 * torch.rand(entries, generator=generator),
    }
    if config.use_additional_conditions:
        arguments["resolution"] = 64 * torch.rand(entries, 2, generator=generator)
        arguments["aspect_ratio"] = 0.5 + torch.rand(entries, 1, generator=generator)
    return arguments


def dit_arguments(config, entries, height, width, text, generator):
    side = max(height, width) * config.patch_size
    return {
        "hidden_states": torch.randn((entries, config.in_channels, side, side), generator=generator),
        "timestep": 1000 * torch.rand(entries, generator=generator),
        "class_labels": torch.randint(0, config.num_embeds_ada_norm + 1, (entries,), generator=generator),
    }


def z_image_patch(config):
    """The side of patches: that which the model takes by default, or the first."""
    return 2 if 2 in config.all_patch_size else config.all_patch_size[0]


def z_image_arguments(config, entries, height, width, text, generator):
    side = z_image_patch(config)
    return {
        "hidden_states": torch.randn((entries, config.in_channels, height * side, width * side), generator=generator),
        "encoder_hidden_states": torch.randn((entries, text, config.cap_feat_dim), generator=generator),
        "timestep": torch.rand(entries, generator=generator),
    }


ARGUMENTS = {
    DiTTransformer2DModel: dit_arguments,
    FluxTransformer2DModel: flux_arguments,
    PixArtTransformer2DModel: pixart_arguments,
    SD3Transformer2DModel: sd3_arguments,
    ZImageTransformer2DModel: z_image_arguments,
}


def call(model, arguments):
    """Conditions of a picture are one argument, and Z-Image takes lists of entries and frames."""
    if isinstance(model, ZImageTransformer2DModel):
        images = [image.unsqueeze(1) for image in arguments["hidden_states"]]
        texts = list(arguments["encoder_hidden_states"])
        result = model(images, arguments["timestep"], texts, patch_size=z_image_patch(model.config))
        result.sample = torch.cat([image.transpose(0, 1) for image in result.sample])
        return result
    names = ("resolution", "aspect_ratio")
    conditions = {name: arguments[name] for name in names if name in arguments}
    others = {name: value for name, value in arguments.items() if name not in names}
    return model(**others, added_cond_kwargs=conditions) if conditions else model(**others)


def record(name, cls, config, output, seed):
    directory = output / name
    shutil.rmtree(directory, ignore_errors=True)
    generator = torch.Generator().manual_seed(seed)
    model = cls(**config)
    randomise(model, generator)
    # The layers of Z-Image's time have their full width in every configuration.
    fills = cls is ZImageTransformer2DModel
    (model.half() if fills else model).save_pretrained(directory)
    model = cls.from_pretrained(directory, torch_dtype=torch.float32).eval()

    def save(call, tensors):
        tensors = {key: tensor.clone(memory_format=torch.contiguous_format) for key, tensor in tensors.items()}
        save_file(tensors, directory / f"{call}.safetensors")
        result = tensors["sample"]
        print(f"{name} {call}: {list(result.shape)}, {result.mean():.3f} ± {result.std():.3f}, {len(tensors)} tensors")

    arguments = ARGUMENTS[cls](model.config, 1, 3, 5, 7, generator)
    result, sites = run(model, arguments, with_sites=True)
    save("call1", arguments | sites | {"sample": result})

    # Z-Image fills up what is no multiple of 32 rows.
    arguments = ARGUMENTS[cls](model.config, 2, *((4, 8) if fills else (2, 3)), 4, generator)
    save("call2", arguments | {"sample": run(model, arguments)[0]})

    texts = (5, 40, 32) if fills else (5, 1, 9)
    alone = [ARGUMENTS[cls](model.config, 1, 2, 4, text, generator) for text in texts]
    states = "encoder_hidden_states"
    together = {key: torch.cat([entry[key] for entry in alone]) for key in alone[0] if key != states}
    if "img_ids" in together:
        together["img_ids"] = alone[0]["img_ids"]
    if states in alone[0]:
        together[states] = torch.cat([entry[states][0] for entry in alone])
        together["sequences"] = torch.tensor(
            [entry for entry, text in enumerate(texts) for _ in range(text)], dtype=torch.int32
        )
    together["sample"] = torch.cat([run(model, entry)[0] for entry in alone])
    save("call3", together)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--output", type=Path, default=Path("Tests/Fixtures"))
    arguments.add_argument("--only", choices=CHECKPOINTS, help="write this one alone")
    options = arguments.parse_args()
    for seed, (name, (cls, config)) in enumerate(CHECKPOINTS.items(), start=1):
        if options.only in (None, name):
            record(name, cls, config, options.output, seed)


if __name__ == "__main__":
    main()
