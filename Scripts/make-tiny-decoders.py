#!/usr/bin/env python3
"""Write random tiny checkpoints of many families of decoders, and what `transformers` computes for them.

    Scripts/make-tiny-decoders.py [--output Tests/Fixtures] [--only NAME...]

Input: none; everything is seeded. Each checkpoint is a directory `tiny-NAME` as `save_pretrained` leaves it;
CHECKPOINTS says what each is there for. Those of HUB_SPELLING have their `config.json` in the older spelling that most
published checkpoints have. Weights are bf16, or f32 in those of FULL_PRECISION; the reference is computed in f32 from
them.

Output beside each checkpoint, `prompt1.safetensors` and so on (T the prompt's length, V the vocabulary), files that
`actrun run` takes for its --input and its --expected:

    tokens     i32[T]
    logits     f32[T,V]
    SITE       f32[T,…]   `prompt1` only: the output of every module but those that only hold others
    SITE:in    f32[T,…]   `prompt1` of INPUTS only: what each of these reads

A checkpoint of CONTEXTS has a third, as long as the context that it is to be compiled for, past its original one. One
with a window has `long.safetensors`, a prompt of many windows, with the logits of some of its rows (R of them):

    tokens     i32[T]
    rows       i32[R]
    logits     f32[R,V]

Made with Python 3.11, torch 2.13.0 (CPU), transformers 5.24.0, safetensors 0.8.0.
"""

import argparse
import json
import re
import shutil
from pathlib import Path

import torch
import transformers
from module_outputs import module_outputs
from safetensors.torch import load_file, save_file

COMMON = {
    "vocab_size": 96,
    "hidden_size": 40,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 64,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
GATED = {"intermediate_size": 56, "num_key_value_heads": 2, **COMMON}
# For a window: positions for LONG_PROMPT.
WINDOWED = {**GATED, "max_position_embeddings": 512}


def default_rope(base):
    return {"rope_type": "default", "rope_theta": base}


CHECKPOINTS = {
    # A window shorter than the prompts, and heads that are not a share of the width.
    "mistral": ("Mistral", {**WINDOWED, "sliding_window": 9, "head_dim": 12}),
    # Windows from layer 1 on.
    "qwen2-windows": (
        "Qwen2",
        {**WINDOWED, "num_hidden_layers": 3, "use_sliding_window": True, "sliding_window": 6, "max_window_layers": 1},
    ),
    # Norms of heads, biases, and a window where `layer_types` says so; a head of its own.
    "qwen3": (
        "Qwen3",
        {
            **WINDOWED,
            "head_dim": 16,
            "attention_bias": True,
            "use_sliding_window": True,
            "sliding_window": 5,
            "layer_types": ["sliding_attention", "full_attention"],
            "rope_parameters": default_rope(1000000.0),
        },
    ),
    # Tied, without windows, YaRN as Qwen3's card has it.
    "qwen3-yarn": (
        "Qwen3",
        {
            **GATED,
            "head_dim": 12,
            "tie_word_embeddings": True,
            "rope_parameters": {
                "rope_type": "yarn",
                "rope_theta": 10000.0,
                "factor": 4.0,
                "original_max_position_embeddings": 16,
            },
        },
    ),
    # Every parameter of YaRN.
    "llama-yarn": (
        "Llama",
        {
            **GATED,
            "head_dim": 24,
            "rope_parameters": {
                "rope_type": "yarn",
                "rope_theta": 5000.0,
                "factor": 4.0,
                "original_max_position_embeddings": 24,
                "beta_fast": 3.0,
                "beta_slow": 0.5,
                "mscale": 1.5,
                "mscale_all_dim": 0.5,
                "truncate": False,
            },
        },
    ),
    # A base that follows the context.
    "llama-dynamic": (
        "Llama",
        {
            **GATED,
            "head_dim": 12,
            "max_position_embeddings": 24,
            "rope_parameters": {"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 3.0},
        },
    ),
    "gemma": ("Gemma", {**GATED, "head_dim": 12, "attention_bias": True, "hidden_act": "gelu"}),
    # Caps, windows in every other layer, a scale of its own.
    "gemma2": (
        "Gemma2",
        {
            **WINDOWED,
            "num_hidden_layers": 3,
            "head_dim": 12,
            "sliding_window": 6,
            "query_pre_attn_scalar": 20,
            "attn_logit_softcapping": 2.0,
            "final_logit_softcapping": 3.0,
        },
    ),
    # Neither caps nor a tied embedding; biases, and windows where `layer_types` says so.
    "gemma2-plain": (
        "Gemma2",
        {
            **WINDOWED,
            "head_dim": 16,
            "sliding_window": 5,
            "layer_types": ["full_attention", "sliding_attention"],
            "attn_logit_softcapping": None,
            "final_logit_softcapping": None,
            "attention_bias": True,
            "tie_word_embeddings": False,
        },
    ),
    # As on the hub: a pattern of windows, and a scaling of global layers.
    "gemma3": (
        "Gemma3Text",
        {
            **WINDOWED,
            "num_hidden_layers": 3,
            "head_dim": 12,
            "sliding_window": 6,
            "sliding_window_pattern": 3,
            "query_pre_attn_scalar": 24,
            "rope_parameters": {
                "full_attention": {"rope_type": "linear", "rope_theta": 100000.0, "factor": 4.0},
                "sliding_attention": {"rope_type": "default", "rope_theta": 5000.0},
            },
        },
    ),
    # As `transformers` 5 writes it, with another kind of scaling in layers of a window, and a cap of the logits.
    "gemma3-types": (
        "Gemma3Text",
        {
            **WINDOWED,
            "head_dim": 8,
            "sliding_window": 7,
            "layer_types": ["full_attention", "sliding_attention"],
            "final_logit_softcapping": 4.0,
            "attention_bias": True,
            "rope_parameters": {
                "full_attention": {"rope_type": "default", "rope_theta": 20000.0},
                "sliding_attention": {"rope_type": "linear", "rope_theta": 1000.0, "factor": 2.0},
            },
        },
    ),
    "phi": ("Phi", {**GATED, "num_attention_heads": 2, "partial_rotary_factor": 0.4}),
    "phi-norms": (
        "Phi",
        {**GATED, "num_key_value_heads": 1, "num_attention_heads": 5, "qk_layernorm": True, "hidden_act": "gelu"},
    ),
    "phi3": ("Phi3", {**WINDOWED, "num_attention_heads": 2, "num_key_value_heads": 1, "sliding_window": 9}),
    # LongRoPE in heads that are rotated in part, on both sides of the original context.
    "phi3-longrope": (
        "Phi3",
        {
            **GATED,
            "num_attention_heads": 2,
            "original_max_position_embeddings": 24,
            "partial_rotary_factor": 0.6,
            "rope_parameters": {
                "rope_type": "longrope",
                "rope_theta": 10000.0,
                "short_factor": [1.0, 1.1, 1.2, 1.3, 1.5, 1.7],
                "long_factor": [1.0, 1.5, 2.0, 3.0, 5.0, 8.0],
            },
        },
    ),
    "gpt2": (
        "GPT2",
        {
            "vocab_size": 96,
            "n_embd": 36,
            "n_layer": 2,
            "n_head": 3,
            "n_positions": 48,
            "bos_token_id": 1,
            "eos_token_id": 2,
        },
    ),
    # Unscaled scores but for the layer's number, an MLP of its own width, an untied head.
    "gpt2-scaled": (
        "GPT2",
        {
            "vocab_size": 96,
            "n_embd": 32,
            "n_layer": 3,
            "n_head": 4,
            "n_inner": 52,
            "n_positions": 48,
            "scale_attn_weights": False,
            "scale_attn_by_inverse_layer_idx": True,
            "activation_function": "relu",
            "tie_word_embeddings": False,
            "bos_token_id": 1,
            "eos_token_id": 2,
        },
    ),
    "gpt-neox": ("GPTNeoX", {**COMMON, "intermediate_size": 56, "num_attention_heads": 2, "rotary_pct": 0.3}),
    # One after the other, without biases in attention, whole heads; its head as the hub names it.
    "gpt-neox-serial": (
        "GPTNeoX",
        {
            **COMMON,
            "intermediate_size": 72,
            "use_parallel_residual": False,
            "attention_bias": False,
            "rotary_pct": 1.0,
            "rotary_emb_base": 5000,
            "hidden_act": "quick_gelu",
        },
    ),
    # Norms before; the words a tied embedding.
    "opt": ("OPT", {**COMMON, "ffn_dim": 56}),
    # As opt-350m: norms behind, a narrower embedding. No biases in linear layers.
    "opt-projected": (
        "OPT",
        {
            **COMMON,
            "ffn_dim": 56,
            "word_embed_proj_dim": 24,
            "do_layer_norm_before": False,
            "enable_bias": False,
            "activation_function": "gelu",
        },
    ),
    # Norms without weights, and none behind the last layer; a head of its own.
    "opt-bare": (
        "OPT",
        {
            **COMMON,
            "ffn_dim": 56,
            "layer_norm_elementwise_affine": False,
            "_remove_final_layer_norm": True,
            "tie_word_embeddings": False,
        },
    ),
    "olmo2": (
        "Olmo2",
        {**GATED, "hidden_act": "relu2", "rope_parameters": default_rope(500000.0), "attention_bias": True},
    ),
    "stablelm": ("StableLm", {**GATED, "num_attention_heads": 2, "partial_rotary_factor": 0.3}),
    "stablelm-parallel": (
        "StableLm",
        {
            **GATED,
            "num_attention_heads": 5,
            "num_key_value_heads": 5,
            "use_qkv_bias": True,
            "qk_layernorm": True,
            "use_parallel_residual": True,
            "tie_word_embeddings": True,
        },
    ),
    "granite": (
        "Granite",
        {
            **GATED,
            "head_dim": 12,
            "attention_bias": True,
            "mlp_bias": True,
            "embedding_multiplier": 12.0,
            "attention_multiplier": 0.15,
            "residual_multiplier": 0.22,
            "logits_scaling": 4.0,
        },
    ),
    "cohere": ("Cohere", {**GATED, "num_attention_heads": 2, "num_key_value_heads": 1}),
    # Norms of heads, biases, a head of its own.
    "cohere-norms": (
        "Cohere",
        {
            **GATED,
            "head_dim": 12,
            "use_qk_norm": True,
            "attention_bias": True,
            "logit_scale": 0.5,
            "tie_word_embeddings": False,
            "rope_parameters": {"rope_type": "linear", "rope_theta": 20000.0, "factor": 2.0},
        },
    ),
    # A mixture in every layer, of which each token takes two; the window is Mistral's.
    "mixtral": (
        "Mixtral",
        {**GATED, "head_dim": 12, "num_local_experts": 5, "num_experts_per_tok": 2, "sliding_window": 9},
    ),
    # All experts but one, in `transformers` 5's own spelling of the tensors; tied.
    "mixtral-stacked": (
        "Mixtral",
        {
            **GATED,
            "intermediate_size": 37,
            "num_local_experts": 3,
            "num_experts_per_tok": 2,
            "tie_word_embeddings": True,
            "hidden_act": "gelu",
        },
    ),
    # An MLP in the middle layer, and windows by its place; the scores of the chosen sum to less than 1.
    "qwen2-moe": (
        "Qwen2Moe",
        {
            **GATED,
            "num_hidden_layers": 3,
            "num_experts": 7,
            "num_experts_per_tok": 3,
            "moe_intermediate_size": 21,
            "shared_expert_intermediate_size": 34,
            "mlp_only_layers": [1],
            "use_sliding_window": True,
            "sliding_window": 6,
            "max_window_layers": 1,
        },
    ),
    # Experts in every second layer, weights that sum to 1, and neither biases nor windows; tied.
    "qwen2-moe-sparse": (
        "Qwen2Moe",
        {
            **GATED,
            "num_hidden_layers": 4,
            "num_experts": 6,
            "num_experts_per_tok": 1,
            "moe_intermediate_size": 24,
            "shared_expert_intermediate_size": 19,
            "decoder_sparse_step": 2,
            "norm_topk_prob": True,
            "qkv_bias": False,
            "tie_word_embeddings": True,
            "layer_types": ["full_attention"] * 4,
        },
    ),
    "qwen3-moe": (
        "Qwen3Moe",
        {
            **GATED,
            "head_dim": 12,
            "num_experts": 9,
            "num_experts_per_tok": 4,
            "moe_intermediate_size": 17,
            "norm_topk_prob": True,
            "rope_parameters": default_rope(1000000.0),
        },
    ),
    # An MLP in the last layer, biases, a window for all, and scores as they are.
    "qwen3-moe-windows": (
        "Qwen3Moe",
        {
            **GATED,
            "num_experts": 4,
            "num_experts_per_tok": 3,
            "moe_intermediate_size": 33,
            "attention_bias": True,
            "mlp_only_layers": [1],
            "use_sliding_window": True,
            "sliding_window": 7,
            "tie_word_embeddings": True,
            "hidden_act": "relu2",
        },
    ),
}

# The original context, which the second prompt fills, and one past it.
CONTEXTS = {"llama-dynamic": (24, 57), "phi3-longrope": (24, 53)}
# Tokens of the prompt of many windows, and every how many of its rows have their logits recorded.
LONG_PROMPT, LONG_PROMPT_STEP = 330, 14
HUB_SPELLING = (
    "qwen2-windows",
    "qwen3-yarn",
    "llama-dynamic",
    "gemma2-plain",
    "gemma3",
    "phi",
    "phi3-longrope",
    "gpt2",
    "gpt-neox-serial",
    "stablelm",
    "granite",
    "mixtral",
    "qwen2-moe",
    "qwen3-moe",
)
FULL_PRECISION = ("mistral", "qwen3", "gemma3", "opt-projected", "qwen2-moe-sparse", "qwen3-moe")
# Checkpoints of which what modules read is recorded too: one of each kind of layer.
INPUTS = (
    "mistral",
    "gemma2",
    "phi-norms",
    "phi3",
    "gpt2",
    "gpt-neox",
    "opt-projected",
    "olmo2",
    "stablelm-parallel",
    "granite",
    "cohere-norms",
    "mixtral",
    "qwen2-moe",
)
# Checkpoints whose experts lie in one tensor, as modules of `transformers` 5 have them.
STACKED = ("mixtral-stacked", "qwen3-moe-windows")
# Checkpoints of the base model's names, as old ones have them, under the architecture of the whole model.
BASE_NAMES = {"gpt2": "transformer.", "opt-projected": "model."}
# Modules that hold others, whose output is a tuple or that of the last module in them; and what is not there.
CONTAINERS = re.compile(
    r"(model|transformer|gpt_neox|model\.decoder|.*\.(self_attn|attention|attn|mlp|shared_expert|rotary_emb)|rotary_emb"
    r"|.*drop.*|.*_layernorm\.norms.*)?"
)


def spell_as_on_the_hub(path):
    """Rewrite a `config.json` as `transformers` 4 wrote it."""
    config = json.loads(path.read_text())
    rope = config.pop("rope_parameters", None)
    if rope:
        if "full_attention" in rope:
            config["rope_local_base_freq"] = rope["sliding_attention"]["rope_theta"]
            rope = rope["full_attention"]
        config["rope_theta"] = rope.pop("rope_theta")
        share = rope.pop("partial_rotary_factor", None)
        if share is not None:
            config["partial_rotary_factor"] = share
        rope.setdefault("rope_type", "default")
        config["rope_scaling"] = rope if rope["rope_type"] != "default" else None
        if config["model_type"] == "gpt_neox":
            config["rotary_emb_base"] = config.pop("rope_theta")
            config["rotary_pct"] = config.pop("partial_rotary_factor")
    if config.pop("layer_types", None) and config["model_type"] == "gemma3_text":
        config["sliding_window_pattern"] = config.pop("_sliding_window_pattern", 6)
    if config["model_type"] == "qwen3_moe":
        config["num_experts"] = config.pop("num_local_experts")
    config["torch_dtype"] = config.pop("dtype")
    config["transformers_version"] = "4.43.0"
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def randomise(model, generator):
    """Draw every parameter anew: matrices by fan-in, gains around what they begin with, biases around 0."""
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if name.endswith("bias"):
            parameter.data = 0.2 * noise
        elif "norm" in name or re.search(r"\bln_", name):
            parameter.data = parameter.data.mean() + 0.3 * noise
        elif "embed" in name or re.search(r"\bw[tp]e\b", name):
            parameter.data = 0.3 * noise
        elif name.endswith(("c_attn.weight", "c_proj.weight", "c_fc.weight")):
            parameter.data = 1.5 * noise / parameter.shape[0] ** 0.5
        else:
            parameter.data = 1.5 * noise / parameter.shape[-1] ** 0.5
    model.tie_weights()


def expert_outputs(module, arguments):
    """What each layer of the experts gives, and what some of them read, for each token and each expert that it chose:
    f32[T,k,…]; and the output of all.

    The modules compute an expert at a time, and keep none of it. Checked against what they give.
    """
    x, chosen, weights = arguments
    both = torch.einsum("td,tkid->tki", x, module.gate_up_proj[chosen])
    gate, up = both.chunk(2, dim=-1)
    active = module.act_fn(gate)
    down = torch.einsum("tki,tkdi->tkd", active * up, module.down_proj[chosen])
    layers = {"gate_proj": gate, "up_proj": up, "act_fn": active, "down_proj": down}
    inputs = {"act_fn:in": gate, "down_proj:in": active * up}
    return layers, inputs, (down * weights[..., None]).sum(1)


def record(model, tokens, sites, inputs=False):
    """Run one prompt; its logits and, with `sites`, the outputs of the modules, with `inputs` what they read too."""

    def rows(output):
        # Heads before rows.
        if output.ndim == 4 and output.shape[1] != len(tokens):
            output = output.transpose(1, 2)
        # OPT and experts have their rows in one axis with the batch.
        shape = output.shape[2:] if output.ndim > 2 else output.shape[1:]
        return output.reshape(len(tokens), *shape)

    def is_wanted(name, module):
        if not sites or name.endswith(".experts.act_fn"):
            return False
        if type(module).__name__.endswith("SparseMoeBlock"):
            return True
        return not CONTAINERS.fullmatch(name) and not isinstance(module, torch.nn.ModuleList)

    experts, hooks = {}, []

    def keep(name):
        return lambda module, arguments: experts.update({name: (module, arguments)})

    for name, module in model.named_modules():
        if sites and name.endswith(".experts"):
            hooks.append(module.register_forward_pre_hook(keep(name)))
    with torch.no_grad(), module_outputs(model, is_wanted, rows, inputs) as outputs:
        logits = model(tokens[None].long()).logits[0]
        for name, (module, arguments) in experts.items():
            layers, read, total = expert_outputs(module, arguments)
            torch.testing.assert_close(total, outputs[name], rtol=1e-4, atol=1e-5)
            layers |= read if inputs else {}
            outputs |= {f"{name}.{layer}": output.clone() for layer, output in layers.items()}
    for hook in hooks:
        hook.remove()
    return {"tokens": tokens.int(), "logits": logits.clone(), **outputs}


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--output", type=Path, default=Path("Tests/Fixtures"))
    arguments.add_argument("--only", nargs="*", default=[], metavar="NAME")
    options = arguments.parse_args()

    for seed, (name, (family, settings)) in enumerate(CHECKPOINTS.items(), start=101):
        if options.only and name not in options.only:
            continue
        directory = options.output / f"tiny-{name}"
        shutil.rmtree(directory, ignore_errors=True)
        generator = torch.Generator().manual_seed(seed)
        config = getattr(transformers, f"{family}Config")(**settings)
        config._attn_implementation = "eager"
        torch.manual_seed(seed)
        model = transformers.AutoModelForCausalLM.from_config(config).eval()
        randomise(model, generator)
        model.to(torch.float32 if name in FULL_PRECISION else torch.bfloat16)
        model.save_pretrained(directory, save_original_format=name not in STACKED)
        (directory / "generation_config.json").unlink(missing_ok=True)
        if name in BASE_NAMES:
            path = directory / "model.safetensors"
            tensors = {key.removeprefix(BASE_NAMES[name]): tensor for key, tensor in load_file(path).items()}
            save_file(tensors, path, metadata={"format": "pt"})
        if name in HUB_SPELLING:
            spell_as_on_the_hub(directory / "config.json")

        lengths = (7, *CONTEXTS.get(name, (41,)))
        for number, length in enumerate(lengths, start=1):
            # Anew each time: a model that has seen a long text keeps its frequencies.
            model = transformers.AutoModelForCausalLM.from_pretrained(
                directory, dtype=torch.float32, attn_implementation="eager", experts_implementation="eager"
            ).eval()
            tokens = torch.randint(3, config.vocab_size, (length,), generator=generator)
            recorded = record(model, tokens, sites=number == 1, inputs=number == 1 and name in INPUTS)
            save_file(recorded, directory / f"prompt{number}.safetensors")
            logits = recorded["logits"]
            print(f"{name}: {length} tokens, logits {logits.mean():.2f} ± {logits.std():.2f}")
        if "sliding_window" in settings:
            tokens = torch.randint(3, config.vocab_size, (LONG_PROMPT,), generator=generator)
            recorded = record(model, tokens, sites=False)
            rows = torch.arange(LONG_PROMPT - 1, -1, -LONG_PROMPT_STEP).flip(0)
            recorded = {**recorded, "rows": rows.int(), "logits": recorded["logits"][rows].clone()}
            save_file(recorded, directory / "long.safetensors")


if __name__ == "__main__":
    main()
