#!/usr/bin/env python3
"""Write random tiny pipelines of diffusers, and the pictures that they make.

    Scripts/make-tiny-pipelines.py [--output Tests/Fixtures] [NAME...]

Input: Tests/TokenizerTests/Fixtures/clip, whose vocabulary and merges the tokenizers of CLIP have; else everything is
seeded.
Output: NAME, a folder for each of `PIPELINES`, of which `Scripts/tiny_pipelines` has a file a class, as
`save_pretrained` leaves it, but for `tiny-sd` in f16; and for each of its runs RUN.safetensors:

    latents   f32[B,C,h,w]     normal noise, which the pipeline multiplies by the scheduler's init_noise_sigma
    image     f32[B,3,H,W]     the pictures, in 0…1
    metadata  prompt, steps, guidance; where they are given negative_prompt and scheduler, the class in place of the
              folder's; and scheduler_config, the file in place of the folder's

Those in `ADAPTERS` have adapters too, lora-FORM.safetensors in the names of diffusers, of older diffusers, of kohya, of
the model that diffusers converts from and of XLabs; and pictures with them, adapted-FORM-NUMBER.safetensors with the
metadata lora, the weight of the adapter, and forms, all that give these pictures. `--adapters` writes these alone, for
folders that are there. Some texts are longer than the encoders take. The class of
`tiny-text-unet` is none of diffusers': a loop in `text_unet.py` makes its pictures. `tiny-sd` has decodings in tiles
that overlap too, as `enable_tiling` has them, TILED.safetensors:

    z         f32[1,4,h,w]     what the autoencoder decodes
    image     f32[1,3,2h,2w]   the picture, in 0…1 where it is not beyond
    metadata  tile: the side of a tile, in latents

`fit.safetensors` of `tiny-sd` has what a fit on prompts is to find: activations of the denoiser under hooks, in runs of
STEPS steps without guidance, each prompt from the noise that `docs/schedulers.md` describes, sample 2i for prompt i of
the source and 2i + 1 of the target. A sample is the mean over the pixels or rows of an output. SIDE is source or
target:

    SITE/SIDE/STEP              f32[N,C]   a sample a prompt
    sample/SIDE/STEP            f32[N,4,8,12]   what the denoiser is given
    linear-act/STEPS/SITE/NAME  f32[C]     in float64 of the samples at STEPS, `0` or `0-2`, as each site finds them
    text/linear-act/SITE/NAME   f32[C]     the same of sites of the text encoder, whose prompts are filled up
    metadata  source, target: the captions, and tags, JSON; prompts: the target's with their tags; seed, fixed, drawn

Those of `tiny-dit-pipeline`, whose prompts are classes of images, and of `tiny-z-image-pipeline` have the same of a
run's first steps without `sample` and tags, each prompt run alone.

Made with Python 3.11, torch 2.13.0 (CPU), transformers 5.24.0, diffusers 0.42.1, safetensors 0.8.0, peft 0.21.2.
"""

import argparse
import json
import shutil
from pathlib import Path

import torch
from diffusers import DiTPipeline
from tiny_pipelines import PIPELINES, adapters, dit, fits, z_image
from tiny_pipelines.components import ROOT
from tiny_pipelines.pictures import call, write_pictures
from tiny_pipelines.stable_diffusion import decode_in_tiles


def rounded(pipe):
    for component in pipe.components.values():
        for parameter in component.parameters() if isinstance(component, torch.nn.Module) else []:
            parameter.data = parameter.data.half().float()


def saved(pipe, folder, in_half):
    models = [part for part in pipe.components.values() if isinstance(part, torch.nn.Module)]
    if in_half:
        for model in models:
            model.half()
    pipe.save_pretrained(folder)
    for model in models:
        model.float()
    if isinstance(pipe, DiTPipeline):
        # As on the hub, where the index names the classes.
        index = json.loads((folder / "model_index.json").read_text())
        index["id2label"] = {str(number): name for number, name in dit.LABELS.items()}
        (folder / "model_index.json").write_text(json.dumps(index, indent=2) + "\n")
    # As on the hub: CLIP's tokenizers as two files.
    for path in folder.glob("tokenizer*"):
        if (path / "vocab.json").exists():
            for name in ["tokenizer.json", "special_tokens_map.json"]:
                (path / name).unlink(missing_ok=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=ROOT / "Tests/Fixtures")
    parser.add_argument("--adapters", action="store_true", help="write the adapters of folders that are there")
    parser.add_argument("names", nargs="*", metavar="NAME", help="the pipelines to write; by default all")
    arguments = parser.parse_args()
    for name in arguments.names or PIPELINES:
        make, (width, height), runs = PIPELINES[name]
        folder = arguments.output / name
        if arguments.adapters:
            if name in adapters.ADAPTERS:
                adapters.write_adapters(folder, call, width, height)
            continue
        shutil.rmtree(folder, ignore_errors=True)
        torch.manual_seed(1)
        pipe = make(folder)
        if name != "tiny-sd":
            rounded(pipe)
        # An encoder without padding of its own leaves the tokenizers' configurations alone.
        configs = {path: path.read_text() for path in folder.glob("tokenizer*/tokenizer_config.json")}
        saved(pipe, folder, in_half=name != "tiny-sd")
        for path, text in configs.items():
            path.write_text(text)
        write_pictures(pipe, folder, runs, width, height)
        if name in adapters.ADAPTERS:
            adapters.write_adapters(folder, call, width, height)
        if name == "tiny-sd":
            decode_in_tiles(folder)
            fits.record_fit(pipe, folder)
        for module in [dit, z_image]:
            if name in module.FITS:
                fits.record_fit_alone(pipe, folder, **module.FITS[name])


if __name__ == "__main__":
    main()
