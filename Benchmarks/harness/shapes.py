"""Checkpoints of random bf16 weights, in the shapes of families of decoders: to measure what no cache holds, and what
a family's own features cost.

The weights are ± 2^-9 to 2^-5, the same for the same shape; memory stays at a few megabytes.
"""

import dataclasses
import json
import math
import pathlib
import random
import struct

CHUNK = 1 << 22
# Operations that the vector functions of a kernel take an element, about.
TANH, NORM = 40, 4


@dataclasses.dataclass(frozen=True)
class Shape:
    """The sizes of a decoder, and what of its family's features it has."""

    family: str
    width: int
    inner: int
    layers: int
    heads: int
    # Heads of keys and values, and channels of a head.
    groups: int
    head: int
    vocabulary: int = 49152
    # Positions that every other layer sees, of Gemma 2; 0: all.
    window: int = 0
    # Whether scores are capped, and logits, of Gemma 2; whether heads have norms, of Qwen3.
    caps_scores: bool = False
    caps_logits: bool = False
    norms_heads: bool = False

    def windows(self) -> list[int]:
        """The positions that each layer sees at most; 0: all."""
        return [self.window if layer % 2 == 0 else 0 for layer in range(self.layers)]

    def without_features(self) -> dict[str, "Shape"]:
        """The same shape with one feature of its family switched off, by the feature's name."""
        off = {
            "window": {"window": 0},
            "soft cap of scores": {"caps_scores": False},
            "soft cap of logits": {"caps_logits": False},
            "norms of heads": {"norms_heads": False},
        }
        shapes = {name: dataclasses.replace(self, **fields) for name, fields in off.items()}
        return {name: shape for name, shape in shapes.items() if shape != self}


def gemma2(*sizes: int, **more) -> Shape:
    return Shape("gemma2", *sizes, **{"window": 256, "caps_scores": True, "caps_logits": True} | more)


SHAPES = {
    "llama-1b": Shape("llama", 2048, 8192, 16, 32, 8, 64),
    "llama-8b": Shape("llama", 4096, 14336, 32, 32, 8, 128),
    "gemma2-0.5b": gemma2(1536, 6144, 12, 8, 4, 256),
    "qwen3-0.5b": Shape("qwen3", 1024, 3072, 28, 16, 8, 128, norms_heads=True),
    # To try the harness.
    "llama-tiny": Shape("llama", 128, 256, 2, 4, 2, 32, vocabulary=512),
    "gemma2-tiny": gemma2(128, 256, 2, 4, 2, 32, vocabulary=512, window=64),
    "qwen3-tiny": Shape("qwen3", 128, 256, 2, 4, 2, 32, vocabulary=512, norms_heads=True),
}


def norms(shape: Shape) -> list[str]:
    """The norms of a layer's width, by the end of their names."""
    names = ["input_layernorm", "post_attention_layernorm"]
    return names + ["pre_feedforward_layernorm", "post_feedforward_layernorm"] * (shape.family == "gemma2")


def tensors(shape: Shape) -> dict[str, list[int]]:
    """The shapes of the checkpoint's tensors, in their order."""
    width, inner, head = shape.width, shape.inner, shape.head
    found = {"model.embed_tokens.weight": [shape.vocabulary, width]}
    for layer in range(shape.layers):
        prefix = f"model.layers.{layer}."
        found |= {f"{prefix}{norm}.weight": [width] for norm in norms(shape)}
        found |= {
            prefix + "self_attn.q_proj.weight": [shape.heads * head, width],
            prefix + "self_attn.k_proj.weight": [shape.groups * head, width],
            prefix + "self_attn.v_proj.weight": [shape.groups * head, width],
            prefix + "self_attn.o_proj.weight": [width, shape.heads * head],
            prefix + "mlp.gate_proj.weight": [inner, width],
            prefix + "mlp.up_proj.weight": [inner, width],
            prefix + "mlp.down_proj.weight": [width, inner],
        }
        if shape.norms_heads:
            found |= {f"{prefix}self_attn.{name}_norm.weight": [head] for name in "qk"}
    return found | {"model.norm.weight": [width]}


def configuration(shape: Shape) -> dict:
    """What `config.json` says. Qwen3 without norms of heads is Llama."""
    family = "llama" if shape.family == "qwen3" and not shape.norms_heads else shape.family
    settings = {
        "architectures": [{"llama": "Llama", "gemma2": "Gemma2", "qwen3": "Qwen3"}[family] + "ForCausalLM"],
        "model_type": family,
        "hidden_size": shape.width,
        "intermediate_size": shape.inner,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.groups,
        "head_dim": shape.head,
        "rms_norm_eps": 1e-05,
        "rope_theta": 500000.0,
        "max_position_embeddings": 8192,
        "vocab_size": shape.vocabulary,
        "tie_word_embeddings": True,
        "torch_dtype": "bfloat16",
        "bos_token_id": 1,
        "eos_token_id": 2,
    }
    if family != "gemma2":
        return settings | {"hidden_act": "silu"}
    return settings | {
        "hidden_activation": "gelu_pytorch_tanh",
        "query_pre_attn_scalar": shape.head,
        "sliding_window": shape.window or 4096,
        "layer_types": ["sliding_attention" if window else "full_attention" for window in shape.windows()],
        "attn_logit_softcapping": 50.0 if shape.caps_scores else None,
        "final_logit_softcapping": 30.0 if shape.caps_logits else None,
    }


def attended(rows: int, window: int) -> float:
    """How many positions the rows of a text see together: each those up to its own, at most `window`; 0: all."""
    within = min(rows, window or rows)
    return within * (within + 1) / 2 + (rows - within) * within


def operations(shape: Shape, rows: int, logits: int) -> float:
    """What reading a text of so many rows computes, with the logits of so many: two operations a weight of a matrix
    and row, and what attention, its features and those of the logits take."""
    matrices = [sizes for name, sizes in tensors(shape).items() if len(sizes) == 2 and "embed" not in name]
    total = 2.0 * rows * sum(map(math.prod, matrices)) + 2.0 * logits * shape.vocabulary * shape.width
    for window in shape.windows():
        a_score = 4 * shape.head + TANH * shape.caps_scores
        total += a_score * shape.heads * attended(rows, window)
        total += NORM * shape.norms_heads * rows * (shape.heads + shape.groups) * shape.head
    return total + TANH * shape.caps_logits * logits * shape.vocabulary


def random_values(generator: random.Random, count: int) -> bytes:
    """So many bf16: the low byte is free, the high one a sign and one of two exponents."""
    high = bytes([0x3B, 0x3C, 0xBB, 0xBC] * 64)
    values = bytearray(2 * count)
    values[0::2] = generator.randbytes(count)
    values[1::2] = generator.randbytes(count).translate(high)
    return bytes(values)


def write(shape: Shape, directory: pathlib.Path) -> int:
    """Writes the checkpoint; returns how many parameters it has."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "config.json").write_text(json.dumps(configuration(shape), indent=2) + "\n")
    header, offset = {}, 0
    for name, sizes in tensors(shape).items():
        end = offset + 2 * math.prod(sizes)
        header[name] = {"dtype": "BF16", "shape": sizes, "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-(len(text) + 8) % 64)
    generator = random.Random(len(header))
    # Gemma's gains are added to 1.
    gain = b"\x00\x00" if shape.family == "gemma2" else b"\x80\x3f"
    part = directory / "model.safetensors.part"
    with open(part, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for sizes in tensors(shape).values():
            count = math.prod(sizes)
            if len(sizes) == 1:
                file.write(gain * count)
                continue
            for start in range(0, count, CHUNK):
                file.write(random_values(generator, min(CHUNK, count - start)))
    part.rename(directory / "model.safetensors")
    return offset // 2
