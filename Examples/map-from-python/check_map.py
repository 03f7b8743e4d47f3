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
        about = file.metadata()
        site = json.loads(about["sites"])[0]["name"]
        names = json.loads(about["parameters"])
        parameters = {name: file.get_tensor(f"{site}/{name}").astype(np.float64) for name in names}
    before, after = (
        safe_open(path, framework="numpy").get_tensor(site).astype(np.float64)
        for path in (arguments.bare, arguments.steered)
    )
    expected = apply(before, parameters, arguments.strength)
    skipped = int(about["skip_first"])
    expected[:skipped] = before[:skipped]
    moved = (expected != before).any(axis=1)
    errors = np.linalg.norm(after - expected, axis=1) / np.linalg.norm(expected, axis=1)
    print(f"{site}: {moved.sum()} of {len(moved)} tokens moved, off by {errors.max():.1e} of their length at most")
    if not moved.any() or not errors.max() <= 1e-5:
        raise SystemExit("expected tokens that move, each within 1e-5 of its length")


if __name__ == "__main__":
    main()
