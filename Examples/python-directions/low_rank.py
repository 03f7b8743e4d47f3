"""A low-rank affine map: optimal transport between normal distributions, in a subspace of four dimensions.

    y = x + strength * (U (V x) + t)

`V` projects on the subspace: the direction between the means, and the three directions in which the samples of both
sides spread most besides. There a and b, the projected source and target, have the means m and covariances S, and
T(a) = m_b + A (a - m_a) with A = S_a^-1/2 (S_a^1/2 S_b S_a^1/2)^1/2 S_a^-1/2 takes the one normal distribution to the
other. Outside the subspace nothing moves. `U` adds the coordinates' change back.
"""

import numpy as np

NAME = "low-rank"
RANK = 4

TRANSPORT = """graph @low_rank(%x: f32[T,D], %U: f32[D,R], %V: f32[R,D], %t: f32[D], %strength: f32[]) {
  %coordinates = linear %x, %V : f32[T,R]
  %change = linear %coordinates, %U, %t : f32[T,D]
  %part = mul %change, %strength : f32[T,D]
  %y = add %x, %part : f32[T,D]
  return %y
}
"""


def power(matrix, exponent):
    """A power of a symmetric matrix that has no negative eigenvalues."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * values.clip(1e-8) ** exponent) @ vectors.T


def subspace(source, target):
    """An orthonormal basis [RANK, D]."""
    between = target.mean(axis=0) - source.mean(axis=0)
    between /= np.linalg.norm(between)
    within = np.concatenate([source - source.mean(axis=0), target - target.mean(axis=0)])
    within -= np.outer(within @ between, between)
    return np.stack([between, *np.linalg.svd(within, full_matrices=False)[2][: RANK - 1]])


def fit(source, target):
    """The parameters for samples [n, D] and [m, D]: U [D, R], V [R, D], t [D]."""
    basis = subspace(source, target)
    a, b = source @ basis.T, target @ basis.T
    root, inverse = (power(np.cov(a.T), exponent) for exponent in (0.5, -0.5))
    transport = inverse @ power(root @ np.cov(b.T) @ root, 0.5) @ inverse
    change = transport - np.eye(RANK)
    shift = b.mean(axis=0) - a.mean(axis=0) - change @ a.mean(axis=0)
    return {"U": basis.T @ change, "V": basis, "t": shift @ basis}


def apply(x, parameters, strength):
    """Activations [T, D] under the map."""
    return x + strength * (x @ parameters["V"].T @ parameters["U"].T + parameters["t"])
