#!/usr/bin/env python3
"""Write control vectors, adapters and conceptors, and what others compute with them.

    Scripts/make-conversion-fixtures.py --llama-cpp DIR --library LIB --actc ACTC [--fixtures Tests/Fixtures]

DIR is a checkout of llama.cpp (the sdist of llama-cpp-python holds one), LIB a build of libllama from it, with the
Python package of llama-cpp-python at hand. Everything is seeded. Output, in `FIXTURES/convert`:

    MODEL.gguf              a control vector for a small model, written by gguf-py as repeng does: random directions
                            for all blocks that llama.cpp reaches
    MODEL.safetensors       tokens i32[T], and llama.cpp's logits_λ f32[T,V] in f32 with the vector times λ,
                            after it has gone through `actc convert`, to a map and back
    NAME.maps.safetensors   maps with random parameters at linear layers of a checkpoint
    NAME.safetensors        tokens i32[T]; `hooks`, the logits of `transformers` with the map at strength 0.8, by
                            `Examples/transformers`; `peft`, those with the adapter that `actc convert` makes of it
    ml-act, reft            maps that the scripts that convert made of folders that this writes, and the logits of
                            `transformers` with hooks that compute as ml-act and pyreft do: `logits_λ`
    conceptors.json         pairs of conceptors, rounded to f32, and their AND, OR and NOT by singular values in f64

Made with Python 3.11, torch 2.13.0 (CPU), transformers 5.24.0, peft 0.21.2, and llama.cpp of llama-cpp-python 0.3.36.
"""

import argparse
import json
import os
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy
import torch
from llama_logits import llama_logits
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

# A checkpoint, and models of f32, in which llama.cpp rounds least.
CONTROLLED = ["tiny-plain", "gguf/llama3-other.gguf", "tiny-qwen2"]
STRENGTHS = [0.0, 0.5, 1.0]
LOW_RANK = """graph @low_rank(%x: f32[T,D], %U: f32[D,R], %V: f32[R,D], %t: f32[D], %strength: f32[]) {
  %along = linear %x, %V : f32[T,R]
  %inner = mul %along, %strength : f32[T,R]
  %change = linear %inner, %U : f32[T,D]
  %part = mul %t, %strength : f32[D]
  %moved = add %x, %change : f32[T,D]
  %y = add %moved, %part : f32[T,D]
  return %y
}
"""
DIAGONAL = """graph @diagonal(%x: f32[T,D], %slope: f32[D], %shift: f32[D], %strength: f32[]) {
  %scaled = mul %x, %slope : f32[T,D]
  %moved = add %scaled, %shift : f32[T,D]
  %change = sub %moved, %x : f32[T,D]
  %part = mul %change, %strength : f32[T,D]
  %y = add %x, %part : f32[T,D]
  return %y
}
"""
# Name: checkpoint, function, the shapes of parameters, a part of the names of the sites.
ADAPTED = {
    "low-rank": ("tiny-gqa", LOW_RANK, {"U": ("D", 3), "V": (3, "D"), "t": ("D",)}, ("o_proj", "v_proj", "gate_proj")),
    "diagonal": ("tiny-qwen2", DIAGONAL, {"slope": ("D",), "shift": ("D",)}, ("k_proj", "down_proj")),
    "transposed": ("tiny-gpt2", LOW_RANK, {"U": ("D", 2), "V": (2, "D"), "t": ("D",)}, ("c_attn", "mlp.c_proj")),
}
STRENGTH = 0.8


def load(path):
    return AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32, attn_implementation="eager").eval()


def tokens_of(model, generator):
    return torch.randint(3, model.config.vocab_size, (13,), generator=generator)


def logits_of(model, tokens):
    with torch.no_grad():
        return model(tokens[None]).logits[0].contiguous()


# Control vectors


def write_vector(path, directions, hint):
    import gguf

    writer = gguf.GGUFWriter(path, "controlvector")
    writer.add_string("controlvector.model_hint", hint)
    writer.add_uint32("controlvector.layer_count", len(directions))
    for number, direction in directions.items():
        writer.add_tensor(f"direction.{number}", direction)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def read_vector(path):
    import gguf

    return {int(t.name.split(".")[1]): numpy.array(t.data) for t in gguf.GGUFReader(path).tensors}


def blocks_of(model):
    return next(m for name, m in model.named_modules() if name.endswith((".layers", ".h")))


def shifted(block, direction):
    """Adds a direction to the output of a block, by a hook."""

    def hook(module, given, output):
        if isinstance(output, tuple):
            return (output[0] + direction, *output[1:])
        return output + direction

    direction = torch.from_numpy(direction)
    return block.register_forward_hook(hook)


def sizes_of(path):
    """The blocks, the width and the vocabulary of a GGUF model."""
    import gguf

    reader = gguf.GGUFReader(path)
    name = reader.fields["general.architecture"].contents()
    blocks = reader.fields[f"{name}.block_count"].contents()
    table = next(tensor for tensor in reader.tensors if tensor.name == "token_embd.weight")
    return int(blocks), int(table.shape[0]), int(table.shape[1]), name


def controlled(fixtures, output, models, actc):
    for seed, name in enumerate(CONTROLLED, start=1):
        generator = torch.Generator().manual_seed(seed)
        source, stem, line = fixtures / name, Path(name).stem, f"{name}: "
        with tempfile.TemporaryDirectory() as parent:
            path, model = source, None
            if source.is_dir():
                model, path = load(source), Path(parent) / "model.gguf"
                directory = Path(parent) / source.name
                model.save_pretrained(directory)
                vocabulary = {f"t{index}": index for index in range(model.config.vocab_size)}
                tokenizer = {"model": {"vocab": vocabulary}, "added_tokens": []}
                (directory / "tokenizer.json").write_text(json.dumps(tokenizer))
                models["convert"](directory, "f32", path, {}, fuse_qkv=False)
            count, width, vocabulary, hint = sizes_of(path)
            directions = {n: (0.4 * torch.randn(width, generator=generator)).numpy() for n in range(1, count)}
            write_vector(output / f"{stem}.gguf", directions, hint)
            tokens = torch.randint(3, vocabulary, (13,), generator=generator)
            record = {"tokens": tokens.int()}
            # There and back through `actc`, as llama.cpp reads it.
            there, back = Path(parent) / "x.maps.safetensors", Path(parent) / "x.gguf"
            common = ["--model", source]
            subprocess.run([actc, "convert", output / f"{stem}.gguf", "--to", "map", "-o", there, *common], check=True)
            subprocess.run([actc, "convert", there, "--to", "control-vector", "-o", back, *common], check=True)
            returned = read_vector(back)
            assert returned.keys() == directions.keys()
            assert all((returned[n] == directions[n]).all() for n in directions)
            for strength in STRENGTHS:
                found = llama_logits(path, tokens, returned, strength, count)
                record[f"logits_{strength}"] = torch.from_numpy(found)
                line += f"{strength}: {found.std():.2f} wide"
                if model:
                    blocks = blocks_of(model)
                    hooks = [shifted(blocks[n], strength * direction) for n, direction in directions.items()]
                    wanted = logits_of(model, tokens).numpy()
                    for hook in hooks:
                        hook.remove()
                    line += f", off by {abs(found - wanted).max():.1e} of transformers'"
                line += "; "
        save_file(record, output / f"{stem}.safetensors")
        print(line)


# Adapters


def adapted(fixtures, output, steer, map_files, actc):
    from peft import PeftModel

    for seed, (name, (checkpoint, transport, shapes, parts)) in enumerate(ADAPTED.items(), start=21):
        generator = torch.Generator().manual_seed(seed)
        about = map_files.Model(str(fixtures / checkpoint), actc)
        sites = {}
        for site, width in about.sites.items():
            if site.endswith(parts):
                sites[site] = {
                    key: 0.3 * torch.randn([width if n == "D" else n for n in shape], generator=generator).numpy()
                    for key, shape in shapes.items()
                }
        path = output / f"{name}.maps.safetensors"
        map_files.write_map(path, about, name, transport, sites, {})
        model = load(fixtures / checkpoint)
        tokens = tokens_of(model, generator)
        steer["Map"](model, path, STRENGTH)
        hooks = logits_of(model, tokens)
        with tempfile.TemporaryDirectory() as parent:
            target = Path(parent) / "adapter"
            command = [actc, "convert", path, "--model", fixtures / checkpoint, "--to", "lora"]
            subprocess.run([*command, "--strength", str(STRENGTH), "-o", target], check=True)
            peft = logits_of(PeftModel.from_pretrained(load(fixtures / checkpoint), target).eval(), tokens)
        bare = logits_of(load(fixtures / checkpoint), tokens)
        save_file({"tokens": tokens.int(), "hooks": hooks, "peft": peft}, output / f"{name}.safetensors")
        error = abs(peft - hooks).max() / hooks.square().mean().sqrt()
        print(f"{name}: PEFT is off by {error:.1e}, the map moves the logits by {abs(hooks - bare).max():.2f}")


# What ml-act and pyreft save


def convert_folder(script, states, suffix, target, model, actc, *options, config=None):
    """Write a folder of pickles, and the map file that a script makes of it."""
    with tempfile.TemporaryDirectory() as folder:
        for name, state in states.items():
            torch.save(state, Path(folder) / f"{name}{suffix}")
        if config:
            (Path(folder) / "config.json").write_text(json.dumps(config))
        command = [sys.executable, Path(__file__).parent / script, folder, "--model", model, "--actc", actc]
        subprocess.run([*command, "-o", target, *options], check=True)


def hooked(model, edits, strength):
    """Hooks that apply `edits`, functions by module; a function that takes them away."""
    modules = dict(model.named_modules())

    def hook(edit):
        def apply(module, given, output):
            x = output[0] if isinstance(output, tuple) else output
            y = edit(x, strength)
            return (y, *output[1:]) if isinstance(output, tuple) else y

        return apply

    handles = [modules[name].register_forward_hook(hook(edit)) for name, edit in edits.items()]
    return lambda: [handle.remove() for handle in handles]


def imported(fixtures, output, actc):
    path = fixtures / "tiny-plain"
    model = load(path)
    generator = torch.Generator().manual_seed(41)
    width = model.config.hidden_size

    def rand(*shape):
        return torch.randn(shape, generator=generator)

    states, edits = {}, {}
    for layer in (0, 2):
        name = f"model.layers.{layer}.post_attention_layernorm"
        low, high = rand(width) - 1, rand(width) + 1
        low, high = torch.minimum(low, high), torch.maximum(low, high)
        ends = {"q_0_100": [low - 1, high + 1], "q_5_95": [low, high]}
        w, b = 0.5 + rand(1, width).abs(), rand(1, width)
        states[f"{name}:0"] = {"net.w1": w, "net.b1": b, "quantiles_dict_src": ends, "quantiles_src": "q_5_95"}

        def move(x, strength, w=w, b=b, low=low, high=high):
            inside = ((low < x) & (x < high)).float()
            return inside * (strength * (x * w + b) + (1 - strength) * x) + (1 - inside) * x

        edits[name] = move
    maps = {"ml-act": edits}
    target = output / "ml-act.maps.safetensors"
    options = ("--hook", "linear_ot", "--support", "q_5_95")
    convert_folder("convert-ml-act.py", states, ".statedict", target, path, actc, *options)

    states, edits = {}, {}
    layers, rank = (1, 3), 4
    for layer in layers:
        rotate = torch.linalg.qr(rand(width, rank))[0]
        w, b = 0.3 * rand(rank, width), rand(rank)
        states[f"intkey_layer_{layer}_comp_block_output_unit_pos_nunit_1#0"] = {
            "weight": w,
            "bias": b,
            "rotate_layer": rotate,
        }

        def edit(x, strength, w=w, b=b, rotate=rotate):
            return x + strength * (x @ w.T + b - x @ rotate) @ rotate.T

        edits[f"model.layers.{layer}"] = edit
    maps["reft"] = edits
    config = {
        "representations": [[layer, "block_output", "pos", 1, rank] + [None] * 8 for layer in layers],
        "intervention_types": ["<class 'pyreft.interventions.LoreftIntervention'>"] * len(layers),
        "sorted_keys": [name.removeprefix("intkey_") for name in states],
    }
    target = output / "reft.maps.safetensors"
    convert_folder("convert-pyreft.py", states, ".bin", target, path, actc, "--scope", "all", config=config)

    for name, edits in maps.items():
        tokens = tokens_of(model, generator)
        record = {"tokens": tokens.int()}
        for strength in STRENGTHS:
            remove = hooked(model, edits, strength)
            record[f"logits_{strength}"] = logits_of(model, tokens)
            remove()
        save_file(record, output / f"{name}.safetensors")
        moved = (record["logits_1.0"] - record["logits_0.0"]).square().mean().sqrt() / record["logits_0.0"].std()
        print(f"{name}: moves the logits by {moved:.2f} of their deviation")


# Conceptors


def conceptor_and(c, d, tolerance=1e-6):
    """The AND of two matrices that may be singular, by singular values alone (arXiv 1403.3369)."""
    spaces = []
    for matrix in (c, d):
        left, values, _ = numpy.linalg.svd(matrix)
        spaces.append(left[:, (values > tolerance).sum() :])
    blocked = sum(space @ space.T for space in spaces)
    left, values, _ = numpy.linalg.svd(blocked)
    basis = left[:, (values > tolerance).sum() :]
    if basis.shape[1] == 0:
        return numpy.zeros_like(c)
    inverses = [numpy.linalg.pinv(matrix, rcond=tolerance) for matrix in (c, d)]
    return basis @ numpy.linalg.inv(basis.T @ (sum(inverses) - numpy.eye(len(c))) @ basis) @ basis.T


def conceptors(output):
    generator = numpy.random.default_rng(31)

    def of(samples, aperture=3.0):
        correlation = samples.T @ samples / len(samples)
        return correlation @ numpy.linalg.inv(correlation + numpy.eye(len(correlation)) / aperture**2)

    def samples(count, width, span=None):
        span = numpy.eye(width) if span is None else span
        return generator.normal(size=(count, len(span))) @ span

    identity = numpy.eye(6)
    pairs = {
        "regular": (of(samples(40, 6)), of(samples(40, 6), 0.7)),
        "wide": (of(samples(60, 24)), of(samples(60, 24))),
        "one is singular": (of(samples(4, 6)), of(samples(40, 6))),
        "both are singular, and meet": (of(samples(9, 6, identity[:4])), of(samples(9, 6, identity[2:]))),
        "ranges meet by count": (of(samples(9, 16)), of(samples(12, 16))),
        "ranges do not meet": (of(samples(9, 6, identity[:3])), of(samples(9, 6, identity[3:]))),
        "the same": (of(samples(30, 5)),) * 2,
        "nothing": (numpy.zeros((4, 4)), of(samples(30, 4))),
        "everything": (numpy.eye(4), of(samples(30, 4))),
        "projectors": (numpy.diag([1.0, 1, 0, 0]), numpy.diag([0.0, 1, 1, 0])),
    }
    entries = []
    for name, pair in pairs.items():
        c, d = (matrix.astype(numpy.float32).astype(numpy.float64) for matrix in pair)
        one = numpy.eye(len(c))
        results = {
            "a": c,
            "b": d,
            "and": conceptor_and(c, d),
            "or": one - conceptor_and(one - c, one - d),
            "not": one - c,
        }
        rounded = {key: [[float(f"{x:.10g}") for x in row] for row in value] for key, value in results.items()}
        entries.append({"name": name} | rounded)
    (output / "conceptors.json").write_text(json.dumps(entries) + "\n")
    print(f"conceptors: {len(entries)} pairs")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--llama-cpp", type=Path, required=True, metavar="DIR")
    parser.add_argument("--library", type=Path, required=True, metavar="LIB")
    parser.add_argument("--actc", default="actc")
    parser.add_argument("--fixtures", type=Path, default=Path("Tests/Fixtures"))
    parser.add_argument("--only", nargs="*", choices=["control-vectors", "adapters", "imports", "conceptors"])
    options = parser.parse_args()
    sys.path[:0] = [str(options.llama_cpp), str(options.llama_cpp / "gguf-py")]
    os.environ["LLAMA_CPP_LIB_PATH"] = str(options.library.parent)
    here = Path(__file__).resolve().parent
    output = options.fixtures / "convert"
    output.mkdir(exist_ok=True)

    def wants(part):
        return not options.only or part in options.only

    import map_files

    if wants("conceptors"):
        conceptors(output)
    if wants("control-vectors"):
        controlled(options.fixtures, output, runpy.run_path(here / "make-gguf-models.py"), options.actc)
    steer = runpy.run_path(here / "../Examples/transformers/steer.py")
    if wants("adapters"):
        adapted(options.fixtures, output, steer, map_files, options.actc)
    if wants("imports"):
        imported(options.fixtures, output, options.actc)


if __name__ == "__main__":
    main()
