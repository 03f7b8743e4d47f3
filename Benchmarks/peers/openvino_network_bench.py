"""Times a call of a network by OpenVINO, with static shapes.

    openvino_network_bench.py export NAME FOLDER FILE.xml [--int8]
    openvino_network_bench.py bench FILE.xml FOLDER THREADS CALLS f32|bf16

`--int8` compresses weights to 8 bits. Prints the median seconds of a call as JSON; the first ones are not counted.
"""

import json
import statistics
import sys
import time

import openvino
from safetensors.numpy import load_file

WARM_UP = 2


def export(name: str, folder: str, path: str, *options: str) -> None:
    import torch
    from diffusion_networks import load

    network, inputs = load(name, folder)
    with torch.no_grad():
        # Masks of transformers' encoders cannot be traced, but exported.
        given = tuple(inputs.values())
        source = torch.export.export(network, given) if name == "encoder" else network
        model = openvino.convert_model(source, example_input=None if name == "encoder" else given)
    model.reshape({port: list(value.shape) for port, value in zip(model.inputs, inputs.values(), strict=True)})
    if "--int8" in options:
        import nncf

        model = nncf.compress_weights(model)
    openvino.save_model(model, path, compress_to_fp16=False)


def bench(path: str, folder: str, threads: str, calls: str, dtype: str) -> None:
    settings = {"INFERENCE_NUM_THREADS": int(threads), "INFERENCE_PRECISION_HINT": dtype, "NUM_STREAMS": 1}
    request = openvino.Core().compile_model(path, "CPU", settings).create_infer_request()
    inputs = list(load_file(f"{folder}/inputs.safetensors").values())
    seconds = []
    for _ in range(WARM_UP + int(calls)):
        began = time.perf_counter()
        request.infer(inputs)
        seconds.append(time.perf_counter() - began)
    print(json.dumps({"seconds": statistics.median(seconds[WARM_UP:])}))


if __name__ == "__main__":
    {"export": export, "bench": bench}[sys.argv[1]](*sys.argv[2:])
