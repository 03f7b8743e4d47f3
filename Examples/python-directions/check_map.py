"""Compares what a plan makes of activations with the map's formula, computed in float64.

The activations at the map's first site come from a plan without maps, where nothing has moved them yet. The plan with
the map gives the output of an RMS norm that reads the transported activations, whose gain the checkpoint has.
"""

import argparse
import json
import pathlib

import numpy as np
from make_map import METHODS
from safetensors import safe_open


def tensor(path, name):
    """A tensor of a file, in float64."""
    with safe_open(path, framework="numpy") as file:
        if name not in file.keys():
            raise SystemExit(f"{path}: expected {name}, found {', '.join(file.keys())}")
        return file.get_tensor(name).astype(np.float64)


def rms_norm(x, model, module):
    """The output of the module of this name in the checkpoint."""
    epsilon = json.loads((model / "config.json").read_text())["rms_norm_eps"]
    gain = tensor(model / "model.safetensors", f"{module}.weight")
    return x / np.sqrt(np.square(x).mean(axis=1, keepdims=True) + epsilon) * gain


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("map", help="the map file")
    options.add_argument("bare", help="what `actrun run --dump` wrote, without maps: it has the map's first site")
    options.add_argument("steered", help="the same with the map, at --strength: it has --norm")
    options.add_argument("--strength", type=float, default=1.0)
    options.add_argument("--norm", required=True, help="the RMS norm that reads the first site")
    options.add_argument("--model", type=pathlib.Path, required=True, help="the model's directory")
    options.add_argument("--limit", type=float, default=1e-8, help="the largest squared error, by the squared movement")
    arguments = options.parse_args()

    with safe_open(arguments.map, framework="numpy") as file:
        about = file.metadata()
    method, site = METHODS[about["method"]], json.loads(about["sites"])[0]["name"]
    if about["token_scope"] != "all":
        raise SystemExit(f"{arguments.map}: expected the scope all, found {about['token_scope']}")
    parameters = {name: tensor(arguments.map, f"{site}/{name}") for name in json.loads(about["parameters"])}

    before = tensor(arguments.bare, site)
    moved = np.arange(len(before)) >= int(about["skip_first"])
    after = np.where(moved[:, None], method.apply(before, parameters, arguments.strength), before)
    expected = rms_norm(after, arguments.model, arguments.norm)
    found = tensor(arguments.steered, arguments.norm)

    checked = np.ones(len(before), dtype=bool)
    if hasattr(method, "undecided"):
        checked &= ~(moved & method.undecided(before, parameters))
    unmoved = rms_norm(before, arguments.model, arguments.norm)
    movement = np.square(expected - unmoved)[checked].sum()
    if movement == 0:
        raise SystemExit("the map moves nothing here; check it at another strength or on other tokens")
    error = np.square(found - expected)[checked].sum() / movement
    print(f"{site}: {checked.sum()} of {len(checked)} tokens checked, off by {error:.1e} of the movement")
    if not error <= arguments.limit:
        raise SystemExit(f"expected at most {arguments.limit:.1e}")


if __name__ == "__main__":
    main()
