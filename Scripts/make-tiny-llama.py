#!/usr/bin/env python3
"""Write three random tiny Llama checkpoints and what `transformers` computes for them.

    Scripts/make-tiny-llama.py [--output Tests/Fixtures]

Input: none; everything is seeded. Each checkpoint is a directory as `save_pretrained` leaves it:

    tiny-gqa     grouped heads, untied head, `llama3` rope scaling that bends from position 64 on;
                 f32, several shards with an index; its `config.json` is in the older spelling that most
                 published checkpoints have (`rope_theta`, `rope_scaling`, `torch_dtype`)
    tiny-tied    tied embedding, a head width that is not hidden / heads, biases in attention and MLP,
                 `linear` rope scaling; bf16 (the reference is computed in f32 from those weights)
    tiny-plain   neither scaling nor biases, one shard of f32: the model of the fit fixtures

Weights are wide enough that the logits are far from flat, gains scatter around 1, biases around 0.

Output, `reference.safetensors` beside each checkpoint (T a prompt's length, V the vocabulary, D the width):

    NAME/tokens     i32[T]
    NAME/logits     f32[T,V]
    NAME/SITE       f32[T,D]   `tiny-gqa`, the first prompt only: the output of every module that is a site;
                               a layer's own is the residual stream behind it

Made with Python 3.11, torch 2.13.0 (CPU), transformers 5.23.0, safetensors 0.8.0.
"""

import argparse
import json
import re
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM

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
}

DTYPES = {"tiny-gqa": torch.float32, "tiny-tied": torch.bfloat16, "tiny-plain": torch.float32}
SHARD_SIZES = {"tiny-gqa": "200KB", "tiny-tied": "1MB", "tiny-plain": "1MB"}
LENGTHS = {"tiny-gqa": (41, 120), "tiny-tied": (7, 41), "tiny-plain": (7, 41)}


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
    """Run one prompt; its logits and, where `sites` asks for them, the outputs of the modules."""
    outputs, hooks = {}, []

    def keep(name):
        def hook(module, arguments, output):
            output = output[0] if isinstance(output, tuple) else output
            outputs[name] = output.detach().reshape(tokens.shape[0], -1).clone()

        return hook

    for name, module in model.named_modules():
        if sites and SITE.fullmatch(name):
            hooks.append(module.register_forward_hook(keep(name)))
    with torch.no_grad():
        logits = model(tokens[None].long()).logits[0]
    for hook in hooks:
        hook.remove()
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
        model = LlamaForCausalLM(config).eval()
        randomise(model, generator)
        model.to(DTYPES[name]).save_pretrained(directory, max_shard_size=SHARD_SIZES[name])
        (directory / "generation_config.json").unlink(missing_ok=True)
        if name == "tiny-gqa":
            spell_as_before_version_5(directory / "config.json")

        model = LlamaForCausalLM.from_pretrained(
            directory, dtype=torch.float32, attn_implementation="eager"
        ).eval()
        tensors = {}
        for number, length in enumerate(LENGTHS[name], start=1):
            tokens = torch.randint(3, config.vocab_size, (length,), generator=generator)
            recorded = record(model, tokens, sites=name == "tiny-gqa" and number == 1)
            tensors |= {f"prompt{number}/{key}": value for key, value in recorded.items()}
            logits = recorded["logits"]
            print(f"{name}: {length} tokens, logits {logits.mean():.2f} ± {logits.std():.2f}")
        save_file(tensors, directory / "reference.safetensors")


if __name__ == "__main__":
    main()
