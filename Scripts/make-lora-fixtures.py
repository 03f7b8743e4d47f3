#!/usr/bin/env python3
"""Write adapters of LoRA for small checkpoints, and what PEFT computes with them.

    Scripts/make-lora-fixtures.py [--fixtures Tests/Fixtures]

Input: the checkpoints `tiny-gqa` (a Llama), `tiny-gpt2` and `tiny-mixtral` of the fixtures. Everything is seeded.

Output, in `FIXTURES/lora`, adapters as PEFT saves them, of f32 with random matrices:

    llama-a   rank 4 with alpha 8 on queries and values, but rank 2 with alpha 3 on the values of layer 1
    llama-b   rank 3, scaled by alpha over its root, on all linear layers and on the embedding
    gpt2      rank 4 on `c_attn`, `c_proj` and `c_fc`, whose matrices the checkpoint has as [in, out]
    mixtral   rank 2 with alpha 3 on a router and on some layers of some experts. `transformers` 4 had these as modules;
              5 has not, so that the tensors are written under PEFT's names for them, and the reference has the products
              added to the checkpoint's matrices

and `NAME.safetensors` for each of `llama-a`, `llama-b`, `llama-ab` (both at once, a by 0.5 and b by -1.25), `gpt2` and
`mixtral`:

    tokens   i32[T]
    logits   f32[T,V]   in f32 with eager attention

Made with Python 3.11, torch 2.13.0 (CPU), transformers 5.24.0, peft 0.21.2, safetensors 0.8.0.
"""

import argparse
import json
import shutil
import tempfile
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from peft.tuners.lora import LoraLayer
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

ADAPTERS = {
    "llama-a": {
        "r": 4,
        "lora_alpha": 8,
        "target_modules": ["q_proj", "v_proj"],
        "rank_pattern": {r"layers\.1\.self_attn\.v_proj": 2},
        "alpha_pattern": {r"layers\.1\.self_attn\.v_proj": 3},
    },
    "llama-b": {
        "r": 3,
        "lora_alpha": 2,
        "use_rslora": True,
        "target_modules": ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj", "embed_tokens"],
    },
    "gpt2": {"r": 4, "lora_alpha": 6, "target_modules": ["c_attn", "c_proj", "c_fc"], "fan_in_fan_out": True},
}


def load(fixtures, name):
    checkpoint = "tiny-gqa" if name.startswith("llama") else f"tiny-{name}"
    return AutoModelForCausalLM.from_pretrained(
        fixtures / checkpoint, dtype=torch.float32, attn_implementation="eager"
    ).eval()


def randomise(model, seed):
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            parameter.data = 0.3 * torch.randn(parameter.shape, generator=generator)


def record(model, path, seed):
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(model.config.vocab_size, (11,), generator=generator)
    with torch.no_grad():
        logits = model(tokens[None]).logits[0]
    save_file({"tokens": tokens.int(), "logits": logits.contiguous()}, path)
    return logits


def write_experts(fixtures, output, seed=10):
    """Write the adapter `mixtral` and its record."""
    generator = torch.Generator().manual_seed(seed)
    blocks = [f"model.layers.{layer}.block_sparse_moe" for layer in (0, 1)]
    modules = [f"{blocks[0]}.gate", f"{blocks[0]}.experts.1.w1", f"{blocks[0]}.experts.3.w2"]
    modules += [f"{blocks[1]}.experts.{expert}.w3" for expert in range(5)]
    weights = {name: tensor.float() for name, tensor in load_file(fixtures / "tiny-mixtral/model.safetensors").items()}
    rank, alpha, tensors = 2, 3, {}
    for module in modules:
        rows, columns = weights[f"{module}.weight"].shape
        a = 0.5 * torch.randn(rank, columns, generator=generator)
        b = 0.5 * torch.randn(rows, rank, generator=generator)
        tensors |= {f"base_model.model.{module}.lora_A.weight": a, f"base_model.model.{module}.lora_B.weight": b}
        weights[f"{module}.weight"] += alpha / rank * b @ a
    (output / "mixtral").mkdir()
    save_file(tensors, output / "mixtral/adapter_model.safetensors", metadata={"format": "pt"})
    configuration = {"peft_type": "LORA", "r": rank, "lora_alpha": alpha, "bias": "none", "fan_in_fan_out": False}
    (output / "mixtral/adapter_config.json").write_text(json.dumps(configuration, indent=2, sort_keys=True) + "\n")
    with tempfile.TemporaryDirectory() as directory:
        checkpoint = Path(directory) / "tiny-mixtral"
        checkpoint.mkdir()
        shutil.copy(fixtures / "tiny-mixtral/config.json", checkpoint)
        save_file(weights, checkpoint / "model.safetensors", metadata={"format": "pt"})
        record(load(Path(directory), "mixtral"), output / "mixtral.safetensors", seed)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--fixtures", type=Path, default=Path("Tests/Fixtures"))
    fixtures = arguments.parse_args().fixtures
    output = fixtures / "lora"
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir()

    for seed, (name, options) in enumerate(ADAPTERS.items(), start=1):
        bare = load(fixtures, name)
        before = record(bare, output / f"{name}.safetensors", seed)
        model = get_peft_model(bare, LoraConfig(task_type="CAUSAL_LM", **options)).eval()
        randomise(model, seed)
        model.save_pretrained(output / name)
        for extra in ("README.md",):
            (output / name / extra).unlink(missing_ok=True)
        after = record(model, output / f"{name}.safetensors", seed)
        print(f"{name}: logits move by {(after - before).square().mean().sqrt():.3f} of {before.std():.3f}")

    model = get_peft_model(load(fixtures, "llama"), LoraConfig(task_type="CAUSAL_LM", **ADAPTERS["llama-a"]), "a")
    randomise(model, 1)
    model.add_adapter("b", LoraConfig(task_type="CAUSAL_LM", **ADAPTERS["llama-b"]))
    model = model.eval()
    saved = {"a": torch.Generator().manual_seed(1), "b": torch.Generator().manual_seed(2)}
    for adapter, generator in saved.items():
        for name, parameter in model.named_parameters():
            if "lora_" in name and f".{adapter}" in name:
                parameter.data = 0.3 * torch.randn(parameter.shape, generator=generator)
    model.base_model.set_adapter(["a", "b"])
    for module in model.modules():
        if isinstance(module, LoraLayer):
            for adapter, weight in (("a", 0.5), ("b", -1.25)):
                if adapter in module.scaling:
                    module.scaling[adapter] *= weight
    record(model, output / "llama-ab.safetensors", 9)
    write_experts(fixtures, output)


if __name__ == "__main__":
    main()
