#!/usr/bin/env python3
"""Fits a map on a Ray cluster, a task a shard.

    python3 fit.py --shards 8 --output x.maps.safetensors MODEL OPTIONS OF actc collect [-- OPTIONS OF actc solve]

The model and the data lie at the same paths on all nodes, and `actc` is on their PATH; samples and maps travel through
Ray. RAY_ADDRESS says which cluster; without it one is started on this machine.
"""

import argparse
import pathlib
import subprocess
import tempfile

import ray


def actc(*arguments) -> str:
    run = subprocess.run(["actc", *map(str, arguments)], capture_output=True, text=True)
    if run.returncode:
        raise RuntimeError((run.stderr.strip() or f"actc: exit code {run.returncode}").splitlines()[-1])
    return run.stdout


@ray.remote(max_retries=3)
def collect(arguments: list[str], shard: str, maps: bytes | None) -> bytes:
    """The sample file of a shard, collected with the maps of earlier rounds applied."""
    threads = max(1, int(ray.get_runtime_context().get_assigned_resources().get("CPU", 1)))
    with tempfile.TemporaryDirectory() as folder:
        output, after = pathlib.Path(folder, "samples"), pathlib.Path(folder, "maps")
        if maps is not None:
            after.write_bytes(maps)
            arguments = [*arguments, "--after", str(after)]
        actc("collect", *arguments, "--shard", shard, "--threads", threads, "-o", output)
        return output.read_bytes()


def solve(arguments: list[str], shards: list[bytes], maps: bytes | None) -> bytes:
    """The map file of this and earlier rounds."""
    with tempfile.TemporaryDirectory() as folder:
        files = [pathlib.Path(folder, f"{index}.samples") for index in range(len(shards))]
        for file, shard in zip(files, shards):
            file.write_bytes(shard)
        output, after = pathlib.Path(folder, "output"), pathlib.Path(folder, "maps")
        if maps is not None:
            after.write_bytes(maps)
            arguments = [*arguments, "--after", str(after)]
        actc("solve", *files, *arguments, "-o", output)
        return output.read_bytes()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shards", type=int, required=True)
    parser.add_argument("--cpus", type=float, default=1, help="processors of a task (default: 1)")
    parser.add_argument("--output", type=pathlib.Path, required=True)
    options, rest = parser.parse_known_args()
    split = rest.index("--") if "--" in rest else len(rest)
    collecting, solving = rest[:split], rest[split + 1 :]

    ray.init(log_to_driver=False)
    rounds = int(actc("collect", *collecting, "--rounds"))
    maps = None
    for round in range(1, rounds + 1):
        tasks = [
            collect.options(num_cpus=options.cpus).remote(collecting, f"{shard}/{options.shards}", maps)
            for shard in range(1, options.shards + 1)
        ]
        maps = solve(solving, ray.get(tasks), maps)
        print(f"round {round} of {rounds}", flush=True)
    part = options.output.with_name(options.output.name + ".part")
    part.write_bytes(maps)
    part.replace(options.output)


if __name__ == "__main__":
    main()
