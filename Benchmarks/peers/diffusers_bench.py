"""Times a call of a network of diffusers: diffusers_bench.py NAME FOLDER THREADS CALLS f32|bf16 [--compile]

Prints the median seconds of a call as JSON; those that compile and allocate are not counted.
"""

import json
import statistics
import sys
import time

import torch
from diffusion_networks import load

WARM_UP = 2


def main() -> None:
    name, folder, threads, calls, dtype = sys.argv[1:6]
    torch.set_num_threads(int(threads))
    network, inputs = load(name, folder)
    if dtype == "bf16":
        network = network.bfloat16()
        inputs = {name: value.bfloat16() if value.is_floating_point() else value for name, value in inputs.items()}
    if name in ("unet", "decoder"):
        network = network.to(memory_format=torch.channels_last)
        inputs = {
            name: value.to(memory_format=torch.channels_last) if value.dim() == 4 else value
            for name, value in inputs.items()
        }
    if "--compile" in sys.argv:
        network = torch.compile(network)
    seconds = []
    with torch.inference_mode():
        for _ in range(WARM_UP + int(calls)):
            began = time.perf_counter()
            network(*inputs.values())
            seconds.append(time.perf_counter() - began)
    print(json.dumps({"seconds": statistics.median(seconds[WARM_UP:])}))


if __name__ == "__main__":
    main()
