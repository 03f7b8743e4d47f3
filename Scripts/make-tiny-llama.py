#!/usr/bin/env python3
"""Write random tiny checkpoints of Llama and its kin, and what `transformers` computes for them.

    Scripts/make-tiny-llama.py [--output Tests/Fixtures]

Input: none; everything is seeded. Each checkpoint is a directory as `save_pretrained` leaves it:

    tiny-gqa     grouped heads, untied head, `llama3` rope scaling that bends from position 64 on;
                 f32, several shards with an index; its `config.json` is in the older spelling that most
                 published checkpoints have (`rope_theta`, `rope_scaling`, `torch_dtype`)
    tiny-tied    tied embedding, a head width that is not hidden / heads, biases in attention and MLP,
                 `linear` rope scaling; bf16 (the reference is computed in f32 from those weights)
    tiny-plain   neither scaling nor biases, one shard of f32: the model of the fit fixtures
    tiny-qwen2   Qwen2: biases on queries, keys and values only; f32

Weights are wide enough that the logits are far from flat, gains scatter around 1, biases around 0.

Output, `prompt1.safetensors` and `prompt2.safetensors` beside each checkpoint (T the prompt's length, V the
vocabulary, D the width), files that `actrun run` takes for its --input and its --expected:

    tokens     i32[T]
    logits     f32[T,V]
    SITE       f32[T,D]   `tiny-gqa` and `tiny-qwen2`, the first prompt only: the output of every module that is
                          a site; a layer's own is the residual stream after it

Made with Python 3.11, torch 2.13.0 (CPU), transformers 5.23.0, safetensors 0.8.0.
"""

import argparse
import json
import re
import shutil
from pathlib import Path

import torch
from module_outputs import module_outputs
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, LlamaConfig, Qwen2Config

SITE = re.compile(
    r"model\.(embed_tokens|norm|layers\.\d+"
    r"(\.(input_layernorm|self_attn\.o_proj|post_attention_layernorm|mlp\.down_proj))?)"
)

COMMON = {"vocab_size": 320, "max_position_embeddings": 512, "bos_token_id": 1, "eos_token_id": 2}

CONFIGS = {
    "tiny-gqa": LlamaConfig(
        hidden_size=64,
        intermediate_size=160,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        tie_word_embeddings=False,
        rope_parameters={
            "rope_type": "llama3",
            "rope_theta": 10000.0,
            "factor": 8.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 64,
        },
        **COMMON,
    ),
    "tiny-tied": LlamaConfig(
        hidden_size=48,
        intermediate_size=112,
        num_hidden_layers=2,
        num_attention_heads=3,
        num_key_value_heads=1,
        head_dim=24,
        attention_bias=True,
        mlp_bias=True,
        tie_word_embeddings=True,
        rope_parameters={"rope_type": "linear", "rope_theta": 10000.0, "factor": 2.0},
        **COMMON,
    ),
    "tiny-plain": LlamaConfig(
        hidden_size=32,
        intermediate_size=72,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        tie_word_embeddings=False,
        **COMMON,
    ),
    "tiny-qwen2": Qwen2Config(
        hidden_size=40,
        intermediate_size=88,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        tie_word_embeddings=False,
        rope_parameters={"rope_type": "default", "rope_theta": 1000000.0},
        **COMMON,
    ),
}

DTYPES = {"tiny-tied": torch.bfloat16}
SHARD_SIZES = {"tiny-gqa": "200KB"}
LENGTHS = {"tiny-gqa": (41, 120)}
RECORDED = ("tiny-gqa", "tiny-qwen2")


def spell_as_before_version_5(path):
    """Rewrite a `config.json` as `transformers` 4 wrote it."""
    config = json.loads(path.read_text())
    rope = config.pop("rope_parameters")
    config["rope_theta"] = rope.pop("rope_theta")
    config["rope_scaling"] = rope
    config["torch_dtype"] = config.pop("dtype")
    config["transformers_version"] = "4.43.0"
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def randomise(model, generator):
    """Draw every parameter anew: matrices by fan-in, gains around 1, biases around 0."""
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if name.endswith("bias"):
            parameter.data = 0.2 * noise
        elif "norm" in name:
            parameter.data = 1 + 0.3 * noise
        elif "embed_tokens" in name:
            parameter.data = 0.3 * noise
        else:
            parameter.data = 1.5 * noise / parameter.shape[1] ** 0.5
    model.tie_weights()


def record(model, tokens, sites):
    """Run one prompt; its logits and, with `sites`, the outputs of the modules."""

    def rows(output):
        return output.reshape(tokens.shape[0], -1)

    with torch.no_grad(), module_outputs(model, lambda name, _: sites and SITE.fullmatch(name), rows) as outputs:
        logits = model(tokens[None].long()).logits[0]
    return {"tokens": tokens.int(), "logits": logits.clone(), **outputs}


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--output", type=Path, default=Path("Tests/Fixtures"))
    options = arguments.parse_args()

    for seed, (name, config) in enumerate(CONFIGS.items(), start=1):
        directory = options.output / name
        shutil.rmtree(directory, ignore_errors=True)
        generator = torch.Generator().manual_seed(seed)
        config._attn_implementation = "eager"
        model = AutoModelForCausalLM.from_config(config).eval()
        randomise(model, generator)
        model.to(DTYPES.get(name, torch.float32))
        model.save_pretrained(directory, max_shard_size=SHARD_SIZES.get(name, "1MB"))
        (directory / "generation_config.json").unlink(missing_ok=True)
        if name == "tiny-gqa":
            spell_as_before_version_5(directory / "config.json")

        model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32, attn_implementation="eager").eval()
        for number, length in enumerate(LENGTHS.get(name, (7, 41)), start=1):
            tokens = torch.randint(3, config.vocab_size, (length,), generator=generator)
            recorded = record(model, tokens, sites=name in RECORDED and number == 1)
            save_file(recorded, directory / f"prompt{number}.safetensors")
            logits = recorded["logits"]
            print(f"{name}: {length} tokens, logits {logits.mean():.2f} ± {logits.std():.2f}")


if __name__ == "__main__":
    main()
