"""Writes a map file with a method of its own, from the means that another map file holds.

Sparse shift: of each site's channels only those whose means differ most are moved.

    y = x + strength * shift                      shift = target mean - source mean, 0 elsewhere

With --soft a channel is moved the less, the nearer it already is to the target:

    y = x + strength * shift * sigmoid(rate * (middle - x))      rate = 4 / shift
"""

import argparse
import json

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

SPARSE = """graph @sparse_shift(%x: f32[T,D], %shift: f32[D], %strength: f32[]) {
  %part = mul %shift, %strength : f32[D]
  %y = add %x, %part : f32[T,D]
  return %y
}
"""

SOFT = """graph @soft_shift(%x: f32[T,D], %shift: f32[D], %middle: f32[D], %rate: f32[D], %strength: f32[]) {
  %part = mul %shift, %strength : f32[D]
  %left = sub %middle, %x : f32[T,D]
  %steep = mul %left, %rate : f32[T,D]
  %gate = sigmoid %steep : f32[T,D]
  %move = mul %gate, %part : f32[T,D]
  %y = add %x, %move : f32[T,D]
  return %y
}
"""


def parameters(source_mean, target_mean, share, soft):
    """The parameters of one site, by name, f32 [D] each."""
    shift = target_mean.astype(np.float64) - source_mean
    kept = np.abs(shift) >= np.quantile(np.abs(shift), 1 - share)
    shift = np.where(kept & (shift != 0), shift, 0.0)
    values = {"shift": shift}
    if soft:
        values["middle"] = (target_mean + source_mean) / 2
        values["rate"] = np.divide(4.0, shift, out=np.zeros_like(shift), where=np.abs(shift) > 1e-6)
    return {name: value.astype(np.float32) for name, value in values.items()}


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("means", help="a map file of `actc fit --method mean-act`")
    options.add_argument("output", help="the map file to write, NAME.maps.safetensors")
    options.add_argument("--share", type=float, default=0.1, help="of the channels, 0 to 1")
    options.add_argument("--soft", action="store_true", help="let the shift fade towards the target")
    arguments = options.parse_args()

    tensors, names = {}, []
    with safe_open(arguments.means, framework="numpy") as means:
        fitted = means.metadata()
        sites = json.loads(fitted["sites"])
        for site in sites:
            prefix = site["name"] + "/"
            values = parameters(
                means.get_tensor(prefix + "source_mean"),
                means.get_tensor(prefix + "target_mean"),
                arguments.share,
                arguments.soft,
            )
            names = list(values)
            tensors |= {prefix + name: value for name, value in values.items()}

    save_file(
        tensors,
        arguments.output,
        metadata={
            "format": "act-map",
            "format_version": "1",
            "method": "soft-shift" if arguments.soft else "sparse-shift",
            "method_version": "1",
            "transport": SOFT if arguments.soft else SPARSE,
            "parameters": json.dumps(names),
            "sites": json.dumps(sites),
            "model_fingerprint": fitted["model_fingerprint"],
            "token_scope": "all",
            "skip_first": "0",
        },
    )


if __name__ == "__main__":
    main()
