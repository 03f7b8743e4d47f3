"""Runs OpenVINO GenAI once and prints its speed as JSON: openvino_bench.py MODEL THREADS PROMPT_TOKENS NEW_TOKENS

With PROMPT_TOKENS 0 it only writes NEW_TOKENS tokens after a short text, to be timed from outside.
"""

import json
import sys

import numpy
import openvino
import openvino_genai

TEXT = "The lighthouse keeper climbed the stairs and"


def main() -> None:
    path, threads, prompt, new = sys.argv[1], *map(int, sys.argv[2:5])
    # The paged backend, which is for many sequences, is slower on one.
    pipeline = openvino_genai.LLMPipeline(path, "CPU", INFERENCE_NUM_THREADS=threads, ATTENTION_BACKEND="SDPA")

    def config(count: int) -> openvino_genai.GenerationConfig:
        config = openvino_genai.GenerationConfig()
        config.max_new_tokens = config.min_new_tokens = count
        config.ignore_eos, config.do_sample = True, False
        return config

    if prompt == 0:
        pipeline.generate(TEXT, config(new))
        return
    tokens = (numpy.arange(prompt) * 7919 + 13) % 49152

    def generate(length: int, count: int):
        ids = openvino.Tensor(tokens[None, :length].astype(numpy.int64))
        mask = openvino.Tensor(numpy.ones((1, length), numpy.int64))
        return pipeline.generate(openvino_genai.TokenizedInputs(ids, mask), config(count)).perf_metrics

    # The first calls compile and allocate; they are not counted.
    for _ in range(2):
        prefill = generate(prompt, 1)
    generate(1, 4)
    decode = generate(1, new + 1)
    print(json.dumps({"prefill": prompt / prefill.get_ttft().mean * 1e3, "decode": 1e3 / decode.get_tpot().mean}))


if __name__ == "__main__":
    main()
