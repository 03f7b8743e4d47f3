"""What machine this is, where things lie, and how to say what goes on."""

import datetime
import os
import pathlib
import platform
import shlex
import subprocess
import sys

BENCHMARKS = pathlib.Path(__file__).resolve().parent.parent
ROOT = BENCHMARKS.parent
# Peers, their models, our plans: all of it can be thrown away.
HOME = ROOT / ".cache" / "bench-venv"
MODELS = HOME / "models"
# All runs of each series, beside the tables under `results/`.
RECORDS = ROOT / ".cache" / "benchmarks"


class Unavailable(Exception):
    """Something that cannot be measured here; its text says why and what to do."""


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


def wrapper(variable: str) -> list[str]:
    """The command that the user puts before others, such as a lock on a shared machine."""
    return shlex.split(os.environ.get(variable, ""))


def call(arguments: list, *, quiet: bool = False, what: str, build: bool = False) -> str:
    """The standard output of a command; `Unavailable` with the end of its errors where it fails."""
    prefix = wrapper("ACT_BENCH_BUILD") if build else []
    result = subprocess.run(
        [*prefix, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if quiet else None,
        text=True,
        cwd=ROOT,
    )
    if result.returncode:
        lines = (result.stderr or "").strip().splitlines()
        raise Unavailable(f"{what}: {lines[-1] if lines else f'exit code {result.returncode}'}")
    return result.stdout


def processors() -> int:
    return len(os.sched_getaffinity(0))


def describe() -> str:
    """The processor, its count and its features that matter here."""
    fields: dict[str, str] = {}
    with open("/proc/cpuinfo") as file:
        for line in file:
            name, _, value = line.partition(":")
            fields.setdefault(name.strip(), value.strip())
    flags = set(fields.get("flags", "").split())
    known = ["avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8"]
    features = ", ".join(flag for flag in known if flag in flags) or platform.machine()
    model = fields.get("model name", platform.processor())
    family = f"family {fields.get('cpu family', '?')} model {fields.get('model', '?')}"
    return f"{processors()} processors of {model} ({family}; {features})"


def today() -> str:
    return datetime.date.today().isoformat()


def is_newer(path: pathlib.Path, *sources: pathlib.Path) -> bool:
    """Whether a made file is there and no older than what it was made of."""
    return path.exists() and all(path.stat().st_mtime >= source.stat().st_mtime for source in sources)


def probe() -> list[str]:
    """The command that probes this machine, compiled where it must be."""
    sources, program = [BENCHMARKS / "probe/probe.c", BENCHMARKS / "limits/limits_of_cpu.c"], HOME / "probe"
    if not is_newer(program, *sources):
        HOME.mkdir(parents=True, exist_ok=True)
        flags = ["-O3", "-std=gnu17", "-I", BENCHMARKS / "limits/include"]
        call(["cc", *flags, "-o", program, *sources, "-lpthread"], what="the probe does not compile")
    return [str(program), str(max(2, processors()))]


def install(peer: str) -> None:
    """Installs a peer, or finds it installed."""
    call([BENCHMARKS / "peers" / "install.sh", peer], what=f"{peer} cannot be installed", build=False)
