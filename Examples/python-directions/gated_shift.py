"""A shift of the tokens that look like the source, and of no others.

    y = x + strength * s    where v . x > threshold, else x

`v` is the unit vector from the target's mean to the source's, the threshold lies midway between the means, and `s` is
the difference of the means.
"""

import numpy as np

NAME = "gated-shift"

TRANSPORT = """graph @gated_shift(%x: f32[T,D], %v: f32[1,D], %threshold: f32[], %s: f32[D], %strength: f32[]) {
  %score = linear %x, %v : f32[T,1]
  %open = gt %score, %threshold : bool[T,1]
  %part = mul %s, %strength : f32[D]
  %moved = add %x, %part : f32[T,D]
  %y = select %open, %moved, %x : f32[T,D]
  return %y
}
"""


def fit(source, target):
    """The parameters for samples [n, D] and [m, D]: v [1, D], threshold [], s [D]."""
    a, b = source.mean(axis=0), target.mean(axis=0)
    v = (a - b) / np.linalg.norm(a - b)
    return {"v": v[None], "threshold": v @ (a + b) / 2, "s": b - a}


def apply(x, parameters, strength):
    """Activations [T, D] under the map."""
    score = x @ parameters["v"].T
    return np.where(score > parameters["threshold"], x + strength * parameters["s"], x)


def undecided(x, parameters):
    """The tokens [T] whose score is so near to the threshold that rounding may open or close the gate."""
    score = x @ parameters["v"][0]
    return np.abs(score - parameters["threshold"]) <= 1e-3 * np.linalg.norm(x, axis=1)
