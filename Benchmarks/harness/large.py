"""Denoisers of the size of SDXL and FLUX: their compilation, and a call for a picture of 512 x 512."""

import dataclasses
import json

from harness import machine
from harness.machine import BENCHMARKS, HOME, MODELS, Unavailable, call
from harness.ours import Tools
from harness.report import publish, table
from harness.turn import run

WRITER = BENCHMARKS / "peers/large_networks.py"
# Seconds after which a compilation or a call has failed.
LIMIT = 3600


@dataclasses.dataclass
class Network:
    """A network as `peers/large_networks.py` writes it."""

    name: str
    what: str
    weights: list[str]
    options: list[str]


NETWORKS = [
    Network("sdxl", "UNet of SDXL, 2.6 B parameters", ["bf16", "q8", "q4"], ["--size", "64x64"]),
    Network("flux", "transformer of FLUX.1, 12 B parameters", ["q4"], ["--image-rows", "1024", "--context", "256"]),
]


def add_options(parser) -> None:
    names = ",".join(network.name for network in NETWORKS)
    parser.add_argument("--networks", default=names, help=f"of {names} (default: all)")


def main(options) -> None:
    machine.install("openvino")
    tools = Tools()
    rows = []
    for network in NETWORKS:
        if network.name not in options.networks.split(","):
            continue
        folder = MODELS / network.name
        if not (folder / "diffusion_pytorch_model.safetensors.index.json").exists():
            machine.say(f"writing {folder}")
            call([HOME / "openvino/bin/python", WRITER, network.name, folder], quiet=True, what=network.name)
        source = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
        for weights in network.weights:
            if weights not in options.weights:
                continue
            plan = MODELS / f"{network.name}-{weights}.plan"
            compiled = timed(
                [tools.actc, "compile", folder, "--weights", weights, "--entries", "1", *network.options, "-o", plan]
            )
            inputs = folder / "inputs.safetensors"
            found = timed([tools.actrun, "bench", plan, "--input", inputs, "-r", "1", "--json"])
            report = json.loads(found["output"])
            rows.append(
                [
                    network.what,
                    weights,
                    f"{source / 1e9:.1f}",
                    f"{compiled['seconds']:.0f}",
                    f"{compiled['peak_bytes'] / 1e9:.1f}",
                    f"{plan.stat().st_size / 1e9:.1f}",
                    f"{report['rows'][-1]['call_seconds']:.1f}",
                    f"{report['peak_resident_bytes'] / 1e9:.1f}",
                ]
            )
            plan.unlink()
    publish(
        "large",
        "Large denoisers",
        [
            f"## {machine.processors()} threads\n\nOne picture of 512 x 512. Peaks of resident memory; those of a "
            "compilation count the pages of the checkpoint in memory, which the system may take back.\n",
            table(
                [
                    "network",
                    "weights",
                    "checkpoint, GB",
                    "compile, s",
                    "peak, GB",
                    "plan, GB",
                    "a call, s",
                    "peak, GB",
                ],
                rows,
            ),
        ],
        None,
        [],
        [],
    )


def timed(arguments: list) -> dict:
    """The outcome of a command that must succeed."""
    arguments = list(map(str, arguments))
    machine.say(" ".join(arguments))
    outcome = run(arguments, {}, LIMIT)
    if outcome["code"]:
        lines = outcome["errors"].strip().splitlines()
        raise Unavailable(f"{arguments[0]}: exit code {outcome['code']}: {lines[-1] if lines else 'no message'}")
    return outcome
