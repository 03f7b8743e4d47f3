"""Compares what a plan makes of activations with the map's formula, computed by NumPy in float64.

The activations at the map's site come from a run at strength 0. A run at strength 1 gives the output of the RMS norm
that reads the transported ones, whose gain the checkpoint has.
"""

import argparse
import json
import pathlib

import numpy as np
from make_map import apply
from safetensors import safe_open


def tensor(path, name):
    """A tensor of a file, in float64."""
    with safe_open(path, framework="numpy") as file:
        return file.get_tensor(name).astype(np.float64)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("map", help="the map file")
    options.add_argument("bare", help="what `actrun run --dump` wrote at strength 0: it has the map's site")
    options.add_argument("steered", help="the same at strength 1: it has --norm")
    options.add_argument("--norm", required=True, help="the RMS norm that reads the site")
    options.add_argument("--model", type=pathlib.Path, required=True, help="the model's directory")
    arguments = options.parse_args()

    with safe_open(arguments.map, framework="numpy") as file:
        about = file.metadata()
    site = json.loads(about["sites"])[0]["name"]
    parameters = {name: tensor(arguments.map, f"{site}/{name}") for name in json.loads(about["parameters"])}
    epsilon = json.loads((arguments.model / "config.json").read_text())["rms_norm_eps"]
    gain = tensor(arguments.model / "model.safetensors", f"{arguments.norm}.weight")

    before = tensor(arguments.bare, site)
    moved = apply(before, parameters, 1)
    moved[: int(about["skip_first"])] = before[: int(about["skip_first"])]
    bare, expected = (x / np.sqrt(np.square(x).mean(axis=1, keepdims=True) + epsilon) * gain for x in (before, moved))
    movement = np.square(expected - bare).sum()
    error = np.square(tensor(arguments.steered, arguments.norm) - expected).sum()
    count = (moved != before).any(axis=1).sum()
    print(f"{site}: {count} of {len(before)} tokens moved, off by {error / max(movement, 1e-300):.1e} of the movement")
    if not (movement > 0 and error <= 1e-8 * movement):
        raise SystemExit("expected tokens that move, and at most 1e-8 of the squared movement")


if __name__ == "__main__":
    main()
