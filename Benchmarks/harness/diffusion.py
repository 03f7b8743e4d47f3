"""Networks of diffusion pipelines, a call of each: actrun against OpenVINO with static shapes and against diffusers."""

import array
import dataclasses
import json
import pathlib
import random
import re
import struct

from harness import machine
from harness.interval import Estimate, estimate
from harness.machine import BENCHMARKS, HOME, MODELS, Unavailable, call, is_newer
from harness.ours import Tools
from harness.report import number, publish, spread, table
from harness.series import Contestant, Figures, Series, measure
from harness.verdict import Comparison, Goal, figure, times

OURS, STEERED = "actrun", "actrun, steered at every norm"
PEERS = ["openvino", "diffusers", "compile"]
FASTER, SHARE, COST = 1.2, 85, 2
WRITER = BENCHMARKS / "peers/diffusion_networks.py"
PYTHON = HOME / "openvino/bin/python"


@dataclasses.dataclass
class Network:
    """A network as `peers/diffusion_networks.py` writes it."""

    name: str
    what: str
    # How actc compiles it, and how many calls a contestant makes.
    options: list[str]
    calls: int

    @property
    def folder(self) -> pathlib.Path:
        return MODELS / f"diffusion-{self.name}"

    def write(self) -> None:
        if not is_newer(self.folder / "operations.json", WRITER):
            machine.say(f"writing {self.folder.name}")
            call([PYTHON, WRITER, self.name, self.folder], quiet=True, what=f"the network {self.name}")

    def operations(self) -> dict[str, float]:
        return json.loads((self.folder / "operations.json").read_text())


NETWORKS = [
    Network("encoder", "CLIP text encoder, 12 layers of 512, 77 tokens", [], 20),
    Network("unet", "UNet as SDXL's, a quarter as wide, 64 x 64 latents", ["--size", "64x64"], 3),
    Network("flux", "FLUX, 4 + 8 blocks of 512, 1,024 + 256 tokens", [], 3),
    Network("decoder", "decoder of Stable Diffusion, 256 x 256 pixels", ["--module", "decoder", "--size", "32x32"], 2),
]
# What each type of weights is for a peer.
OPENVINO = {"f32": ("f32", []), "bf16": ("bf16", []), "q8": ("bf16", ["--int8"])}


def add_options(parser) -> None:
    names = ",".join(network.name for network in NETWORKS)
    parser.add_argument("--networks", default=names, help=f"of {names} (default: all)")
    parser.add_argument("--peers", default=",".join(PEERS), help=f"of {','.join(PEERS)} (default: all)")
    parser.add_argument("--threads", type=int, default=machine.processors(), help="default: one a processor")


def main(options) -> None:
    machine.install("openvino")
    tools = Tools()
    networks = [network for network in NETWORKS if network.name in options.networks.split(",")]
    peers = options.peers.split(",")
    contestants: list[Contestant] = []
    refused: list[str] = []
    weights = [each for each in options.weights if each in OPENVINO]
    for network in networks:
        network.write()
        for each in weights:
            for make in [ours, theirs]:
                try:
                    contestants += make(tools, network, each, peers, options.threads)
                except Unavailable as error:
                    refused.append(f"{group_of(network, each)}: {error}")
    series = measure(contestants, options.turns)
    series.failures += refused
    groups = [(network, each, group_of(network, each)) for network in networks for each in weights]
    publish(
        "diffusion",
        "Networks of diffusion pipelines",
        sections(series, groups, options.threads),
        series,
        goals(series, groups, options.threads),
        comparisons(series, groups),
    )


def group_of(network: Network, weights: str) -> str:
    return f"{network.name}, {weights}"


def ours(tools: Tools, network: Network, weights: str, peers: list[str], threads: int) -> list[Contestant]:
    """actrun, bare and steered, on a call of a network at a type of weights."""
    group, inputs = group_of(network, weights), network.folder / "inputs.safetensors"
    compiled = ["--entries", "1", *network.options]

    def bench(name: str, plan: pathlib.Path, *arguments: str) -> Contestant:
        argv = [tools.actrun, "bench", plan, "--input", inputs, "-r", network.calls, "-t", threads, "--json"]
        return Contestant(name, group, [*map(str, argv), *arguments], parse_bench)

    found = [bench(OURS, tools.plan(weights, *compiled, model=network.folder))]
    if network.name == "unet":
        map_file = map_at_norms(tools, network)
        plan = tools.plan(
            weights, *compiled, "--maps", f"m={map_file}", "--force", "fingerprint", model=network.folder, name="norms"
        )
        found.append(bench(STEERED, plan, "--steer", "m=1"))
    return found


def theirs(tools: Tools, network: Network, weights: str, peers: list[str], threads: int) -> list[Contestant]:
    """The peers on the same."""
    found, group, sizes = [], group_of(network, weights), [str(threads), str(network.calls)]
    if "openvino" in peers:
        dtype, compression = OPENVINO[weights]
        script = str(BENCHMARKS / "peers/openvino_network_bench.py")
        path = MODELS / f"{network.folder.name}{'-int8' if compression else ''}.xml"
        if not is_newer(path, network.folder / "operations.json"):
            machine.say(f"exporting {path.name}")
            call(
                [PYTHON, script, "export", network.name, network.folder, path, *compression],
                quiet=True,
                what="OpenVINO's export",
            )
        argv = [str(PYTHON), script, "bench", str(path), str(network.folder), *sizes, dtype]
        found.append(Contestant(openvino_name(weights), group, argv, parse_peer))
    if weights in ("f32", "bf16"):
        argv = [str(PYTHON), str(BENCHMARKS / "peers/diffusers_bench.py"), network.name, str(network.folder), *sizes]
        if "diffusers" in peers:
            found.append(Contestant(f"diffusers {weights}", group, [*argv, weights], parse_peer))
        if "compile" in peers:
            name = f"diffusers {weights}, compiled"
            found.append(Contestant(name, group, [*argv, weights, "--compile"], parse_peer, limit=600))
    return found


def openvino_name(weights: str) -> str:
    return "OpenVINO int8" if weights == "q8" else f"OpenVINO {weights}"


def map_at_norms(tools: Tools, network: Network) -> pathlib.Path:
    """A map of linear-act at every norm, of random numbers: what a map costs does not depend on them."""
    path = MODELS / f"{network.folder.name}.maps.safetensors"
    if is_newer(path, network.folder / "operations.json", tools.actc):
        return path
    listed = call([tools.actc, "sites", network.folder, *network.options], quiet=True, what="actc sites")
    sites = [line.split(" : ") for line in listed.splitlines() if "norm" in line.split(" : ")[0].rpartition(".")[2]]
    described = call([tools.actc, "methods", "linear-act"], quiet=True, what="actc methods")
    numbers, tensors, data = random.Random(0), {}, bytearray()
    for site, shape in sites:
        width = int(re.search(r"(\d+)\]$", shape)[1])
        for parameter in ["slope", "source_mean", "target_mean"]:
            values = array.array("f", (numbers.gauss(parameter == "slope", 0.01) for _ in range(width)))
            tensors[f"{site}/{parameter}"] = {
                "dtype": "F32",
                "shape": [width],
                "data_offsets": [len(data), len(data) + 4 * width],
            }
            data += values.tobytes()
    about = {
        "format": "act-map",
        "format_version": "1",
        "method": "linear-act",
        "method_version": "1",
        "transport": described[described.index("graph @") :],
        "parameters": json.dumps(["slope", "source_mean", "target_mean"]),
        "sites": json.dumps([{"name": site, "width": tensors[f"{site}/slope"]["shape"][0]} for site, _ in sites]),
        "model_fingerprint": "0" * 64,
        "token_scope": "all",
        "skip_first": "0",
    }
    header = json.dumps({"__metadata__": about} | tensors).encode()
    header += b" " * (-len(header) % 8)
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(data))
    return path


def parse_bench(run: dict) -> Figures:
    # The last row is the steered one where there is one.
    report = json.loads(run["output"])
    return {"speed": 1 / report["rows"][-1]["call_seconds"], "peak_bytes": report["peak_resident_bytes"]}


def parse_peer(run: dict) -> Figures:
    seconds = json.loads(run["output"].strip().splitlines()[-1])["seconds"]
    return {"speed": 1 / seconds, "peak_bytes": run["peak_bytes"]}


Groups = list[tuple[Network, str, str]]


def rivals(series: Series, group: str) -> list[str]:
    return [name for name in series.runs.get(group, {}) if name not in (OURS, STEERED)]


def best(series: Series, group: str, figure: str, most: bool = True) -> str | None:
    """The peer with the greatest median of a figure, or the least."""
    names = rivals(series, group)
    sign = 1 if most else -1
    return max(names, key=lambda name: sign * (series.median(group, name, figure) or 0), default=None)


def bound(series: Series, network: Network, weights: str, group: str, threads: int) -> float | None:
    """Calls a second, if every multiplication took as long as the probe's; None where this machine has tiles, which the
    probe does not use."""
    rate = series.probed(group, "fma_gflop_per_s", threads)
    features = machine.describe()
    if rate is None or "amx" in features:
        return None
    # Of f32 multiply-adds, how many dot products of bf16 and of bytes do.
    paired = 2 if "avx512_bf16" in features else 1
    factor = {"f32": 1, "bf16": paired, "q8": 4 if "avx512_vnni" in features else 1}[weights]
    operations = network.operations()
    attention = 1 if weights == "f32" else paired
    return rate * 1e9 / (operations["products"] / factor + operations["attention"] / attention)


def share(series: Series, network: Network, weights: str, group: str, threads: int) -> Estimate | None:
    """Of the bound, in per cent."""
    limit, speed = bound(series, network, weights, group, threads), estimate(series.values(group, OURS, "speed"))
    return None if limit is None or speed is None else speed.scaled(100 / limit)


def cost(series: Series, group: str) -> Estimate | None:
    ratio = series.ratio(group, OURS, STEERED, "speed")
    return None if ratio is None else ratio.scaled(100, -100)


def goals(series: Series, groups: Groups, threads: int) -> list[Goal]:
    """The lower of two goals for speed: so much faster than the best peer, or such a share of the bound."""
    found = []
    for network, weights, group in groups:
        peer = best(series, group, "speed")
        faster = series.ratio(group, OURS, peer, "speed") if peer else None
        reached = share(series, network, weights, group, threads)
        speed, limit = series.median(group, OURS, "speed"), bound(series, network, weights, group, threads)
        theirs = series.median(group, peer, "speed") if peer else None
        if limit and theirs and speed and limit * SHARE / 100 < theirs * FASTER:
            found.append(Goal(f"{group}: share of the bound", reached, SHARE, " %"))
        else:
            found.append(Goal(f"{group}: against {peer or 'any peer'}", faster, FASTER))
        small = best(series, group, "peak_bytes", most=False)
        if small:
            found.append(
                Goal(f"{group}: memory of the best, {small}", series.ratio(group, small, OURS, "peak_bytes"), 1)
            )
        if network.name == "unet":
            found.append(Goal(f"{group}: steering at every norm", cost(series, group), COST, " %", higher=False))
    return found


def comparisons(series: Series, groups: Groups) -> list[Comparison]:
    found = []
    for _, _, group in groups:
        for peer in rivals(series, group):
            found.append(Comparison(f"{group}, {peer}", series.ratio(group, OURS, peer, "speed")))
            found.append(Comparison(f"peak memory, {group}, {peer}", series.ratio(group, peer, OURS, "peak_bytes")))
    return found


def sections(series: Series, groups: Groups, threads: int) -> list[str]:
    parts = []
    for network in dict.fromkeys(network.name for network, _, _ in groups):
        rows = []
        mine = [(each, weights, group) for each, weights, group in groups if each.name == network]
        for each, weights, group in mine:
            for name in series.runs.get(group, {}):
                memory = series.median(group, name, "peak_bytes")
                rows.append(
                    [
                        weights,
                        name,
                        spread([1e3 / speed for speed in series.values(group, name, "speed")]),
                        "" if name in (OURS, STEERED) else times(series.ratio(group, OURS, name, "speed")),
                        number(None if memory is None else memory / 1e6),
                        figure(share(series, each, weights, group, threads), 0, " %") if name == OURS else "",
                    ]
                )
        operations = mine[0][0].operations()
        products, attention = operations["products"] / 1e9, operations["attention"] / 1e9
        parts += [
            f"## {mine[0][0].what}\n\n{products:.1f} GFLOP in products with weights, {attention:.1f} in attention; "
            f"{threads} threads. *Of the bound*: the share that actrun reaches of what the probe's multiply-adds "
            "allow, of which dot products of bf16 do two and of bytes four at once. Convolutions are counted as they "
            "are defined; actrun makes pairs of their pixels with two thirds of the multiplications.\n",
            table(["weights", "engine", "ms a call", "actrun is faster", "peak memory, MB", "of the bound"], rows),
        ]
    return parts
