#!/usr/bin/env python3
"""Writes a checkpoint of `make-shape.py` as llama.cpp reads it, in f32 and without a vocabulary.

    Benchmarks/peers/write_gguf.py DIRECTORY FILE

llama.cpp's own conversion wants a tokenizer, which a random model does not have. Needs gguf and numpy.
"""

import json
import pathlib
import struct
import sys

import gguf
import numpy

MODULES = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
# Gemma 2 has norms after attention and MLP too.
SANDWICH = {
    "post_attention_layernorm": "post_attention_norm",
    "pre_feedforward_layernorm": "ffn_norm",
    "post_feedforward_layernorm": "post_ffw_norm",
}


def name_of(tensor: str, family: str) -> str:
    """llama.cpp's name of a tensor."""
    whole = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight"}
    if tensor in whole:
        return whole[tensor]
    layer, module = tensor.removeprefix("model.layers.").removesuffix(".weight").split(".", 1)
    return f"blk.{layer}.{(MODULES | (SANDWICH if family == 'gemma2' else {}))[module]}.weight"


def values_of(tensor: str, values: numpy.ndarray, config: dict) -> numpy.ndarray:
    """A tensor as llama.cpp has it."""
    family = config["model_type"]
    if values.ndim == 1 and family == "gemma2":
        return values + 1
    if family == "llama" and tensor.endswith(("q_proj.weight", "k_proj.weight")):
        # Its rotary pairs are neighbours there.
        heads = config["num_attention_heads" if "q_proj" in tensor else "num_key_value_heads"]
        halves = values.reshape(heads, 2, values.shape[0] // heads // 2, values.shape[1])
        return numpy.ascontiguousarray(halves.swapaxes(1, 2)).reshape(values.shape)
    return values


def write_settings(writer: gguf.GGUFWriter, config: dict) -> None:
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(config["head_dim"])
    writer.add_value_length(config["head_dim"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_theta"])
    writer.add_rope_dimension_count(config["head_dim"])
    writer.add_vocab_size(config["vocab_size"])
    writer.add_tokenizer_model("no_vocab")
    if config["model_type"] == "gemma2":
        writer.add_attn_logit_softcapping(config["attn_logit_softcapping"])
        writer.add_final_logit_softcapping(config["final_logit_softcapping"])
        writer.add_sliding_window(config["sliding_window"])


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    directory, output = map(pathlib.Path, sys.argv[1:])
    config = json.loads((directory / "config.json").read_text())
    path = directory / "model.safetensors"
    with open(path, "rb") as file:
        length = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(length))
    data = numpy.memmap(path, numpy.uint16, "r", offset=8 + length)
    part = output.with_suffix(".part")
    writer = gguf.GGUFWriter(part, config["model_type"])
    write_settings(writer, config)
    names = {tensor: name_of(tensor, config["model_type"]) for tensor in header}
    for tensor, entry in header.items():
        size = 2 * (entry["data_offsets"][1] - entry["data_offsets"][0])
        writer.add_tensor_info(names[tensor], entry["shape"], numpy.dtype(numpy.float32), size)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for tensor, entry in header.items():
        begin, end = (offset // 2 for offset in entry["data_offsets"])
        values = (data[begin:end].astype(numpy.uint32) << 16).view(numpy.float32).reshape(entry["shape"])
        writer.write_tensor_data(values_of(tensor, values, config))
    writer.close()
    part.rename(output)


if __name__ == "__main__":
    main()
