#!/usr/bin/env python3
"""Writes a checkpoint of Llama's shape with random bf16 weights, to measure what no cache holds.

    Benchmarks/make-llama-shape.py DIRECTORY [--size 1b|8b]

The weights are ± 2^-9 to 2^-5, the same for the same size; memory stays at a few megabytes.
"""

import argparse
import json
import pathlib
import random
import struct

# Width, inner width, layers, heads, heads of keys and values, width of a head.
SIZES = {"1b": (2048, 8192, 16, 32, 8, 64), "8b": (4096, 14336, 32, 32, 8, 128)}
VOCABULARY = 49152
CHUNK = 1 << 22


def shapes(size: str) -> dict[str, list[int]]:
    width, inner, layers, heads, groups, head = SIZES[size]
    tensors = {"model.embed_tokens.weight": [VOCABULARY, width]}
    for layer in range(layers):
        prefix = f"model.layers.{layer}."
        tensors |= {
            prefix + "input_layernorm.weight": [width],
            prefix + "self_attn.q_proj.weight": [heads * head, width],
            prefix + "self_attn.k_proj.weight": [groups * head, width],
            prefix + "self_attn.v_proj.weight": [groups * head, width],
            prefix + "self_attn.o_proj.weight": [width, heads * head],
            prefix + "post_attention_layernorm.weight": [width],
            prefix + "mlp.gate_proj.weight": [inner, width],
            prefix + "mlp.up_proj.weight": [inner, width],
            prefix + "mlp.down_proj.weight": [width, inner],
        }
    return tensors | {"model.norm.weight": [width]}


def configuration(size: str) -> dict:
    width, inner, layers, heads, groups, head = SIZES[size]
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": width,
        "intermediate_size": inner,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": groups,
        "head_dim": head,
        "hidden_act": "silu",
        "rms_norm_eps": 1e-05,
        "rope_theta": 500000.0,
        "max_position_embeddings": 8192,
        "vocab_size": VOCABULARY,
        "tie_word_embeddings": True,
        "torch_dtype": "bfloat16",
        "bos_token_id": 1,
        "eos_token_id": 2,
    }


def random_values(generator: random.Random, count: int) -> bytes:
    """So many bf16: the low byte is free, the high one a sign and one of two exponents."""
    high = bytes([0x3B, 0x3C, 0xBB, 0xBC] * 64)
    values = bytearray(2 * count)
    values[0::2] = generator.randbytes(count)
    values[1::2] = generator.randbytes(count).translate(high)
    return bytes(values)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--size", choices=SIZES, default="1b")
    options = parser.parse_args()
    options.directory.mkdir(parents=True, exist_ok=True)
    (options.directory / "config.json").write_text(json.dumps(configuration(options.size), indent=2) + "\n")
    tensors, header, offset = shapes(options.size), {}, 0
    counts = {}
    for name, shape in tensors.items():
        counts[name] = shape[0] * (shape[1] if len(shape) > 1 else 1)
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [offset, offset + 2 * counts[name]]}
        offset += 2 * counts[name]
    text = json.dumps(header).encode()
    text += b" " * (-(len(text) + 8) % 64)
    generator = random.Random(len(tensors))
    part = options.directory / "model.safetensors.part"
    with open(part, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name, shape in tensors.items():
            if len(shape) == 1:
                file.write(b"\x80\x3f" * counts[name])
                continue
            for start in range(0, counts[name], CHUNK):
                file.write(random_values(generator, min(CHUNK, counts[name] - start)))
    part.rename(options.directory / "model.safetensors")
    print(f"wrote {options.directory}: {sum(counts.values()) / 1e9:.2f} billion parameters")


if __name__ == "__main__":
    main()
