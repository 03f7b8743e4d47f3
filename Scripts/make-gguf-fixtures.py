#!/usr/bin/env python3
"""Writes Tests/FormatTests/Fixtures/blocks.gguf and what its tensors decode to, blocks.safetensors.

Needs numpy, gguf and safetensors, whose decoders are the reference. Blocks are quantised noise where gguf can
quantise, otherwise random bytes with sane scales.
"""

import pathlib

import gguf
import numpy
from gguf import GGMLQuantizationType as Type
from safetensors.numpy import save_file

random = numpy.random.default_rng(11)
fixtures = pathlib.Path(__file__).parent.parent / "Tests/FormatTests/Fixtures"


def random_blocks(kind, rows, blocks, scale_offsets):
    """Random bytes; the f16 scales at `scale_offsets` of every block lie between -1/8 and 1/8."""
    _, width = gguf.GGML_QUANT_SIZES[kind]
    data = random.integers(0, 256, (rows, blocks, width), dtype=numpy.uint8)
    for offset in scale_offsets:
        scales = random.uniform(-0.125, 0.125, (rows, blocks, 1)).astype(numpy.float16)
        data[:, :, offset : offset + 2] = scales.view(numpy.uint8)
    return data.reshape(rows, blocks * width)


noise = random.standard_normal((2, 64)).astype(numpy.float32)
stored = {
    Type.F32: noise,
    Type.F16: noise.astype(numpy.float16),
    Type.BF16: gguf.quants.quantize(noise, Type.BF16),
    Type.Q4_0: gguf.quants.quantize(noise, Type.Q4_0),
    Type.Q4_1: gguf.quants.quantize(noise, Type.Q4_1),
    Type.Q5_0: gguf.quants.quantize(noise, Type.Q5_0),
    Type.Q5_1: gguf.quants.quantize(noise, Type.Q5_1),
    Type.Q8_0: gguf.quants.quantize(noise, Type.Q8_0),
    Type.Q2_K: random_blocks(Type.Q2_K, 2, 2, [80, 82]),
    Type.Q3_K: random_blocks(Type.Q3_K, 2, 2, [108]),
    Type.Q4_K: random_blocks(Type.Q4_K, 2, 2, [0, 2]),
    Type.Q5_K: random_blocks(Type.Q5_K, 2, 2, [0, 2]),
    Type.Q6_K: random_blocks(Type.Q6_K, 2, 2, [208]),
    Type.IQ4_NL: random_blocks(Type.IQ4_NL, 2, 2, [0]),
    Type.IQ4_XS: random_blocks(Type.IQ4_XS, 2, 2, [0]),
}

writer = gguf.GGUFWriter(fixtures / "blocks.gguf", "llama")
writer.add_uint32("test.number", 4_000_000_000)
writer.add_float32("test.fraction", 1e-5)
writer.add_array("test.words", ["a", "猫"])
for kind, data in stored.items():
    writer.add_tensor(kind.name, data, raw_dtype=kind)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()

expected = {kind.name: gguf.quants.dequantize(data, kind).astype(numpy.float32) for kind, data in stored.items()}
assert all(numpy.isfinite(values).all() for values in expected.values())
save_file(expected, fixtures / "blocks.safetensors")
