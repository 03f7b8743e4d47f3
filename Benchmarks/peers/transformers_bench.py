"""Runs transformers once and prints its speed as JSON:

    transformers_bench.py MODEL DTYPE THREADS PROMPT_TOKENS NEW_TOKENS [compile]

DTYPE is float32 or bfloat16. With PROMPT_TOKENS 0 it only writes NEW_TOKENS tokens after a short text, to be timed from
outside.
"""

import json
import sys
import time

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, StaticCache

TEXT = "The lighthouse keeper climbed the stairs and"


def seconds(work) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


@torch.inference_mode()
def main() -> None:
    path, dtype, threads, prompt, new = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6])
    compiles = "compile" in sys.argv[6:]
    torch.set_num_threads(threads)
    model = AutoModelForCausalLM.from_pretrained(path, dtype=getattr(torch, dtype)).eval()
    if prompt == 0:
        ids = AutoTokenizer.from_pretrained(path)(TEXT, return_tensors="pt")
        model.generate(**ids, max_new_tokens=new, min_new_tokens=new, do_sample=False)
        return
    tokens = torch.tensor([[(index * 7919 + 13) % 49152 for index in range(prompt)]])
    forward = torch.compile(model.forward, dynamic=False) if compiles else model.forward

    def prefill() -> None:
        forward(input_ids=tokens, logits_to_keep=1, use_cache=False)

    def decode(count: int) -> None:
        # A compiled step needs a cache of fixed shape; without, the growing one is faster.
        cache = StaticCache(config=model.config, max_cache_len=new) if compiles else None
        for position in range(count):
            step = {"position_ids": torch.tensor([[position]])} if compiles else {}
            output = forward(input_ids=tokens[:, :1], past_key_values=cache, use_cache=True, **step)
            cache = output.past_key_values

    for _ in range(2):
        prefill()
    decode(4)
    print(json.dumps({"prefill": prompt / seconds(prefill), "decode": new / seconds(lambda: decode(new))}))


if __name__ == "__main__":
    main()
