#!/usr/bin/env python3
"""Record NumPy's float64 linear algebra, for ours to be held against.

    Scripts/make-linear-algebra-fixtures.py [--output Tests/StatisticsTests/Fixtures/linear-algebra.json]

`matrices`, by name, A of m x n, matrices as lists of rows:

    a, b                   the matrix, and right-hand sides of m x 3
    singular_values        falling
    rank                   how many are above CUTOFF times the largest
    row_space              V V^T, with the right singular vectors V of those
    least_squares          the X of least norm that minimises |A X - B|, n x 3, with that cutoff
    row_products           A A^T
    column_products        A^T A

`symmetric`, by name: a, eigenvalues falling, `leading`: the projection on the three leading eigenvectors; where the
matrix is positive definite also b (3 x n) and the solution of x A = b for each row.

`covariances`, by name: samples of float32 as lists of rows, mean, covariance (over n).

Made with Python 3.11, numpy 2.4.6.
"""

import argparse
import json
from pathlib import Path

import numpy

CUTOFF = 1e-10


def hilbert(n):
    """A matrix whose condition grows like 33^n."""
    return 1 / (numpy.arange(n)[:, None] + numpy.arange(n)[None, :] + 1)


def matrix(a, rng):
    """What is recorded of one matrix."""
    b = rng.standard_normal((len(a), 3))
    _, values, vectors = numpy.linalg.svd(a, full_matrices=False)
    rank = int((values > CUTOFF * values[0]).sum())
    return {
        "a": a.tolist(),
        "b": b.tolist(),
        "singular_values": values.tolist(),
        "rank": rank,
        "row_space": (vectors[:rank].T @ vectors[:rank]).tolist(),
        "least_squares": numpy.linalg.lstsq(a, b, rcond=CUTOFF)[0].tolist(),
        "row_products": (a @ a.T).tolist(),
        "column_products": (a.T @ a).tolist(),
    }


def symmetric(a, rng):
    """What is recorded of one symmetric matrix."""
    values, vectors = numpy.linalg.eigh(a)
    leading = vectors[:, -3:]
    out = {
        "a": a.tolist(),
        "eigenvalues": values[::-1].tolist(),
        "leading": (leading @ leading.T).tolist(),
    }
    if values[0] > CUTOFF * values[-1]:
        b = rng.standard_normal((3, len(a)))
        out["b"] = b.tolist()
        out["solution"] = numpy.linalg.solve(a, b.T).T.tolist()
    return out


def covariance(samples):
    """What is recorded of one set of samples."""
    exact = samples.astype(numpy.float64)
    return {
        "samples": exact.tolist(),
        "mean": exact.mean(axis=0).tolist(),
        "covariance": numpy.cov(exact.T, bias=True).tolist(),
    }


def main():
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", default="Tests/StatisticsTests/Fixtures/linear-algebra.json", type=Path)
    arguments = parser.parse_args()
    rng = numpy.random.default_rng(11)
    normal = rng.standard_normal
    matrices = {
        "tall": normal((12, 7)),
        "wide": normal((5, 9)),
        "square": normal((6, 6)),
        "row": normal((1, 4)),
        "column": normal((4, 1)),
        "rank 3": normal((10, 3)) @ normal((3, 8)),
        "wide of rank 2": normal((4, 2)) @ normal((2, 11)),
        "ill-conditioned": normal((9, 6)) * numpy.logspace(0, -7, 6),
    }
    tall = normal((20, 7))
    half = normal((9, 9))
    symmetrics = {
        "positive": tall.T @ tall + 0.1 * numpy.eye(7),
        "indefinite": half + half.T,
        "diagonal": numpy.diag([2.5, 1.5, 0.5]),
        "hilbert": hilbert(6),
        "of few samples": (lambda x: x.T @ x)(normal((4, 9))),
    }
    samples = {
        "many": normal((40, 9)),
        "far from zero": 1000 + 0.01 * normal((40, 6)),
        "fewer than channels": normal((4, 9)),
        "one": normal((1, 3)),
        "with a constant channel": numpy.concatenate([normal((15, 3)), numpy.full((15, 1), 2)], axis=1),
    }
    out = {
        "cutoff": CUTOFF,
        "matrices": {name: matrix(a, rng) for name, a in matrices.items()},
        "symmetric": {name: symmetric(a, rng) for name, a in symmetrics.items()},
        "covariances": {name: covariance(x.astype(numpy.float32)) for name, x in samples.items()},
    }
    arguments.output.write_text(json.dumps(out) + "\n")


if __name__ == "__main__":
    main()
