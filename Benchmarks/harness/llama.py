"""llama.cpp as a contestant."""

import json
import pathlib

from harness import machine
from harness.machine import BENCHMARKS, HOME, MODELS, call, is_newer
from harness.ours import PROMPT, parse_process
from harness.series import Contestant, Figures

TYPES = {"f32": "F32", "bf16": "BF16", "q8": "Q8_0", "q4": "Q4_0"}


def gguf(weights: str, model: pathlib.Path) -> pathlib.Path:
    """The checkpoint in llama.cpp's form, written by llama.cpp's own tools, or, of a random model, by ours."""
    file, full = MODELS / f"{model.name}-{weights}.gguf", MODELS / f"{model.name}-f32.gguf"
    if not is_newer(full, model / "model.safetensors"):
        machine.say(f"converting {full.name}")
        if (model / "tokenizer.json").exists():
            machine.install("transformers")
            convert = [HOME / "transformers/bin/python", HOME / "llama.cpp/convert_hf_to_gguf.py"]
            arguments = [*convert, model, "--outtype", "f32", "--outfile", full]
        else:
            arguments = [HOME / "tools/bin/python", BENCHMARKS / "peers/write_gguf.py", model, full]
        call(arguments, quiet=True, what="the conversion for llama.cpp")
    if not is_newer(file, full):
        machine.say(f"quantising {file.name}")
        call([HOME / "llama-native/bin/llama-quantize", full, file, TYPES[weights]], quiet=True, what="llama-quantize")
    return file


def bench(
    name: str,
    group: str,
    file: pathlib.Path,
    threads: int,
    *,
    build: str = "native",
    prompt: int = 512,
    tokens: int = 128,
) -> Contestant:
    program = HOME / f"llama-{build}/bin/llama-bench"
    argv = [program, "-m", file, "-p", prompt, "-n", tokens, "-t", threads, "-r", 1, "-o", "json"]
    return Contestant(name, group, list(map(str, argv)), parse_bench)


def generate(name: str, group: str, file: pathlib.Path, threads: int, tokens: int) -> Contestant:
    """A cold process that writes so many tokens; the warm-up, which only delays the first one, is off."""
    argv = [
        HOME / "llama-native/bin/llama-completion",
        "-m",
        file,
        "-p",
        PROMPT,
        "-n",
        tokens,
        "-t",
        threads,
        "--temp",
        0,
        "--no-warmup",
        "-no-cnv",
        "-c",
        2048,
    ]
    return Contestant(name, group, list(map(str, argv)), parse_process)


def parse_bench(run: dict) -> Figures:
    tests = json.loads(run["output"])
    prefill = next(test for test in tests if test["n_gen"] == 0)
    decode = next(test for test in tests if test["n_prompt"] == 0)
    return {"prefill": prefill["avg_ts"], "decode": decode["avg_ts"]}
