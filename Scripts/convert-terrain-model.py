#!/usr/bin/env python3
"""Turns the terrain model of adaptive-terrain-diffusion into a checkpoint: convert-terrain-model.py MODEL.onnx DIR

MODEL.onnx lies in the wheel on PyPI (`pip download --no-deps adaptive-terrain-diffusion==0.4.2`), under
terrain_diffusion/weights. DIR gets a config.json and safetensors, which `actc` reads. The exporter took the gains and
biases of group norms apart and gave them names of its own: they are told by the layer that reads the norm. Needs onnx,
numpy and safetensors; fails where a tensor is left over or missing.
"""

import argparse
import json
import pathlib
import sys

import numpy
import onnx
from onnx import numpy_helper
from safetensors.numpy import save_file

PREFIX = "network."
# The layer that reads a norm, and the norm, by the ends of their names.
READERS = {"in_layers.2": "in_layers.0", "out_layers.3": "out_layers.0", "qkv": "norm", "out.2": "out.0"}
CONFIGURATION = {
    "_class_name": "ConsistencyUNet",
    "attention_resolutions": [4, 8, 16],
    "channel_mult": [1, 1, 2, 3, 4],
    "conditions": ["difficulty"],
    "image_size": 128,
    "in_channels": 1,
    "model_channels": 32,
    "num_head_channels": 32,
    "num_res_blocks": 4,
    "out_channels": 1,
    "sigma_data": 0.5,
    "sigma_min": 0.002,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="the ONNX file")
    parser.add_argument("output", type=pathlib.Path, help="the directory to write")
    options = parser.parse_args()
    graph = onnx.load(options.model).graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    tensors = {name.removeprefix(PREFIX): value for name, value in constants.items() if name.startswith(PREFIX)}
    gain = bias = None
    for node in graph.node:
        vectors = [constants[name] for name in node.input if constants.get(name, numpy.zeros(0)).ndim == 3]
        if node.op_type == "Mul" and vectors:
            gain = vectors[0].reshape(-1)
        elif node.op_type == "Add" and vectors:
            bias = vectors[0].reshape(-1)
        elif node.op_type == "Conv":
            layer = node.input[1].removeprefix(PREFIX).removesuffix(".weight")
            for reader, norm in READERS.items():
                if layer == reader or layer.endswith(f".{reader}"):
                    if gain is None or bias is None:
                        sys.exit(f"convert-terrain-model: {layer}: no norm before it")
                    prefix = layer.removesuffix(reader) + norm
                    tensors |= {f"{prefix}.weight": gain, f"{prefix}.bias": bias}
                    gain = bias = None
    options.output.mkdir(parents=True, exist_ok=True)
    save_file(
        {name: numpy.ascontiguousarray(value) for name, value in tensors.items()},
        options.output / "diffusion_pytorch_model.safetensors",
        metadata={"format": "pt"},
    )
    (options.output / "config.json").write_text(json.dumps(CONFIGURATION, indent=2) + "\n")
    print(f"{len(tensors)} tensors, {sum(value.size for value in tensors.values())} numbers")


if __name__ == "__main__":
    main()
