#!/usr/bin/env python3
"""Write random tiny checkpoints of CLIP's image tower and of both towers, and what `transformers` computes for them.

    Scripts/make-tiny-clip.py [--output Tests/Fixtures]

Input: none; everything is seeded. Each checkpoint is a directory as `save_pretrained` leaves it, all of f32; its text
tower alone is among the encoders of `make-tiny-bert.py`:

    tiny-clip-vision    a `CLIPVisionModelWithProjection`; patches that do not divide the image, whose rest is not read
    tiny-clip-vision-2  a `CLIPVisionModel` with exact GELU and four channels, of more patches than attention takes at
                        once; tensors named `vision_model.…`, as older versions named them, which the modules are not
    tiny-clip           a `CLIPModel`: both towers, of different widths

Output, `images1.safetensors` and `images2.safetensors` beside each checkpoint, one call each; every image and text runs
through the model alone, in f32 with eager attention, and the results are joined:

    pixel_values        f32[B,C,H,W]
    last_hidden_state   f32[B,1+P,D]  not of `tiny-clip`
    pooler_output       f32[B,D]      of `tiny-clip-vision-2`
    image_embeds        f32[B,E]      of the others; of `tiny-clip` of length 1, as its `forward` gives them
    tokens              i32[T]        of `tiny-clip`, with `sequences` i32[T] and `text_embeds` f32[S,E]: as many texts
    SITE                f32[B,…,D]    `images1`, but not of `tiny-clip`: the outputs of all modules that compute, by
                                      their names; images are NCHW

`images1` is one image, `images2` three.

Made with Python 3.11, torch 2.13.0 (CPU), transformers 5.24.0, safetensors 0.8.0.
"""

import argparse
import copy
import importlib
import re
import shutil
from pathlib import Path

import torch
from module_outputs import module_outputs
from safetensors.torch import load_file, save_file
from transformers import (
    CLIPConfig,
    CLIPModel,
    CLIPVisionConfig,
    CLIPVisionModel,
    CLIPVisionModelWithProjection,
)

randomise = importlib.import_module("make-tiny-bert").randomise

SITE = re.compile(
    r"(vision_model\.)?(embeddings(\.patch_embedding)?|pre_layrnorm|post_layernorm"
    r"|encoder\.layers\.\d+(\.self_attn\.(q|k|v|out)_proj|\.layer_norm\d|\.mlp\.(fc\d|activation_fn))?)"
    r"|visual_projection"
)

CHECKPOINTS = {
    "tiny-clip-vision": (
        CLIPVisionModelWithProjection,
        CLIPVisionConfig(
            hidden_size=36,
            intermediate_size=52,
            num_hidden_layers=2,
            num_attention_heads=3,
            image_size=26,
            patch_size=5,
            projection_dim=20,
        ),
    ),
    "tiny-clip-vision-2": (
        CLIPVisionModel,
        CLIPVisionConfig(
            hidden_size=28,
            intermediate_size=44,
            num_hidden_layers=1,
            num_attention_heads=4,
            num_channels=4,
            image_size=27,
            patch_size=3,
            hidden_act="gelu",
            layer_norm_eps=1e-3,
        ),
    ),
    "tiny-clip": (
        CLIPModel,
        CLIPConfig(
            text_config={
                "vocab_size": 61,
                "hidden_size": 24,
                "intermediate_size": 40,
                "num_hidden_layers": 1,
                "num_attention_heads": 2,
                "max_position_embeddings": 19,
                "bos_token_id": 59,
                "eos_token_id": 60,
            },
            vision_config={
                "hidden_size": 32,
                "intermediate_size": 36,
                "num_hidden_layers": 1,
                "num_attention_heads": 2,
                "image_size": 12,
                "patch_size": 4,
            },
            projection_dim=18,
        ),
    ),
}
COUNTS = (1, 3)


def name_as_before(directory):
    """Rewrite a checkpoint of the image tower with the names that it had before transformers 5."""
    path = directory / "model.safetensors"
    tensors = {f"vision_model.{name}": tensor for name, tensor in load_file(path).items()}
    save_file(tensors, path, metadata={"format": "pt"})


def run(model, pixels, tokens, sites):
    """What an image alone gives, by name, and for `CLIPModel` a text."""

    def rows(output):
        return getattr(output, "last_hidden_state", output)

    given = {"pixel_values": pixels[None]}
    if tokens is not None:
        given["input_ids"] = tokens[None]
    with (
        torch.no_grad(),
        module_outputs(model, lambda name, module: sites and SITE.fullmatch(name), rows) as outputs,
    ):
        result = model(**given)
    names = ("text_embeds", "image_embeds") if tokens is not None else ("last_hidden_state", "image_embeds")
    if isinstance(model, CLIPVisionModel):
        names = ("last_hidden_state", "pooler_output")
    return outputs | {name: result[name] for name in names}


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--output", type=Path, default=Path("Tests/Fixtures"))
    options = arguments.parse_args()

    for seed, (name, (kind, config)) in enumerate(CHECKPOINTS.items(), start=1):
        directory = options.output / name
        shutil.rmtree(directory, ignore_errors=True)
        generator = torch.Generator().manual_seed(seed)
        model = kind(config)
        randomise(model, generator)
        model.save_pretrained(directory)
        if kind is CLIPVisionModel:
            name_as_before(directory)

        model = kind.from_pretrained(directory, dtype=torch.float32, attn_implementation="eager").eval()
        exact = copy.deepcopy(model).double()
        vision = getattr(config, "vision_config", config)
        for number, count in enumerate(COUNTS, start=1):
            size = (count, vision.num_channels, vision.image_size, vision.image_size)
            pixels = torch.randn(size, generator=generator)
            tokens = [None] * count
            if kind is CLIPModel:
                text = config.text_config
                tokens = [
                    torch.randint(text.vocab_size - 1, (7 + 4 * index,), generator=generator) for index in range(count)
                ]
                for one in tokens:
                    one[-1] = text.eos_token_id
            sites = number == 1 and kind is not CLIPModel
            results = [run(model, *entry, sites) for entry in zip(pixels, tokens)]
            recorded = {"pixel_values": pixels}
            if kind is CLIPModel:
                recorded["tokens"] = torch.cat(tokens).int()
                entries = torch.arange(count, dtype=torch.int32)
                recorded["sequences"] = entries.repeat_interleave(torch.tensor([len(one) for one in tokens]))
            recorded |= {key: torch.cat([result[key] for result in results]) for key in results[0]}
            save_file(recorded, directory / f"images{number}.safetensors")

            key = "pooler_output" if kind is CLIPVisionModel else "image_embeds"
            reference = torch.cat(
                [run(exact, pixel.double(), token, False)[key] for pixel, token in zip(pixels, tokens)]
            )
            error = (recorded[key] - reference).square().sum() / reference.square().sum()
            print(f"{name}: {count} images, {reference.mean():.2f} ± {reference.std():.2f}, {error:.1e} from float64")


if __name__ == "__main__":
    main()
