#!/usr/bin/env python3
"""Writes Tests/FormatTests/Fixtures/reference.safetensors with the reference implementation.

Needs numpy and safetensors. Every tensor holds 0, 1, 2, …; `expected` in SafetensorsTests.swift names them.
"""

import pathlib

import numpy
from safetensors.numpy import save_file

tensors = {
    "weight": numpy.arange(6, dtype=numpy.float32).reshape(2, 3),
    "half": numpy.arange(5, dtype=numpy.float16),
    "ids": numpy.arange(4, dtype=numpy.int64).reshape(1, 4),
    "mask": numpy.array([False, True, False]),
    "scalar": numpy.array(0, dtype=numpy.int32),
    "none": numpy.zeros((0, 7), dtype=numpy.float64),
}
fixtures = pathlib.Path(__file__).parent.parent / "Tests/FormatTests/Fixtures"
save_file(tensors, fixtures / "reference.safetensors", metadata={"format": "np", "ünï": '"quoted"\n'})
