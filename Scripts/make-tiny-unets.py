#!/usr/bin/env python3
"""Writes small random UNet2DConditionModel checkpoints with what diffusers computes for them, to Tests/Fixtures/.

  python3 -m venv venv && venv/bin/pip install torch diffusers transformers safetensors numpy
  venv/bin/python Scripts/make-tiny-unets.py [--output DIR]

Each directory has config.json, weights in f16 or f32, and the calls

  callN.safetensors            the inputs, by the names of diffusers' arguments: sample [B,C,H,W], timestep [B], [1] or
                               [] in f32 or i64, encoder_hidden_states [B,S,D], or where the texts of the entries differ
                               in length [T,D] with sequences i32[T]; class_labels, timestep_cond, text_embeds,
                               time_ids, image_embeds
  callN-result.safetensors     sample [B,C,H,W], computed in f32 from the weights as they are stored; in call1 also the
                               output of every module that runs once and gives one tensor, by its name; where rows of
                               an image or a token stand before those of a text they are moved behind them, and rows
                               come before channels

and STEERED has

  steered.maps.safetensors     a map file: y = x · slope + shift for the channels of some modules' outputs
  steered-S.safetensors        sample, and the outputs of these modules behind the maps, at the strength S

Made with Python 3.11, numpy 2.4.6, torch 2.13.0 (CPU), diffusers 0.42.1, safetensors 0.8.0.
"""

import argparse
import hashlib
import json
import math
import shutil
from pathlib import Path

import numpy
import torch
from diffusers import Transformer2DModel, UNet2DConditionModel
from diffusers.models.attention_processor import Attention
from diffusers.models.unets.unet_2d_blocks import KAttentionBlock
from safetensors.numpy import load_file, save_file
from torch import nn

CROSS_DOWN, CROSS_UP = "CrossAttnDownBlock2D", "CrossAttnUpBlock2D"
JOINT_DOWN, JOINT_UP = "SimpleCrossAttnDownBlock2D", "SimpleCrossAttnUpBlock2D"

# What each is there for; how its weights are stored; and the height and width of its calls.
CHECKPOINTS = {
    # Stable Diffusion 1.5: convolutions as projections, one number of heads, no attention at the lowest resolution.
    "tiny-unet": {
        "config": {
            "block_out_channels": (8, 8, 12),
            "down_block_types": (CROSS_DOWN, CROSS_DOWN, "DownBlock2D"),
            "up_block_types": ("UpBlock2D", CROSS_UP, CROSS_UP),
            "layers_per_block": 2,
            "attention_head_dim": 2,
            "cross_attention_dim": 10,
            "norm_num_groups": 4,
            "sample_size": 8,
        },
        "sizes": ((2, 4), (7, 5), (4, 4)),
        "dtype": torch.float16,
    },
    # Stable Diffusion 2: linear projections, heads and layers by block; text alone; an odd embedding of time that
    # starts with sines; labels embedded as time is; other channels; a sample in [0, 1].
    "tiny-unet-2": {
        "config": {
            "in_channels": 5,
            "out_channels": 3,
            "center_input_sample": True,
            "flip_sin_to_cos": False,
            "freq_shift": 1,
            "block_out_channels": (9, 12),
            "down_block_types": (CROSS_DOWN, CROSS_DOWN),
            "up_block_types": (CROSS_UP, CROSS_UP),
            "only_cross_attention": (True, False),
            "layers_per_block": (1, 2),
            "downsample_padding": 0,
            "mid_block_scale_factor": 1.5,
            "act_fn": "gelu",
            "norm_num_groups": 3,
            "norm_eps": 1e-4,
            "cross_attention_dim": 7,
            "attention_head_dim": (3, 2),
            "use_linear_projection": True,
            "upcast_attention": True,
            "class_embed_type": "timestep",
        },
        "sizes": ((4, 4), (5, 9), (3, 2)),
        "dtype": torch.float16,
        "variant": "fp16",
    },
    # SDXL as LCM has it: transformers of several blocks, an embedding of a pooled text and of sizes, and of
    # the guidance.
    "tiny-unet-xl": {
        "config": {
            "block_out_channels": (8, 16),
            "down_block_types": ("DownBlock2D", CROSS_DOWN),
            "up_block_types": (CROSS_UP, "UpBlock2D"),
            "layers_per_block": 1,
            "attention_head_dim": (1, 2),
            "transformer_layers_per_block": (1, 2),
            "cross_attention_dim": 12,
            "norm_num_groups": 4,
            "use_linear_projection": True,
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 6,
            "projection_class_embeddings_input_dim": 46,
            "time_cond_proj_dim": 5,
            "num_class_embeds": None,
        },
        "sizes": ((4, 4), (6, 3), (5, 5)),
        "dtype": torch.float16,
    },
    # SDXL's refiner, whose pooled text is as wide as its text; attention of pixels alone; labels as they are.
    "tiny-unet-pixels": {
        "config": {
            "block_out_channels": (8, 12),
            "down_block_types": ("AttnDownBlock2D", CROSS_DOWN),
            "up_block_types": ("AttnUpBlock2D", "UNetResAttnUpBlock2D"),
            "layers_per_block": 1,
            "attention_head_dim": (4, 3),
            "cross_attention_dim": 10,
            "norm_num_groups": 2,
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 7,
            "projection_class_embeddings_input_dim": 45,
            "class_embed_type": "identity",
            "act_fn": "relu",
            "time_embedding_act_fn": "silu",
        },
        "sizes": ((4, 4), (6, 2), (4, 8)),
        "dtype": torch.float32,
    },
    # Residual blocks that resample, and are scaled and shifted by time; no text; labels of a table beside the time.
    "tiny-unet-resnets": {
        "config": {
            "block_out_channels": (8, 12, 8),
            "down_block_types": ("ResnetDownsampleBlock2D", "DownBlock2D", "ResnetDownsampleBlock2D"),
            "up_block_types": ("ResnetUpsampleBlock2D", "ResnetUpsampleBlock2D", "UpBlock2D"),
            "mid_block_type": "UNetMidBlock2D",
            "layers_per_block": 1,
            "norm_num_groups": 4,
            "resnet_time_scale_shift": "scale_shift",
            "resnet_skip_time_act": True,
            "resnet_out_scale_factor": 1.25,
            "mid_block_scale_factor": 0.5,
            "time_embedding_dim": 12,
            "timestep_post_act": "gelu",
            "num_class_embeds": 6,
            "class_embeddings_concat": True,
            "conv_in_kernel": 5,
            "conv_out_kernel": 1,
        },
        "sizes": ((4, 8), (8, 4), (12, 4)),
        "dtype": torch.float32,
    },
    # Learned frequencies, a projected text and projected labels; no middle block; transformers of a depth for each
    # layer.
    "tiny-unet-fourier": {
        "config": {
            "block_out_channels": (6, 10),
            "down_block_types": (CROSS_DOWN, CROSS_DOWN),
            "up_block_types": (CROSS_UP, CROSS_UP),
            "mid_block_type": None,
            "layers_per_block": 2,
            "transformer_layers_per_block": [[1, 0], [1, 2]],
            "reverse_transformer_layers_per_block": [[0, 1, 1], [1, 1, 0]],
            "attention_head_dim": 3,
            "cross_attention_dim": 8,
            "encoder_hid_dim": 5,
            "norm_num_groups": 2,
            "act_fn": "mish",
            "time_embedding_type": "fourier",
            "class_embed_type": "projection",
            "projection_class_embeddings_input_dim": 4,
        },
        "sizes": ((4, 4), (3, 7), (5, 2)),
        "dtype": torch.float32,
        "shards": "60KB",
    },
    # One layer over labels.
    "tiny-unet-projection": {
        "config": {
            "block_out_channels": (6,),
            "down_block_types": ("DownBlock2D",),
            "up_block_types": ("UpBlock2D",),
            "mid_block_type": "UNetMidBlock2D",
            "layers_per_block": 1,
            "norm_num_groups": 3,
            "class_embed_type": "simple_projection",
            "projection_class_embeddings_input_dim": 5,
        },
        "sizes": ((3, 2), (1, 1), (2, 5)),
        "dtype": torch.float32,
    },
    # DeepFloyd IF: attention to the text and the image at once, of a text that is normed, and pooled beside the time.
    "tiny-unet-joint": {
        "config": {
            "block_out_channels": (8, 12),
            "down_block_types": ("ResnetDownsampleBlock2D", JOINT_DOWN),
            "up_block_types": (JOINT_UP, "ResnetUpsampleBlock2D"),
            "mid_block_type": "UNetMidBlock2DSimpleCrossAttn",
            "layers_per_block": (1, 2),
            "attention_head_dim": 4,
            "cross_attention_dim": 32,
            "cross_attention_norm": "group_norm",
            "encoder_hid_dim": 10,
            "encoder_hid_dim_type": "text_proj",
            "addition_embed_type": "text",
            "addition_embed_type_num_heads": 2,
            "norm_num_groups": 4,
            "act_fn": "gelu",
            "time_embedding_act_fn": "gelu",
            "resnet_time_scale_shift": "scale_shift",
            "resnet_skip_time_act": True,
            "resnet_out_scale_factor": 1.414,
            "mid_block_scale_factor": 1.414,
            "class_embed_type": "timestep",
        },
        "sizes": ((4, 4), (6, 2), (2, 8)),
        "dtype": torch.float32,
    },
    # Kandinsky 2.1: a pooled text and an image, of which rows stand before those of the text.
    "tiny-unet-text-image": {
        "config": {
            "block_out_channels": (8, 12),
            "down_block_types": (JOINT_DOWN, CROSS_DOWN),
            "up_block_types": (JOINT_UP, CROSS_UP),
            "mid_block_type": "UNetMidBlock2DSimpleCrossAttn",
            "layers_per_block": 1,
            "attention_head_dim": (4, 4),
            "only_cross_attention": True,
            "mid_block_only_cross_attention": False,
            "cross_attention_dim": 12,
            "encoder_hid_dim": 7,
            "encoder_hid_dim_type": "text_image_proj",
            "addition_embed_type": "text_image",
            "norm_num_groups": 2,
        },
        "sizes": ((4, 4), (6, 2), (2, 8)),
        "dtype": torch.float32,
    },
    # Kandinsky 2.2: an image alone.
    "tiny-unet-image": {
        "config": {
            "block_out_channels": (8, 12),
            "down_block_types": ("ResnetDownsampleBlock2D", JOINT_DOWN),
            "up_block_types": (JOINT_UP, "ResnetUpsampleBlock2D"),
            "mid_block_type": "UNetMidBlock2DSimpleCrossAttn",
            "layers_per_block": 1,
            "attention_head_dim": 2,
            "cross_attention_dim": 12,
            "cross_attention_norm": "layer_norm",
            "encoder_hid_dim": 7,
            "encoder_hid_dim_type": "image_proj",
            "addition_embed_type": "image",
            "norm_num_groups": 2,
        },
        "sizes": ((4, 4), (6, 2), (2, 8)),
        "dtype": torch.float32,
    },
    # The latent upscaler: norms that time moves, images that are blurred to resample them, no other norm.
    "tiny-unet-adaptive": {
        "config": {
            "block_out_channels": (32, 64, 64),
            "down_block_types": ("KDownBlock2D", "KCrossAttnDownBlock2D", "KCrossAttnDownBlock2D"),
            "up_block_types": ("KCrossAttnUpBlock2D", "KCrossAttnUpBlock2D", "KUpBlock2D"),
            "mid_block_type": None,
            "layers_per_block": 1,
            "attention_head_dim": 16,
            "cross_attention_dim": 6,
            "norm_num_groups": None,
            "act_fn": "gelu",
            "time_embedding_type": "fourier",
            "time_cond_proj_dim": 5,
            "conv_in_kernel": 1,
            "conv_out_kernel": 1,
            "in_channels": 8,
            "out_channels": 5,
        },
        "sizes": ((8, 8), (8, 12), (16, 8)),
        "dtype": torch.float16,
    },
}

STEERED = "tiny-unet"
SITES = (
    "down_blocks.0.resnets.0.norm1",
    "down_blocks.0.attentions.0.norm",
    "down_blocks.0.attentions.0.transformer_blocks.0.norm2",
    "down_blocks.1.attentions.1.transformer_blocks.0.attn2",
    "down_blocks.1.downsamplers.0",
    "mid_block.resnets.0",
    "mid_block.attentions.0.transformer_blocks.0.ff",
    "up_blocks.1.attentions.0",
    "up_blocks.2.resnets.1.conv1",
    "conv_norm_out",
)
STRENGTHS = (0.5, 1)


def randomise(model, generator):
    """Draw every parameter anew, so that values neither die out nor grow over the blocks."""
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if name == "time_proj.weight":
            parameter.data = noise
        elif parameter.ndim == 1:
            parameter.data = 0.2 * noise + (1 if name.endswith("weight") else 0)
        else:
            parameter.data = noise / math.sqrt(parameter[0].numel())


def reads_text(module):
    if isinstance(module, Attention):
        return module.added_kv_proj_dim is not None
    return isinstance(module, Transformer2DModel | KAttentionBlock)


def image_width(c):
    """The width of a pooled image; None where nothing reads one."""
    if c.addition_embed_type == "text_image" or c.encoder_hid_dim_type == "text_image_proj":
        return c.cross_attention_dim
    return c.encoder_hid_dim if c.addition_embed_type == "image" or c.encoder_hid_dim_type == "image_proj" else None


def ordered(model, name, value):
    """What a module gives, with rows before channels and those of a text first."""
    part = name.split(".")[-1]
    if part == "norm_cross" and isinstance(model.get_submodule(name), nn.GroupNorm):
        value = value.transpose(1, 2)
    if ".pool." in name and part in ("k_proj", "v_proj"):
        return value.roll(-1, 1)
    joins = model.config.encoder_hid_dim_type == "text_image_proj"
    readers = ("encoder_hid_proj", "norm_cross", "add_k_proj", "add_v_proj")
    is_key = part in ("to_k", "to_v") and ".attn2." in name or ".attn1.to_" in name and value.shape[1] > 10
    if joins and (
        part in readers or is_key and model.get_submodule(name).in_features == model.config.cross_attention_dim
    ):
        return value.roll(-10, 1)
    return value


def call(model, number, size, generator):
    """The inputs of a call, a list of the arguments of each entry, and those as a file has them."""
    c = model.config
    count = 1 if number == 1 else 2
    height, width = size

    def noise(*shape):
        return torch.randn(shape, generator=generator)

    times = {1: torch.tensor(437), 2: torch.tensor([981.0, 37.5]), 3: torch.tensor([501])}[number]
    if c.time_embedding_type == "fourier":
        times = {1: torch.tensor(3.0), 2: torch.tensor([0.75, 12.5]), 3: torch.tensor([80])}[number]
    stored = {"sample": noise(count, c.in_channels, height, width), "timestep": times}
    entries = [{"sample": stored["sample"][i : i + 1]} for i in range(count)]
    for i, entry in enumerate(entries):
        entry["timestep"] = times[i] if times.ndim == 1 and len(times) == count else times.reshape(())

    text_width = c.encoder_hid_dim or c.cross_attention_dim
    lengths = {1: (3,), 2: (4, 4), 3: (2, 5)}[number]
    texts = [noise(1, length, text_width) for length in lengths]
    attends = c.encoder_hid_dim_type != "image_proj" and any(map(reads_text, model.modules()))
    has_text = attends or c.addition_embed_type == "text"
    for entry, text in zip(entries, texts):
        entry["encoder_hidden_states"] = text
    if has_text and number == 3:
        stored["encoder_hidden_states"] = torch.cat(texts, dim=1)[0]
        stored["sequences"] = torch.tensor(
            [i for i, length in enumerate(lengths) for _ in range(length)], dtype=torch.int32
        )
    elif has_text:
        stored["encoder_hidden_states"] = torch.cat(texts)

    def give(name, values, added=False):
        stored[name] = values
        for i, entry in enumerate(entries):
            target = entry.setdefault("added_cond_kwargs", {}) if added else entry
            target[name] = values[i : i + 1]

    if c.time_cond_proj_dim is not None:
        give("timestep_cond", noise(count, c.time_cond_proj_dim))
    if c.addition_embed_type == "text_image":
        give("text_embeds", noise(count, c.cross_attention_dim), added=True)
    if width := image_width(c):
        give("image_embeds", noise(count, width), added=True)
    if c.addition_embed_type == "text_time":
        ids = 5 if c.projection_class_embeddings_input_dim - 5 * c.addition_time_embed_dim == text_width else 6
        give(
            "text_embeds",
            noise(count, c.projection_class_embeddings_input_dim - ids * c.addition_time_embed_dim),
            added=True,
        )
        give("time_ids", torch.randint(0, 1024, (count, ids), generator=generator).float(), added=True)
    if c.class_embed_type == "timestep":
        give("class_labels", torch.tensor([3.0, 250.0][:count]))
    elif c.class_embed_type == "identity":
        give("class_labels", noise(count, model.time_embedding.linear_2.out_features))
    elif c.class_embed_type in ("projection", "simple_projection"):
        give("class_labels", noise(count, c.projection_class_embeddings_input_dim))
    elif c.num_class_embeds is not None:
        give("class_labels", torch.tensor([4, 1][:count]))
    return entries, stored


def run(model, entries, hook=None, records=True):
    """The result of all entries, and the outputs of the modules that run once and give one tensor."""
    results, outputs, counts, hooks = [], {}, {}, []

    def hook_for(name):
        def record(module, arguments, output):
            value = output[0] if isinstance(output, tuple) and len(output) == 1 else output
            counts[name] = counts.get(name, 0) + 1
            if not torch.is_tensor(value):
                return None
            changed = hook(name, value) if hook else None
            kept = ordered(model, name, value if changed is None else changed)
            outputs.setdefault(name, []).append(kept.numpy().copy())
            if changed is None:
                return None
            return (changed,) if isinstance(output, tuple) else changed

        return record

    for name, module in model.named_modules():
        if records and name and not isinstance(module, (nn.Dropout, nn.ModuleList)):
            hooks.append(module.register_forward_hook(hook_for(name)))
    with torch.no_grad():
        for entry in entries:
            results.append(model(**entry).sample.numpy())
    for handle in hooks:
        handle.remove()
    once = {name: values for name, values in outputs.items() if counts[name] == len(entries)}
    return numpy.concatenate(results), {name: numpy.concatenate(values) for name, values in once.items()}


def fingerprint(tensors):
    """As docs/formats.md says."""
    digest = hashlib.sha256()
    for name in sorted(tensors, key=lambda name: name.encode()):
        tensor = tensors[name]
        kind = {"float32": "F32", "float16": "F16"}[str(tensor.dtype)]
        shape = ",".join(str(size) for size in tensor.shape)
        digest.update(f"{name}\0{kind}\0{shape}\0".encode())
        data = numpy.ascontiguousarray(tensor).tobytes()
        if len(data) <= 4096:
            digest.update(data)
        else:
            for block in range(64):
                start = block * (len(data) - 64) // 63
                digest.update(data[start : start + 64])
    return digest.hexdigest()


TRANSPORT = """graph @affine_shift(%x: f32[T,D], %slope: f32[D], %shift: f32[D], %strength: f32[]) {
  %scaled = mul %x, %slope : f32[T,D]
  %moved = add %scaled, %shift : f32[T,D]
  %change = sub %moved, %x : f32[T,D]
  %part = mul %change, %strength : f32[T,D]
  %y = add %x, %part : f32[T,D]
  return %y
}
"""


def along(values, like):
    """A value a channel, for an output that is an image or rows."""
    values = torch.from_numpy(values)
    return values[:, None, None] if like.ndim == 4 else values


def record_steered(model, directory, entries, weights, generator):
    _, outputs = run(model, entries)
    widths = {site: outputs[site].shape[1 if outputs[site].ndim == 4 else -1] for site in SITES}
    tensors = {}
    for site, width in widths.items():
        tensors[f"{site}/slope"] = (1 + 0.5 * torch.randn(width, generator=generator)).numpy()
        tensors[f"{site}/shift"] = (0.5 * torch.randn(width, generator=generator)).numpy()
    save_file(
        tensors,
        directory / "steered.maps.safetensors",
        metadata={
            "format": "act-map",
            "format_version": "1",
            "method": "affine-shift",
            "method_version": "1",
            "transport": TRANSPORT,
            "parameters": json.dumps(["slope", "shift"]),
            "sites": json.dumps([{"name": site, "width": width} for site, width in widths.items()]),
            "model_fingerprint": fingerprint(weights),
            "token_scope": "all",
            "skip_first": "0",
        },
    )
    bare, _ = run(model, entries)
    for strength in STRENGTHS:

        def transport(name, value, strength=strength):
            if name not in widths:
                return None
            slope, shift = (along(tensors[f"{name}/{part}"], value) for part in ("slope", "shift"))
            return value + strength * (value * slope + shift - value)

        result, outputs = run(model, entries, transport)
        recorded = {"sample": result} | {site: outputs[site] for site in SITES}
        save_file(as_stored(recorded), directory / f"steered-{strength}.safetensors")
        moved = numpy.square(result - bare).sum() / numpy.square(bare).sum()
        print(f"{directory.name}: steered {strength}: {moved:.2e} moved")


def as_stored(tensors):
    return {name: numpy.ascontiguousarray(numpy.asarray(tensor)) for name, tensor in tensors.items()}


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--output", type=Path, default=Path("Tests/Fixtures"))
    arguments.add_argument("names", nargs="*", metavar="NAME", help="the checkpoints to write; by default all")
    options = arguments.parse_args()

    for seed, (name, checkpoint) in enumerate(CHECKPOINTS.items(), start=1):
        if options.names and name not in options.names:
            continue
        directory = options.output / name
        shutil.rmtree(directory, ignore_errors=True)
        generator = torch.Generator().manual_seed(seed)
        model = UNet2DConditionModel(**checkpoint["config"])
        randomise(model, generator)
        model.to(checkpoint["dtype"]).save_pretrained(
            directory, variant=checkpoint.get("variant"), max_shard_size=checkpoint.get("shards", "1GB")
        )
        model = UNet2DConditionModel.from_pretrained(
            directory, variant=checkpoint.get("variant"), torch_dtype=torch.float32
        ).eval()
        for number, size in enumerate(checkpoint["sizes"], start=1):
            entries, stored = call(model, number, size, generator)
            result, outputs = run(model, entries, records=number == 1)
            save_file(as_stored(stored), directory / f"call{number}.safetensors")
            recorded = {"sample": result} | outputs
            save_file(as_stored(recorded), directory / f"call{number}-result.safetensors")
            print(f"{name}: call {number}: {result.mean():.2f} ± {result.std():.2f}, {len(recorded)} tensors")
            if name == STEERED and number == 2:
                weights = load_file(directory / "diffusion_pytorch_model.safetensors")
                record_steered(model, directory, entries, weights, generator)
        size = sum(path.stat().st_size for path in directory.iterdir())
        print(f"{name}: {sum(p.numel() for p in model.parameters())} parameters, {size} bytes")


if __name__ == "__main__":
    main()
