"""Fits Linear-AcT at every norm of a model with hooks in transformers, and prints what it took as JSON.

    transformers_fit.py sentences MODEL SOURCE TARGET COUNT FOLDER   COUNT texts of 32 tokens from two files of lines
    transformers_fit.py simultaneous MODEL FOLDER THREADS TYPE [MAPS …]   one pass over all; MAPS: files to compare with
    transformers_fit.py causal MODEL FOLDER THREADS STRIDE COUNT     a pass a site, as published, extrapolated; f32

The causal way runs every text once for each site, with all earlier sites transported, and stops each pass at its
site. It is measured with COUNT texts at every STRIDE-th site; seconds at the sites between are interpolated and scaled
to all texts.
"""

import json
import pathlib
import sys
import time

import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

LENGTH, BATCH = 32, 16


class Reached(Exception):
    """Ends a pass at the site that it is for."""


def sentences(path: str, source: str, target: str, count: str, folder: str) -> None:
    """Writes COUNT / 2 texts a side, each exactly `LENGTH` tokens."""
    tokenizer = AutoTokenizer.from_pretrained(path)
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    for name, file in [("source", source), ("target", target)]:
        ids = tokenizer(" ".join(pathlib.Path(file).read_text().split())).input_ids
        texts, start = [], 0
        while len(texts) < int(count) // 2:
            # Every start gives another text; one that is not read back as it was written is left out.
            piece = [ids[(start + index) % len(ids)] for index in range(LENGTH)]
            text = tokenizer.decode(piece)
            if text == text.strip() and tokenizer(text).input_ids == piece:
                texts.append(text)
            start += 7
        (pathlib.Path(folder) / f"{name}.txt").write_text("".join(text + "\n" for text in texts))


def load(path: str, folder: str, threads: str, dtype: str = "float32"):
    torch.set_num_threads(int(threads))
    model = AutoModelForCausalLM.from_pretrained(path, dtype=getattr(torch, dtype)).eval()
    tokenizer = AutoTokenizer.from_pretrained(path)
    sides = []
    for name in ["source", "target"]:
        lines = (pathlib.Path(folder) / f"{name}.txt").read_text().splitlines()
        sides.append(torch.tensor([tokenizer(line).input_ids for line in lines]))
    norms = [(name, module) for name, module in model.named_modules() if name.endswith("norm")]
    return model, sides, norms


def fit(source: torch.Tensor, target: torch.Tensor):
    """Slope and both means of Linear-AcT, f32[D] each, from pooled activations f32[N,D]."""
    source_mean, target_mean = source.mean(0), target.mean(0)
    a, b = (source - source_mean).sort(0).values, (target - target_mean).sort(0).values
    return (a * b).sum(0) / (a * a).sum(0).clamp_min(1e-12), source_mean, target_mean


@torch.inference_mode()
def simultaneous(path: str, folder: str, threads: str, dtype: str, *maps: str) -> None:
    model, sides, norms = load(path, folder, threads, dtype)
    started = time.perf_counter()
    pooled = [{name: [] for name, _ in norms} for _ in sides]
    for tokens, kept in zip(sides, pooled):
        hooks = [
            module.register_forward_hook(lambda _, __, output, kept=kept[name]: kept.append(output.float().mean(1)))
            for name, module in norms
        ]
        for batch in tokens.split(BATCH):
            model.model(input_ids=batch, use_cache=False)
        for hook in hooks:
            hook.remove()
    fitted = {name: fit(torch.cat(pooled[0][name]), torch.cat(pooled[1][name])) for name, _ in norms}
    seconds = time.perf_counter() - started
    report = {"seconds": seconds, "sentences": sum(map(len, sides)), "sites": len(norms)}
    for file in maps:
        ours = load_file(file)
        report.setdefault("differences", []).append(
            [
                max(
                    float((ours[f"{name}/{kind}"] - values[index]).norm() / values[index].norm())
                    for name, values in fitted.items()
                )
                for index, kind in [(2, "target_mean"), (0, "slope")]
            ]
        )
    print(json.dumps(report))


@torch.inference_mode()
def causal(path: str, folder: str, threads: str, stride: str, count: str) -> None:
    model, sides, norms = load(path, folder, threads)
    total = sum(map(len, sides))
    sample = [side[: int(count) // 2] for side in sides]
    sampled: list[tuple[int, float]] = []
    hooks = []
    for index, (_, module) in enumerate(norms):
        kept: list[torch.Tensor] = []
        if index % int(stride) == 0 or index == len(norms) - 1:

            def collect(_, __, output, kept=kept):
                kept.append(output.mean(1))
                raise Reached

            hook = module.register_forward_hook(collect)
            started = time.perf_counter()
            for batch in (batch for side in sample for batch in side.split(BATCH)):
                try:
                    model.model(input_ids=batch, use_cache=False)
                except Reached:
                    pass
            pooled = torch.cat(kept).split([len(side) for side in sample])
            parameters = fit(*pooled)
            sampled.append((index, (time.perf_counter() - started) / sum(map(len, sample))))
            hook.remove()
        # Sites between the sampled ones carry the last map that was fitted: what a map costs is the same.
        hooks.append(
            module.register_forward_hook(
                lambda _, __, output, p=parameters: (
                    p[2] + p[0] * (output - p[1]) if output.shape[-1] == len(p[0]) else output
                )
            )
        )
    seconds = (
        sum(
            (a + (b - a) * step / (right - left)) * total
            for (left, a), (right, b) in zip(sampled, sampled[1:])
            for step in range(right - left)
        )
        + sampled[-1][1] * total
    )
    print(
        json.dumps(
            {
                "seconds": seconds,
                "sentences": total,
                "sites": len(norms),
                "sampled_sites": len(sampled),
                "sampled_sentences": sum(map(len, sample)),
            }
        )
    )


if __name__ == "__main__":
    {"sentences": sentences, "simultaneous": simultaneous, "causal": causal}[sys.argv[1]](*sys.argv[2:])
