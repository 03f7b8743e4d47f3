"""Writes a map file of MERA (arXiv 2510.13290), a method that this project does not contain.

A linear probe w . x + b tells the source from the target. Activations whose score exceeds a threshold move by the least
change that brings it down to the threshold; the others stay as they are:

    y = x - strength * max(w . x - limit, 0) * w / |w|^2
"""

import argparse
import json

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

TRANSPORT = """graph @mera(%x: f32[T,D], %w: f32[1,D], %limit: f32[1], %step: f32[1,D], %strength: f32[]) {
  %score = linear %x, %w : f32[T,1]
  %above = sub %score, %limit : f32[T,1]
  %none = constant {value = 0.0} : f32[]
  %excess = max %above, %none : f32[T,1]
  %part = mul %excess, %strength : f32[T,1]
  %change = mul %part, %step : f32[T,D]
  %y = sub %x, %change : f32[T,D]
  return %y
}
"""


def fit(source, target, threshold, ridge):
    """The parameters for samples [n, D] and [m, D]: w [1, D], limit [1] and step [1, D]."""
    samples = np.concatenate([source, target])
    labels = np.concatenate([np.ones(len(source)), np.zeros(len(target))])
    center = samples.mean(axis=0)
    x, y = samples - center, labels - labels.mean()
    # Ridge regression: with fewer samples than channels the probe would fit any labels.
    moments = x.T @ x
    moments += ridge * np.trace(moments) / len(moments) * np.eye(len(moments))
    w = np.linalg.solve(moments, x.T @ y)
    # The score is a probability of the source: where w . (x - center) is threshold - mean label.
    limit = threshold - labels.mean() + w @ center
    return {"w": w[None], "limit": np.array([limit]), "step": w[None] / (w @ w)}


def apply(x, parameters, strength):
    """Activations [T, D] under the map, in the precision of x."""
    excess = np.maximum(x @ parameters["w"].T - parameters["limit"], 0)
    return x - strength * excess * parameters["step"]


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("samples", help="a sample file of all the data, of `actc collect --shard 1/1`")
    options.add_argument("output", help="the map file to write, NAME.maps.safetensors")
    options.add_argument("--threshold", type=float, default=0.5, help="the score above which activations move")
    options.add_argument("--ridge", type=float, default=0.1, help="how much of the mean variance is added")
    arguments = options.parse_args()

    tensors = {}
    with safe_open(arguments.samples, framework="numpy") as samples:
        collected = samples.metadata()
        sites = json.loads(collected["sites"])
        for site in sites:
            source, target = (samples.get_tensor(f"{site['name']}/{side}") for side in ("source", "target"))
            fitted = fit(source.astype(np.float64), target.astype(np.float64), arguments.threshold, arguments.ridge)
            for name, value in fitted.items():
                tensors[f"{site['name']}/{name}"] = value.astype(np.float32)

    # What the samples know of the model and the data goes into the map file.
    kept = (
        "model_fingerprint",
        "token_scope",
        "skip_first",
        "step_scope",
        "pooling",
        "fit_order",
        "prompts",
        "counts",
        "data",
    )
    save_file(
        tensors,
        arguments.output,
        metadata={
            "format": "act-map",
            "format_version": "1",
            "method": "mera",
            "method_version": "1",
            "transport": TRANSPORT,
            "parameters": json.dumps(["w", "limit", "step"]),
            "sites": json.dumps(sites),
        }
        | {key: collected[key] for key in kept if key in collected},
    )


if __name__ == "__main__":
    main()
