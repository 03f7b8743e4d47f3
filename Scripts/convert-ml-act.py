#!/usr/bin/env python3
"""Convert what apple/ml-act has learned to a map file.

    Scripts/convert-ml-act.py FOLDER --hook linear_ot --model SmolLM2 -o toxicity.maps.safetensors

FOLDER holds a file MODULE.statedict for every module, a pickle, which is read by torch without running code. A module's
name may end in `:0`, the number of one of its outputs, which is the site itself. What is in a file does not say which
hook it is of, nor which support and which tokens the hook was used with: `--hook`, `--support` and `--scope` do.

    linear_ot     net.w1, net.b1 [1,D]: y = w1 x + b1
    gaussian_ot   mu1, mu2, std1, std2 [D]: y = mu2 + std2 / std1 (x - mu1)
    mean_ot       the same file: y = x - mu1 + mu2

Channels without spread. The Gaussian hooks leave a channel alone where either deviation is 1e-4 or less, and so does
this. The linear one has slopes of about 1e7 there, of noise that it adds to divide by, and overflows in 16 bits: such a
channel takes the shift between the means, where the file still has it to a thousandth, and is left alone where not.

Support. ml-act moves a channel where low < x < high; map files where low <= x <= high. The bounds that are written are
the next numbers inside. `q_all`, which is ±1e6 there, has no bounds here.

Needs torch, numpy and safetensors.
"""

import argparse
import pathlib
import re
import sys

import map_files
import numpy
import torch

SPREAD = 1e-4
AFFINE = """  %centred = sub %x, %source_mean : f32[T,D]
  %scaled = mul %centred, %slope : f32[T,D]
  %transported = add %scaled, %target_mean : f32[T,D]
  %shift = sub %transported, %x : f32[T,D]
  %part = mul %shift, %strength : f32[T,D]
  %y = add %x, %part : f32[T,D]
"""
GATE = """  %above = ge %x, %low : bool[T,D]
  %below = le %x, %high : bool[T,D]
  %inside = and %above, %below : bool[T,D]
  %gated = select %inside, %y, %x : f32[T,D]
"""


def transport(hook, bounded):
    """The transport function of a hook, in the text form."""
    names = ["slope", "source_mean", "target_mean"] + ["low", "high"] * bounded
    inputs = ", ".join(["%x: f32[T,D]"] + [f"%{name}: f32[D]" for name in names] + ["%strength: f32[]"])
    body = AFFINE + (GATE + "  return y = %gated\n" if bounded else "  return %y\n")
    return f"graph @{hook}({inputs}) {{\n{body}}}\n"


def bounds(state, support):
    """What the hook calls low and high, as the closed range of the same numbers."""
    recorded = state.get("quantiles_dict_src") or {}
    if support not in recorded:
        sys.exit(f"--support: expected q_all or one of {', '.join(recorded) or 'no other'}, found {support}")
    low, high = (torch.as_tensor(bound).reshape(-1).to(torch.float32).numpy() for bound in recorded[support])
    inf = numpy.float32(numpy.inf)
    return {"low": numpy.nextafter(low, inf), "high": numpy.nextafter(high, -inf)}


def read(path):
    state = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(state, dict):
        sys.exit(f"{path}: expected a dictionary of tensors")
    return state


def vector(state, key, path):
    if key not in state:
        sys.exit(f"{path}: `{key}` is missing; is it of another --hook?")
    return state[key].reshape(-1).to(torch.float64).numpy()


def gaussian(state, path, only_mean):
    """Parameters, and how many channels are left alone and take the shift alone."""
    m1, m2, s1, s2 = (vector(state, key, path) for key in ("mu1", "mu2", "std1", "std2"))
    moved = (s1 > SPREAD) & (s2 > SPREAD)
    slope = numpy.where(moved & (not only_mean), numpy.divide(s2, s1, out=numpy.ones_like(s1), where=moved), 1.0)
    return {"slope": slope, "source_mean": m1, "target_mean": numpy.where(moved, m2, m1)}, int((~moved).sum()), 0


def linear(state, path):
    w, b = vector(state, "net.w1", path), vector(state, "net.b1", path)
    source = numpy.zeros_like(w)
    dead = ~(numpy.isfinite(w) & numpy.isfinite(b))
    kept = numpy.zeros_like(dead)
    ends = (state.get("quantiles_dict_src") or {}).get("q_0_100")
    if ends is not None:
        low, high = (torch.as_tensor(end).reshape(-1).to(torch.float64).numpy() for end in ends)
        constant = high - low <= SPREAD
        middle = (low + high) / 2
        target = w * middle + b
        # Of numbers of 24 bits, their difference keeps what this says.
        error = (numpy.abs(w * middle) + numpy.abs(b)) * 2.0**-24 + numpy.abs(w) * (high - low) / 2
        kept = constant & ~dead & (error <= 1e-3 * numpy.maximum(numpy.abs(target - middle), 1e-3))
        dead |= constant
        source, b = numpy.where(kept, middle, source), numpy.where(kept, target, b)
    left = dead & ~kept
    w = numpy.where(dead, 1.0, w)
    b = numpy.where(left, 0.0, b)
    return {"slope": w, "source_mean": source, "target_mean": b}, int(left.sum()), int(kept.sum())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path, help="the folder of MODULE.statedict")
    parser.add_argument("--hook", required=True, choices=["linear_ot", "gaussian_ot", "mean_ot"])
    parser.add_argument("--support", default="q_all", help="`quantiles_src` of the hook, such as q_5_95")
    parser.add_argument("--scope", default="all", help="the tokens that the map is for: all, prompt, generated, …")
    map_files.add_model_options(parser)
    options = parser.parse_args()

    model = map_files.Model(options.model, options.actc)
    paths = sorted(options.folder.glob("*.statedict"))
    if not paths:
        sys.exit(f"{options.folder}: expected files MODULE.statedict, found none")
    bounded = options.support != "q_all"
    sites, alone, shifted = {}, 0, {}
    for path in paths:
        site = re.sub(r":0$", "", path.name.removesuffix(".statedict"))
        if ":" in site or site in sites:
            sys.exit(f"{path}: expected the first output of a module, once")
        state = read(path)
        if options.hook == "linear_ot":
            values, left, kept = linear(state, path)
        else:
            values, left, kept = gaussian(state, path, options.hook == "mean_ot")
        sites[site] = values | (bounds(state, options.support) if bounded else {})
        alone += left
        shifted[site] = kept
        if model.sites.get(site, values["slope"].size) != values["slope"].size:
            sys.exit(f"{path}: expected {model.sites[site]} channels, found {values['slope'].size}")
    map_files.write_map(
        options.output,
        model,
        {"linear_ot": "linear-act", "gaussian_ot": "gaussian-act", "mean_ot": "mean-act"}[options.hook],
        transport(options.hook, bounded),
        sites,
        {"from": "ml-act", "hook": options.hook},
        options.scope,
        support="q" + options.support[2:].replace("_", "-") if bounded else "all",
        mean_shift_channels=map_files.json.dumps(shifted),
    )
    if alone or any(shifted.values()):
        print(f"{sum(shifted.values())} channels without spread by mean shift alone, {alone} left alone")


if __name__ == "__main__":
    main()
