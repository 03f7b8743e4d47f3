#!/usr/bin/env python3
"""Write small GGUF models of every architecture that can be read, by llama.cpp's own converter.

    Scripts/make-gguf-models.py --llama-cpp DIR [--library LIB] [--output Tests/Fixtures/gguf] [--only NAME...]

DIR is a checkout of llama.cpp (the sdist of llama-cpp-python holds one). Each model is random and seeded, made by
`transformers` in MODELS and converted by `conversion/`; its tokenizer is left out. Matrices keep the type of the
checkpoint. Output (T the prompt's length, V the vocabulary, D the width):

    NAME.gguf
    NAME.safetensors    tokens i32[T], and what `transformers` computes for them in f32: logits f32[T,V] of a decoder,
                        last_hidden_state f32[T,D] of an encoder

With --library, a build of libllama, and the Python package of llama-cpp-python at hand, the logits of llama.cpp for
the same file are compared with those, and the difference is printed: how well the converter is understood there.

Made with Python 3.11, torch 2.13.0 (CPU), transformers 5.24.0, and the llama.cpp of llama-cpp-python 0.3.36.
"""

import argparse
import json
import os
import re
import sys
import tempfile
from pathlib import Path

import torch
import transformers
from llama_logits import llama_logits
from safetensors.torch import save_file

COMMON = {
    "vocab_size": 64,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 48,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
GATED = {"intermediate_size": 40, "num_key_value_heads": 2, **COMMON}
EXPERTS = {"num_experts": 5, "num_experts_per_tok": 2, "moe_intermediate_size": 20}
PHI = {**GATED, "intermediate_size": 128, "num_key_value_heads": 4}
BERT = {**COMMON, "intermediate_size": 40, "type_vocab_size": 2}


def rope(base, **others):
    return {"rope_type": "default", "rope_theta": base, **others}


# Name: family, what its configuration has, the element type, and members of `config.json` as the converter reads them.
MODELS = {
    # Biases everywhere, a tied embedding, heads that are not a share of the width, a linear scaling.
    "llama": (
        "Llama",
        {
            **GATED,
            "head_dim": 12,
            "attention_bias": True,
            "mlp_bias": True,
            "tie_word_embeddings": True,
            "rope_parameters": rope(10000.0, factor=2.0) | {"rope_type": "linear"},
        },
        "bf16",
        {},
    ),
    # Llama 3.1's scaling with its published figures, which change the slowest frequencies alone.
    "llama3": (
        "Llama",
        {
            **GATED,
            "rope_parameters": {
                "rope_type": "llama3",
                "rope_theta": 500000.0,
                "factor": 8.0,
                "low_freq_factor": 1.0,
                "high_freq_factor": 4.0,
                "original_max_position_embeddings": 8192,
            },
        },
        "f16",
        {},
    ),
    # The same with other figures.
    "llama3-other": (
        "Llama",
        {
            **GATED,
            "head_dim": 16,
            "rope_parameters": {
                "rope_type": "llama3",
                "rope_theta": 10000.0,
                "factor": 8.0,
                "low_freq_factor": 1.0,
                "high_freq_factor": 4.0,
                "original_max_position_embeddings": 24,
            },
        },
        "f32",
        {},
    ),
    "mistral": ("Mistral", {**GATED, "head_dim": 12, "sliding_window": None}, "bf16", {}),
    "qwen2": ("Qwen2", {**GATED, "rope_parameters": rope(1000000.0)}, "f16", {}),
    "qwen3": (
        "Qwen3",
        {
            **GATED,
            "head_dim": 16,
            "attention_bias": True,
            "rope_parameters": {
                "rope_type": "yarn",
                "rope_theta": 10000.0,
                "factor": 4.0,
                "original_max_position_embeddings": 12,
                "beta_fast": 4.0,
                "beta_slow": 0.5,
            },
        },
        "f32",
        {},
    ),
    "gemma": ("Gemma", {**GATED, "head_dim": 12, "hidden_act": "gelu_pytorch_tanh"}, "bf16", {}),
    # Not f16, in which the converter would round gain + 1.
    "gemma2": (
        "Gemma2",
        {
            **GATED,
            "num_hidden_layers": 3,
            "head_dim": 12,
            "sliding_window": 6,
            "query_pre_attn_scalar": 12,
            "attn_logit_softcapping": 2.0,
            "final_logit_softcapping": 3.0,
        },
        "bf16",
        {},
    ),
    # Six layers of which the last sees all.
    "gemma3": (
        "Gemma3Text",
        {
            **GATED,
            "num_hidden_layers": 6,
            "head_dim": 8,
            "sliding_window": 6,
            "sliding_window_pattern": 6,
            "query_pre_attn_scalar": 8,
            "tie_word_embeddings": False,
            "final_logit_softcapping": 4.0,
            "rope_parameters": {
                "full_attention": rope(100000.0, factor=4.0) | {"rope_type": "linear"},
                "sliding_attention": rope(5000.0),
            },
        },
        "bf16",
        {},
    ),
    "phi2": ("Phi", {**PHI, "partial_rotary_factor": 0.5}, "f16", {}),
    "phi3": (
        "Phi3",
        {**GATED, "sliding_window": 9, "original_max_position_embeddings": 48},
        "bf16",
        {"original_max_position_embeddings": 48},
    ),
    # LongRoPE in heads that are rotated in part.
    "phi3-longrope": (
        "Phi3",
        {
            **GATED,
            "hidden_size": 48,
            "original_max_position_embeddings": 24,
            "partial_rotary_factor": 0.5,
            "rope_parameters": {
                "rope_type": "longrope",
                "rope_theta": 10000.0,
                "partial_rotary_factor": 0.5,
                "short_factor": [1.0, 1.1, 1.3],
                "long_factor": [1.0, 1.5, 3.0],
            },
        },
        "f32",
        {"original_max_position_embeddings": 24},
    ),
    "gpt2": (
        "GPT2",
        {
            "vocab_size": 64,
            "n_embd": 32,
            "n_layer": 2,
            "n_head": 4,
            "n_positions": 48,
            "bos_token_id": 1,
            "eos_token_id": 2,
        },
        "f16",
        {"n_ctx": 48},
    ),
    "gptneox": (
        "GPTNeoX",
        {**COMMON, "intermediate_size": 56, "rotary_pct": 0.5},
        "bf16",
        {"rotary_pct": 0.5, "rotary_emb_base": 10000},
    ),
    "gptneox-serial": (
        "GPTNeoX",
        {**COMMON, "intermediate_size": 56, "rotary_pct": 1.0, "use_parallel_residual": False},
        "f32",
        {"rotary_pct": 1.0, "rotary_emb_base": 10000},
    ),
    "olmo2": ("Olmo2", {**GATED, "rope_parameters": rope(500000.0)}, "f16", {}),
    "stablelm": (
        "StableLm",
        {**GATED, "partial_rotary_factor": 0.5, "use_qkv_bias": True},
        "bf16",
        {"partial_rotary_factor": 0.5},
    ),
    "stablelm-parallel": (
        "StableLm",
        {**GATED, "partial_rotary_factor": 0.25, "qk_layernorm": True, "use_parallel_residual": True},
        "f32",
        {"partial_rotary_factor": 0.25},
    ),
    "granite": (
        "Granite",
        {
            **GATED,
            "embedding_multiplier": 12.0,
            "attention_multiplier": 0.15,
            "residual_multiplier": 0.22,
            "logits_scaling": 4.0,
        },
        "bf16",
        {},
    ),
    "command-r": ("Cohere", {**GATED, "logit_scale": 0.25}, "f16", {}),
    "bert": ("Bert", BERT, "f16", {}),
    "roberta": ("Roberta", {**BERT, "pad_token_id": 1, "max_position_embeddings": 42}, "f32", {}),
    # Experts, which the converter stacks.
    "mixtral": (
        "Mixtral",
        {**GATED, "num_local_experts": 5, "num_experts_per_tok": 2, "sliding_window": None},
        "bf16",
        {},
    ),
    "qwen2moe": (
        "Qwen2Moe",
        {**GATED, **EXPERTS, "shared_expert_intermediate_size": 24, "norm_topk_prob": False},
        "f16",
        {},
    ),
    "qwen3moe": ("Qwen3Moe", {**GATED, **EXPERTS, "head_dim": 12, "norm_topk_prob": True}, "f32", {}),
}
# Models whose queries, keys and values the converter makes one layer of.
FUSED = ("mistral", "qwen2")
ENCODERS = ("Bert", "Roberta")
TYPES = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}


def randomise(model, generator):
    """Draw every parameter anew: matrices by fan-in, gains around what they begin with, biases around 0."""
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if name.endswith("bias"):
            parameter.data = 0.2 * noise
        elif "norm" in name.lower() or re.search(r"\bln_", name):
            parameter.data = parameter.data.mean() + 0.3 * noise
        elif "embed" in name or re.search(r"\bw[tp]e\b", name):
            parameter.data = 0.3 * noise
        elif name.endswith(("c_attn.weight", "c_proj.weight", "c_fc.weight")):
            parameter.data = 1.5 * noise / parameter.shape[0] ** 0.5
        else:
            parameter.data = 1.5 * noise / parameter.shape[1] ** 0.5
    model.tie_weights()


def convert(directory, dtype, output, members, fuse_qkv):
    """Convert as `convert_hf_to_gguf.py` does, without a tokenizer."""
    import gguf
    from conversion import get_model_class
    from conversion.base import ModelBase, ModelType, get_model_architecture

    # `transformers` drops older keys that the converter reads.
    hparams = ModelBase.load_hparams(directory, False) | members
    base = get_model_class(get_model_architecture(hparams, ModelType.TEXT), mmproj=False)

    def set_vocab(self):
        self.gguf_writer.add_tokenizer_model("none")
        if not hasattr(self, "undo_permute"):
            self.gguf_writer.add_vocab_size(self.hparams["vocab_size"])
        if "type_vocab_size" in self.hparams:
            self.gguf_writer.add_token_type_count(self.hparams["type_vocab_size"])

    def modify_tensors(self, data_torch, name, bid):
        # A generator that returns another, as StableLM's, loses it.
        rest = yield from base.modify_tensors(self, data_torch, name, bid)
        if rest is not None:
            yield from rest

    converter = type(
        base.__name__,
        (base,),
        {"model_arch": base.model_arch, "set_vocab": set_vocab, "modify_tensors": modify_tensors},
    )
    kinds = {"f32": "ALL_F32", "f16": "MOSTLY_F16", "bf16": "MOSTLY_BF16"}
    with torch.inference_mode():
        converter(
            directory,
            getattr(gguf.LlamaFileType, kinds[dtype]),
            output,
            eager=True,
            hparams=hparams,
            fuse_qkv=fuse_qkv,
        ).write()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--llama-cpp", type=Path, required=True, metavar="DIR")
    parser.add_argument("--library", type=Path)
    parser.add_argument("--output", type=Path, default=Path("Tests/Fixtures/gguf"))
    parser.add_argument("--dtype", choices=TYPES, help="of all, for a close comparison with llama.cpp")
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME")
    options = parser.parse_args()
    sys.path[:0] = [str(options.llama_cpp), str(options.llama_cpp / "gguf-py")]
    options.output.mkdir(parents=True, exist_ok=True)
    if options.library:
        os.environ["LLAMA_CPP_LIB_PATH"] = str(options.library.parent)

    for seed, (name, (family, settings, dtype, members)) in enumerate(MODELS.items(), start=301):
        if options.only and name not in options.only:
            continue
        dtype = options.dtype or dtype
        generator = torch.Generator().manual_seed(seed)
        config = getattr(transformers, f"{family}Config")(**settings)
        config._attn_implementation = "eager"
        torch.manual_seed(seed)
        is_encoder = family in ENCODERS
        auto = transformers.AutoModel if is_encoder else transformers.AutoModelForCausalLM
        model = auto.from_config(config).eval()
        randomise(model, generator)
        model.to(TYPES[dtype])
        path = options.output / f"{name}.gguf"
        with tempfile.TemporaryDirectory() as parent:
            directory = Path(parent) / f"tiny-{name}"
            model.save_pretrained(directory)
            file = directory / "config.json"
            file.write_text(json.dumps(json.loads(file.read_text()) | members))
            vocabulary = {f"t{index}": index for index in range(config.vocab_size)}
            (directory / "tokenizer.json").write_text(json.dumps({"model": {"vocab": vocabulary}, "added_tokens": []}))
            convert(directory, dtype, path, members, fuse_qkv=name in FUSED)
            reference = auto.from_pretrained(directory, dtype=torch.float32, attn_implementation="eager").eval()
        tokens = torch.randint(3, config.vocab_size, (21,), generator=generator)
        with torch.no_grad():
            output = reference(tokens[None])
        key = "last_hidden_state" if is_encoder else "logits"
        save_file({"tokens": tokens.int(), key: output[key][0].clone()}, path.with_suffix(".safetensors"))
        line = f"{name}: {path.stat().st_size} bytes, {output[key].std():.2f} wide"
        if options.library and not is_encoder:
            found = llama_logits(path, tokens)
            wanted = output[key][0].numpy()
            line += ", llama.cpp " + (
                "does not load it" if found is None else f"off by {abs(found - wanted).max():.4f}"
            )
        print(line, flush=True)


if __name__ == "__main__":
    main()
