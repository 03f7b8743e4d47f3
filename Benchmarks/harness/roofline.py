"""The share of the probed limits that actrun reaches, by phase and type, on a small model and on one of a billion
parameters that no cache holds, and how throughput grows with 32 sequences."""

import json
import pathlib
import struct

from harness import machine
from harness.interval import Estimate, estimate
from harness.ours import Tools
from harness.report import number, publish, spread, table
from harness.series import Contestant, Series, measure
from harness.verdict import Goal, figure, times

SMALL, LARGE = "SmolLM2-135M", "Llama shape, 1B"
SHARES = {"bf16": 85, "q8": 85, "q4": 75}
TOGETHER = "32 sequences"


def main(options) -> None:
    tools = Tools()
    large = tools.shape("llama-1b")
    threads = machine.processors()
    plans: dict[str, pathlib.Path] = {}
    contestants: list[Contestant] = []
    refused: list[str] = []
    for label, model in [(SMALL, tools.fetch_model()), (LARGE, large)]:
        for weights in options.weights:
            group = f"{label}, {weights}"
            try:
                plan = plans[group] = tools.plan(weights, model=model)
            except machine.Unavailable as error:
                refused.append(f"{label}: {error}")
                continue
            sizes = {"prompt": 512, "tokens": 128} if label == SMALL else {"prompt": 128, "tokens": 16}
            contestants.append(tools.bench("alone", group, plan, threads, **sizes))
            if label == SMALL:
                contestants.append(
                    tools.bench(TOGETHER, group, plan, threads, "--sequences", "32", prompt=16, tokens=32)
                )
    series = measure(contestants, options.turns)
    series.failures += refused
    rows = [row(series, group, plan, threads) for group, plan in plans.items()]
    goals = [
        Goal(
            f"read bandwidth in decode, {weights}, {LARGE}",
            share(series, f"{LARGE}, {weights}", plans, threads),
            goal,
            " %",
        )
        for weights, goal in SHARES.items()
        if weights in options.weights
    ]
    goals += [
        Goal(f"{TOGETHER} against 1, {weights}", series.ratio(f"{SMALL}, {weights}", TOGETHER, "alone", "decode"), 12)
        for weights in options.weights
    ]
    publish(
        "roofline",
        "Reached share of the machine's limits",
        [
            f"## {threads} threads\n\nDecode: bytes of all matrices once a token, against the read bandwidth probed in "
            "the same turns; above 100 % a cache helps. Prefill: two operations a parameter and token (the head once), "
            "against f32 multiply-adds; tile and dot-product instructions have higher limits. *32 sequences*: tokens a "
            "second together, against one alone.\n",
            table(
                [
                    "model",
                    "weights",
                    "decode: GB/s",
                    "share",
                    "prefill: GFLOP/s",
                    "share",
                    "tg tokens/s",
                    "pp tokens/s",
                    TOGETHER,
                ],
                rows,
            ),
        ],
        series,
        goals,
        [],
    )


def tensors(plan: pathlib.Path) -> dict[str, dict]:
    with open(plan, "rb") as file:
        length = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(length))
    return {name: tensor for name, tensor in header.items() if name != "__metadata__"}


def bytes_a_token(plan: pathlib.Path) -> int:
    """The bytes of all matrices that a token reads: an embedding beside a head of its own is one row only."""
    sizes = {
        name: end - start
        for name, (start, end) in ((name, tensor["data_offsets"]) for name, tensor in tensors(plan).items())
    }
    embeddings = [name for name in sizes if "embed_tokens" in name]
    if len(embeddings) > 1 or any("lm_head" in name for name in sizes):
        # Of several forms of the table the packed one, which is the head's, is read whole.
        packed = [name for name in embeddings if name != "model.embed_tokens.weight"]
        for name in set(embeddings) - set(packed):
            del sizes[name]
    return sum(sizes.values())


def operations_a_token(model: str) -> float:
    """Two a parameter of the layers' matrices; the head's logits are of one token of 512."""
    layers = {
        SMALL: 30 * (576 * 576 * 2 + 2 * 576 * 192 + 3 * 576 * 1536),
        LARGE: 16 * (2048 * 2048 * 2 + 2 * 2048 * 512 + 3 * 2048 * 8192),
    }
    return 2.0 * layers[model]


def share(series: Series, group: str, plans: dict[str, pathlib.Path], threads: int) -> Estimate | None:
    """Of the read bandwidth, in per cent."""
    speed = estimate(series.values(group, "alone", "decode"))
    limit = series.probed(group, "read_gb_per_s", threads)
    if speed is None or limit is None:
        return None
    return speed.scaled(bytes_a_token(plans[group]) / 1e9 / limit * 100)


def row(series: Series, group: str, plan: pathlib.Path, threads: int) -> list[str]:
    label, weights = group.rsplit(", ", 1)
    decode, prefill = (series.median(group, "alone", phase) for phase in ["decode", "prefill"])
    limit = series.probed(group, "fma_gflop_per_s", threads)
    bandwidth = None if decode is None else decode * bytes_a_token(plan) / 1e9
    compute = None if prefill is None else prefill * operations_a_token(label) / 1e9
    return [
        label,
        weights,
        number(bandwidth, 1),
        figure(share(series, group, {group: plan}, threads), 0, " %"),
        number(compute),
        number(None if compute is None or limit is None else compute / limit * 100, 0, " %"),
        spread(series.values(group, "alone", "decode"), 1),
        spread(series.values(group, "alone", "prefill")),
        times(series.ratio(group, TOGETHER, "alone", "decode")) if label == SMALL else "",
    ]
