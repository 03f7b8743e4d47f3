"""actc and actrun as contestants."""

import json
import os
import pathlib

from harness import machine, shapes
from harness.machine import MODELS, ROOT, Unavailable, call, is_newer
from harness.series import Contestant, Figures
from harness.shapes import SHAPES

PROMPT = "The lighthouse keeper climbed the stairs and"
NORMS = ["*layernorm", "model.norm"]


def binaries() -> pathlib.Path:
    """Where actc and actrun lie: in ACT_BENCH_BIN, or built here."""
    if folder := os.environ.get("ACT_BENCH_BIN"):
        path = (pathlib.Path.cwd() / folder).resolve()
        if not (path / "actrun").exists():
            raise Unavailable(f"ACT_BENCH_BIN: no actrun in {path}")
        return path
    build = ["swift", "build", "-c", "release"]
    call([ROOT / "Scripts" / "install-dependencies.sh"], what="the build's libraries")
    for product in ["actc", "actrun"]:
        call([*build, "--product", product], what="the tools do not build", build=True)
    return pathlib.Path(call([*build, "--show-bin-path"], what="the tools do not build").strip())


class Tools:
    """The built tools and what they make: the checkpoint, plans, maps."""

    def __init__(self) -> None:
        self.folder = binaries()
        self.actc, self.actrun = self.folder / "actc", self.folder / "actrun"
        self.model = ROOT / ".cache" / "SmolLM2-135M-Instruct"
        MODELS.mkdir(parents=True, exist_ok=True)

    def fetch_model(self) -> pathlib.Path:
        if not (self.model / "model.safetensors").exists():
            call([ROOT / "Scripts" / "get-model.sh", self.actc, self.model], what="the model cannot be had")
        return self.model

    def shape(self, name: str, without: str | None = None) -> pathlib.Path:
        """A random model of a shape, or of one with a feature of its family switched off."""
        shape = SHAPES[name]
        if without:
            shape, name = shape.without_features()[without], f"{name}-without-{without.replace(' ', '-')}"
        folder = MODELS / name
        if not is_newer(folder / "model.safetensors", pathlib.Path(shapes.__file__)):
            machine.say(f"writing a random model in {folder}")
            shapes.write(shape, folder)
        return folder

    def plan(
        self, weights: str, *arguments: str, model: pathlib.Path | None = None, name: str = "bare"
    ) -> pathlib.Path:
        """A plan of the model; compiled again when actc is newer. `Unavailable` where actc refuses."""
        model = model or self.fetch_model()
        plan = MODELS / f"{model.name}-{name}-{weights}.plan"
        if not is_newer(plan, self.actc):
            machine.say(f"compiling {plan.name}")
            call(
                [self.actc, "compile", model, "--weights", weights, *arguments, "-o", plan],
                quiet=True,
                what=f"actc --weights {weights}",
            )
        return plan

    def maps(self, name: str, *arguments: str) -> pathlib.Path:
        """A map at every norm, fitted on the football example; kept as long as actc is not newer.

        What a map costs does not depend on the order it was fitted in, so it is the quick one.
        """
        file, data = MODELS / f"{name}.maps.safetensors", ROOT / "Examples" / "football"
        if not is_newer(file, self.actc):
            machine.say(f"fitting {file.name}")
            call(
                [
                    self.actc,
                    "fit",
                    self.fetch_model(),
                    "--source",
                    data / "source.txt",
                    "--target",
                    data / "target.txt",
                    "--sites",
                    *NORMS,
                    "--simultaneous",
                    *arguments,
                    "-o",
                    file,
                ],
                quiet=True,
                what="actc fit",
            )
        return file

    def bench(
        self,
        name: str,
        group: str,
        plan: pathlib.Path,
        threads: int,
        *arguments: str,
        prompt: int = 512,
        tokens: int = 128,
        repetitions: int = 1,
        environment: dict[str, str] | None = None,
    ) -> Contestant:
        argv = [self.actrun, "bench", plan, "-p", prompt, "-n", tokens, "-r", repetitions, "-t", threads, "--json"]
        return Contestant(name, group, [*map(str, argv), *arguments], parse_bench, environment or {})

    def generate(self, name: str, group: str, plan: pathlib.Path, threads: int, tokens: int) -> Contestant:
        """A cold process that writes so many tokens: its wall time and peak memory."""
        argv = [self.actrun, "generate", plan, "-p", PROMPT, "-n", tokens, "-t", threads, "--temp", 0]
        return Contestant(name, group, list(map(str, argv)), parse_process)


def parse_bench(run: dict) -> Figures:
    report = json.loads(run["output"])
    # The last row is the steered one where there is one.
    row = report["rows"][-1]
    return {
        "prefill": row["prefill_tokens_per_second"],
        "decode": row["decode_tokens_per_second"],
        "prefill_cost": row["prefill_cost"],
        "decode_cost": row["decode_cost"],
        "sampler": report["sampler_seconds_per_token"],
        "tokenizer": report["tokenizer_seconds_per_token"] or 0,
        "load": report["load_seconds"],
    }


def parse_process(run: dict) -> Figures:
    return {"seconds": run["seconds"], "peak_bytes": run["peak_bytes"]}
