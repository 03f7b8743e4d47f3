"""actrun against OpenVINO GenAI: prefill, decode, first token and memory, by type of weights and number of threads."""

import pathlib

from harness import machine
from harness.machine import BENCHMARKS, HOME, MODELS, call, is_newer
from harness.ours import Tools
from harness.python_peers import Variant, against_best, compare
from harness.report import publish
from harness.verdict import Goal

FORMATS = {"bf16": "fp16", "q8": "int8", "q4": "int4"}


def export(format: str, model: pathlib.Path) -> pathlib.Path:
    """The checkpoint in OpenVINO's form, by Hugging Face's exporter."""
    folder = MODELS / f"{model.name}-openvino-{format}"
    if not is_newer(folder / "openvino_model.bin", model / "model.safetensors"):
        machine.say(f"exporting {folder.name}")
        # A group must divide the width, 576.
        groups = ["--group-size", "64", "--ratio", "1.0"] if format == "int4" else []
        exporter = [HOME / "openvino/bin/python", HOME / "openvino/bin/optimum-cli", "export", "openvino"]
        call(
            [*exporter, "-m", model, "--task", "text-generation-with-past", "--weight-format", format, *groups, folder],
            quiet=True,
            what="OpenVINO's export",
        )
    return folder


def main(options) -> None:
    machine.install("openvino")
    tools = Tools()
    model = tools.fetch_model()
    runner = [str(HOME / "openvino/bin/python"), str(BENCHMARKS / "peers/openvino_bench.py")]
    variants = [
        Variant(weights, f"OpenVINO {FORMATS[weights]}", [*runner, str(export(FORMATS[weights], model))])
        for weights in options.weights
        if weights in FORMATS
    ]
    series, sections, comparisons = compare(tools, variants, options)
    threads = machine.processors()
    goals = [
        Goal(
            f"prefill {variant.weights} against the best of OpenVINO's",
            against_best(series, variant.weights, "prefill", threads, variants),
            5,
        )
        for variant in variants
    ]
    publish("vs-openvino", "actrun and OpenVINO GenAI", sections, series, goals, comparisons)
