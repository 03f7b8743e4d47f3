#!/usr/bin/env python3
"""Writes a checkpoint of random bf16 weights in the shape of a family of decoders, to measure what no cache holds.

Benchmarks/make-shape.py DIRECTORY [--shape llama-1b]
"""

import argparse
import pathlib

from harness.shapes import SHAPES, write


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--shape", choices=SHAPES, default="llama-1b")
    options = parser.parse_args()
    count = write(SHAPES[options.shape], options.directory)
    print(f"wrote {options.directory}: {count / 1e9:.2f} billion parameters")


if __name__ == "__main__":
    main()
