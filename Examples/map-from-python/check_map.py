"""Compares what a plan makes of activations with the map's formula, computed by NumPy in float64."""

import argparse
import json

import numpy as np
from make_map import apply
from safetensors import safe_open


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("map", help="the map file")
    options.add_argument("bare", help="what `actrun run --dump SITE` wrote at strength 0")
    options.add_argument("steered", help="the same at --strength")
    options.add_argument("--strength", type=float, default=1.0)
    arguments = options.parse_args()

    with safe_open(arguments.map, framework="numpy") as file:
        site = json.loads(file.metadata()["sites"])[0]["name"]
        names = json.loads(file.metadata()["parameters"])
        parameters = {name: file.get_tensor(f"{site}/{name}").astype(np.float64) for name in names}
    before, after = (
        safe_open(path, framework="numpy").get_tensor(site).astype(np.float64)
        for path in (arguments.bare, arguments.steered)
    )
    expected = apply(before, parameters, arguments.strength)
    moved = np.abs(expected - before).max(axis=1) > 0
    error = np.abs(after - expected).max() / np.abs(expected).max()
    print(f"{site}: {moved.sum()} of {len(moved)} tokens moved, largest error {error:.1e} of the largest value")
    if not moved.any() or not error <= 1e-5:
        raise SystemExit("expected tokens that move, and an error of at most 1e-5")


if __name__ == "__main__":
    main()
