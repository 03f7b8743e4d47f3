"""Directional ablation: takes the part of an activation along a direction away.

    y = x - strength * (v . x) v

`v` is the unit vector from the source's mean to the target's. Strength 1 leaves nothing along it.
"""

import numpy as np

NAME = "directional-ablation"

TRANSPORT = """graph @directional_ablation(%x: f32[T,D], %v: f32[1,D], %strength: f32[]) {
  %along = linear %x, %v : f32[T,1]
  %part = mul %along, %strength : f32[T,1]
  %taken = mul %part, %v : f32[T,D]
  %y = sub %x, %taken : f32[T,D]
  return %y
}
"""


def fit(source, target):
    """The parameters for samples [n, D] and [m, D]: v [1, D]."""
    v = target.mean(axis=0) - source.mean(axis=0)
    return {"v": (v / np.linalg.norm(v))[None]}


def apply(x, parameters, strength):
    """Activations [T, D] under the map."""
    v = parameters["v"]
    return x - strength * (x @ v.T) * v
