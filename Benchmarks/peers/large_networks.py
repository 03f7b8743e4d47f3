"""Writes a denoiser of the size of SDXL or FLUX with random weights: large_networks.py sdxl|flux FOLDER

A folder of diffusers in 16-bit numbers, in shards of 2 GB, and `inputs.safetensors` with a call's arguments for a
picture of 512 x 512. Weights are one block of random numbers, read from a different place for each tensor: only time
and memory are measured with them.
"""

import json
import math
import pathlib
import sys

import torch
from diffusion_networks import flux_inputs, sdxl, sdxl_inputs
from safetensors.torch import save_file

SHARD = 2 << 30
BLOCK = 1 << 24


def large_sdxl() -> tuple:
    with torch.device("meta"):
        model = sdxl(
            (320, 640, 1280),
            (5, 10, 20),
            sample_size=128,
            cross_attention_dim=2048,
            addition_time_embed_dim=256,
            projection_class_embeddings_input_dim=2816,
        )
    return model, sdxl_inputs(2048, 1280)


def large_flux() -> tuple:
    from diffusers import FluxTransformer2DModel

    with torch.device("meta"):
        model = FluxTransformer2DModel(guidance_embeds=False)
    return model, flux_inputs(4096, 768)


def main() -> None:
    name, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    model, inputs = {"sdxl": large_sdxl, "flux": large_flux}[name]()
    model.save_config(folder)
    save_file(inputs, folder / "inputs.safetensors")
    dtype = {"sdxl": torch.float16, "flux": torch.bfloat16}[name]
    block = torch.randn(2 * BLOCK).mul_(0.02).to(dtype)
    places, shards, size = {}, [{}], 0
    for tensor, value in model.state_dict().items():
        if size + 2 * value.numel() > SHARD:
            shards.append({})
            size = 0
        shards[-1][tensor] = value.shape
        size += 2 * value.numel()
    names = [f"diffusion_pytorch_model-{i + 1:05}-of-{len(shards):05}.safetensors" for i in range(len(shards))]
    at = 0
    for file, shapes in zip(names, shards, strict=True):
        tensors = {}
        for tensor, shape in shapes.items():
            count, at = math.prod(shape), (at + 12345) % BLOCK
            # A norm's gain is 1, or activations would die out.
            gain = "norm" in tensor and tensor.endswith("weight") and len(shape) == 1
            values = block[at : at + BLOCK].repeat(count // BLOCK + 1)[:count]
            tensors[tensor] = torch.ones(shape, dtype=dtype) if gain else values.reshape(shape).contiguous()
            places[tensor] = file
        save_file(tensors, folder / file)
    index = {"metadata": {}, "weight_map": places}
    (folder / "diffusion_pytorch_model.safetensors.index.json").write_text(json.dumps(index))


if __name__ == "__main__":
    main()
