"""Writes a map file of one of the methods beside this script, from a sample file of `actc collect`."""

import argparse
import json

import ablation
import gated_shift
import low_rank
import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

METHODS = {method.NAME: method for method in (ablation, low_rank, gated_shift)}


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("method", choices=METHODS)
    options.add_argument("samples", help="a sample file of all the data, of `actc collect --shard 1/1`")
    options.add_argument("output", help="the map file to write, NAME.maps.safetensors")
    arguments = options.parse_args()

    method = METHODS[arguments.method]
    tensors, names = {}, []
    with safe_open(arguments.samples, framework="numpy") as samples:
        collected = samples.metadata()
        if collected["shard"] != "1/1":
            raise SystemExit(f"{arguments.samples}: expected all the data, found shard {collected['shard']}")
        sites = json.loads(collected["sites"])
        for site in sites:
            sides = (samples.get_tensor(f"{site['name']}/{side}") for side in ("source", "target"))
            parameters = method.fit(*(side.astype(np.float64) for side in sides))
            names = list(parameters)
            for name, value in parameters.items():
                tensors[f"{site['name']}/{name}"] = np.asarray(value, dtype=np.float32, order="C")

    kept = (
        "model_fingerprint",
        "token_scope",
        "skip_first",
        "step_scope",
        "pooling",
        "fit_order",
        "prompts",
        "counts",
        "data",
    )
    save_file(
        tensors,
        arguments.output,
        metadata={
            "format": "act-map",
            "format_version": "1",
            "method": method.NAME,
            "method_version": "1",
            "transport": method.TRANSPORT,
            "parameters": json.dumps(names),
            "sites": json.dumps(sites),
        }
        | {key: collected[key] for key in kept if key in collected},
    )


if __name__ == "__main__":
    main()
