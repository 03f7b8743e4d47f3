#!/usr/bin/env python3
"""Compare checkpoints that `actc bake` writes, as `transformers` and llama.cpp run them, with the frozen plan.

    Scripts/check-baked.py [--bin .build/release] [--fixtures Tests/Fixtures] [--only NAME...]
    Scripts/check-baked.py --model DIR [--bin …] [--llama-cpp DIR --library LIB]

The first form takes the small checkpoints of the fixtures: for each of CASES it draws a random map at some sites, bakes
it at a strength, loads the directory with `transformers`, and compares the logits with those of `actrun` for a plan in
which the same map is frozen. A tensor that `transformers` misses or does not expect is a failure.

The second does the same with a real model, at the outputs of attention. With `--llama-cpp`, a checkout of llama.cpp,
the directory is converted by its converter to f32, and with `--library`, a build of libllama, and the Python package of
llama-cpp-python at hand, llama.cpp's logits are compared too.

Prints the largest error over the largest logit of each case; exits with 1 where one is above 1e-5, with a real model,
whose sums are longer, above 5e-5, or of llama.cpp above 1e-3.

Used with Python 3.11, torch 2.13.0 (CPU), transformers 5.24.0, and the llama.cpp of llama-cpp-python 0.3.36.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy
import torch
from llama_logits import llama_logits
from safetensors.numpy import load_file, save_file
from transformers import AutoModelForCausalLM
from transformers.utils import logging

FORMS = {
    "affine": (
        """
  %scaled = mul %x, %a : f32[T,D]
  %moved = add %scaled, %b : f32[T,D]
  %change = sub %moved, %x : f32[T,D]
  %part = mul %change, %strength : f32[T,D]
  %y = add %x, %part : f32[T,D]""",
        ["a", "b"],
    ),
    "scale": (
        """
  %scaled = mul %x, %a : f32[T,D]
  %change = sub %scaled, %x : f32[T,D]
  %part = mul %change, %strength : f32[T,D]
  %y = add %x, %part : f32[T,D]""",
        ["a"],
    ),
    "shift": (
        """
  %part = mul %b, %strength : f32[D]
  %y = add %x, %part : f32[T,D]""",
        ["b"],
    ),
}

# Checkpoint, form of the map, sites.
CASES = [
    ("tiny-plain", "affine", r"re:.*(_layernorm|_proj)"),
    ("tiny-plain", "shift", r"re:model\.layers\.[0-9]+"),
    ("tiny-plain", "scale", "*.act_fn"),
    ("tiny-tied", "affine", "model.embed_tokens"),
    ("tiny-gqa", "affine", r"re:.*(_layernorm|[a-z]_proj)"),
    ("tiny-mistral", "scale", r"re:.*(norm|_proj)"),
    ("tiny-qwen2", "affine", r"re:.*(_layernorm|_proj)"),
    ("tiny-qwen2", "affine", "*.input_layernorm"),
    ("tiny-qwen2-windows", "affine", "*.input_layernorm"),
    ("tiny-qwen3", "affine", r"re:.*(input_layernorm|o_proj)"),
    ("tiny-qwen3", "scale", r"re:.*(norm|_proj)"),
    ("tiny-gemma", "affine", r"re:.*(input_layernorm|o_proj)"),
    ("tiny-gemma2", "affine", r"re:.*(input_layernorm|o_proj)"),
    ("tiny-gemma2", "scale", r"re:.*(norm|_proj)"),
    ("tiny-gemma3", "affine", r"re:.*(input_layernorm|o_proj)"),
    ("tiny-gemma3", "scale", r"re:.*(norm|_proj)"),
    ("tiny-phi", "shift", r"re:model\.layers\.[0-9]+"),
    ("tiny-phi3", "scale", r"re:.*(norm|_proj)"),
    ("tiny-gpt2", "affine", r"re:.*(ln_1|ln_2|c_attn|c_proj|c_fc)"),
    ("tiny-gpt2", "shift", r"re:transformer\.h\.[0-9]+"),
    ("tiny-gpt-neox", "affine", r"re:.*(layernorm|query_key_value|dense|4h|_to_h)"),
    ("tiny-gpt-neox", "shift", r"re:gpt_neox\.layers\.[0-9]+"),
    ("tiny-opt", "shift", r"re:model\.decoder\.layers\.[0-9]+"),
    ("tiny-olmo2", "affine", "*.o_proj"),
    ("tiny-stablelm", "affine", "*_layernorm"),
    ("tiny-granite", "affine", r"re:.*(_layernorm|_proj)"),
    ("tiny-granite", "shift", r"re:model\.layers\.[0-9]+"),
    ("tiny-cohere", "scale", "*norm"),
    ("tiny-mixtral", "scale", "*norm"),
    ("tiny-qwen2-moe", "affine", "*.input_layernorm"),
    ("tiny-qwen3-moe", "affine", r"re:.*(input_layernorm|o_proj)"),
]
STRENGTH = "0.75"


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr}")
    return done.stdout


def write_map(path, form, sites, generator):
    """A map of random parameters at the sites, a list of names and widths."""
    body, names = FORMS[form]
    inputs = ", ".join(f"%{name}: f32[D]" for name in names)
    tensors = {}
    for site, width in sites:
        for name in names:
            low, high = (0.5, 1.5) if name == "a" else (-0.5, 0.5)
            tensors[f"{site}/{name}"] = generator.uniform(low, high, width).astype(numpy.float32)
    save_file(
        tensors,
        path,
        metadata={
            "format": "act-map",
            "format_version": "1",
            "method": form,
            "method_version": "1",
            "transport": f"graph @{form}(%x: f32[T,D], {inputs}, %strength: f32[]) {{{body}\n  return %y\n}}\n",
            "parameters": json.dumps(names),
            "sites": json.dumps([{"name": site, "width": width} for site, width in sites]),
            "model_fingerprint": "0" * 64,
            "token_scope": "all",
            "skip_first": "0",
        },
    )


def matching_sites(binary, model, pattern):
    """The names and widths of the sites that match."""
    listed = json.loads(run(binary / "actc", "sites", model, "--sites", pattern, "--json"))
    return [(site["name"], int(site["type"].rstrip("]").split(",")[-1])) for site in listed]


def baked_logits(options, baked, scratch, tokens):
    """What llama.cpp computes for a checkpoint that its own converter has converted."""
    gguf = scratch / "baked.gguf"
    converter = options.llama_cpp / "convert_hf_to_gguf.py"
    run(sys.executable, converter, baked, "--outtype", "f32", "--outfile", gguf)
    os.environ["LLAMA_CPP_LIB_PATH"] = str(options.library.parent)
    logits = llama_logits(gguf, tokens)
    if logits is None:
        sys.exit(f"llama.cpp does not load {baked}")
    return logits


def check(options, model, form, pattern, scratch):
    """Bakes a map and compares; returns the worst error over what is allowed."""
    generator = numpy.random.default_rng(14)
    binary = options.bin
    sites = matching_sites(binary, model, pattern)
    maps = scratch / "m.maps.safetensors"
    write_map(maps, form, sites, generator)
    given = ["--maps", f"m={maps}", "--force", "fingerprint"]
    baked = scratch / "baked"
    run(
        *(binary / "actc", "bake", model, *given, "--strength", f"m={STRENGTH}", "--dtype", "f32"),
        *("--no-measure", "-o", baked),
    )
    plan, tokens_file, logits_file = scratch / "x.plan", scratch / "tokens.safetensors", scratch / "logits.safetensors"
    run(
        *(binary / "actc", "compile", model, *given, "--freeze", f"m={STRENGTH}"),
        *("--weights", "f32", "--kv", "f32", "-o", plan),
    )
    loaded, report = AutoModelForCausalLM.from_pretrained(
        baked,
        dtype=torch.float32,
        attn_implementation="eager",
        experts_implementation="eager",
        output_loading_info=True,
    )
    strays = [*report["missing_keys"], *report["unexpected_keys"], *report["mismatched_keys"]]
    if strays:
        sys.exit(f"{model} {pattern}: transformers misses or does not expect {strays[:5]}")
    vocabulary = loaded.config.vocab_size
    tokens = generator.integers(3, vocabulary, 21).astype(numpy.int32)
    save_file({"tokens": tokens}, tokens_file)
    run(binary / "actrun", "run", plan, "--input", tokens_file, "-o", logits_file)
    wanted = load_file(logits_file)["logits"]
    with torch.no_grad():
        found = loaded.eval()(torch.from_numpy(tokens.astype(numpy.int64))[None]).logits[0].numpy()
    error = abs(found - wanted).max() / abs(wanted).max()
    line = f"{model.name:20} {form:7} {pattern:50} {len(sites):3} sites: transformers {error:.1e}"
    worst = error / (5e-5 if options.model else 1e-5)
    if options.library:
        error = abs(baked_logits(options, baked, scratch, tokens) - wanted).max() / abs(wanted).max()
        line += f", llama.cpp {error:.1e}"
        worst = max(worst, error / 1e-3)
    print(line, flush=True)
    return worst


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=Path, default=Path(".build/release"))
    parser.add_argument("--fixtures", type=Path, default=Path("Tests/Fixtures"))
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--llama-cpp", type=Path, metavar="DIR")
    parser.add_argument("--library", type=Path)
    options = parser.parse_args()
    logging.disable_progress_bar()
    if options.model:
        cases = [(options.model, "affine", "*.o_proj"), (options.model, "affine", "*_layernorm")]
    else:
        cases = [(options.fixtures / name, *rest) for name, *rest in CASES if not options.only or name in options.only]
    worst = 0
    for model, form, pattern in cases:
        with tempfile.TemporaryDirectory() as scratch:
            worst = max(worst, check(options, model, form, pattern, Path(scratch)))
    sys.exit(int(worst > 1))


if __name__ == "__main__":
    main()
