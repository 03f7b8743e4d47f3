#!/usr/bin/env python3
"""Record what `transformers` computes for all-MiniLM-L6-v2, for our own runtime to be held against.

    Scripts/make-minilm-reference.py DIRECTORY [--output Tests/Fixtures/minilm]

Input: the directory that `Scripts/get-minilm.sh` makes. Its `tokenizer.json` pads to 128 tokens; padding is turned
off. Every entry runs through the model alone, in f32 on the CPU, with eager attention.

Output, for each input NAME of `reference.json`, which lists the texts of its entries (a list of two is a pair, whose
second text has token type 1), the file `NAME.safetensors`; T rows, the tokens of B entries one after another:

    tokens               i32[T]
    sequences            i32[T]       the entry of each row, 0 to B - 1; where B > 1
    token_types          i32[T]       where an entry is a pair; else they are left out, which means 0
    last_hidden_state    f32[T,384]
    pooler_output        f32[B,384]
    sentence_embedding   f32[B,384]   the mean of an entry's rows, divided by its Euclidean norm: what
                                      `sentence-transformers` gives for a text

Made with Python 3.11, torch 2.13.0 (CPU), transformers 5.23.0, tokenizers 0.23.3, safetensors 0.8.0.
"""

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from transformers import BertModel

INPUTS = {
    "one": ["The lighthouse keeper climbed the stairs before dawn."],
    "three": ["A goal!", "Two referees stopped the match.", "Rain"],
    "pair": [["Where is the ferry?", "It left the harbour at 7:45, without us."]],
}


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("directory", type=Path)
    arguments.add_argument("--output", type=Path, default=Path("Tests/Fixtures/minilm"))
    options = arguments.parse_args()

    tokenizer = Tokenizer.from_file(str(options.directory / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    model = BertModel.from_pretrained(options.directory, dtype=torch.float32, attn_implementation="eager").eval()
    options.output.mkdir(parents=True, exist_ok=True)
    for name, texts in INPUTS.items():
        entries = [tokenizer.encode(*text) if isinstance(text, list) else tokenizer.encode(text) for text in texts]
        tokens = [torch.tensor(entry.ids) for entry in entries]
        types = [torch.tensor(entry.type_ids) for entry in entries]
        with torch.no_grad():
            results = [model(ids[None], token_type_ids=kinds[None]) for ids, kinds in zip(tokens, types)]
        states = [result.last_hidden_state[0] for result in results]
        recorded = {
            "tokens": torch.cat(tokens).int(),
            "last_hidden_state": torch.cat(states),
            "pooler_output": torch.cat([result.pooler_output for result in results]),
            "sentence_embedding": torch.stack([torch.nn.functional.normalize(rows.mean(0), dim=0) for rows in states]),
        }
        if len(texts) > 1:
            lengths = torch.tensor([len(ids) for ids in tokens])
            recorded["sequences"] = torch.arange(len(texts), dtype=torch.int32).repeat_interleave(lengths)
        if any(kinds.any() for kinds in types):
            recorded["token_types"] = torch.cat(types).int()
        save_file(recorded, options.output / f"{name}.safetensors")
        state = recorded["last_hidden_state"]
        print(f"{name}: {len(texts)} entries, {len(state)} rows, {state.mean():.3f} ± {state.std():.3f}")
    (options.output / "reference.json").write_text(json.dumps(INPUTS, indent=1) + "\n")


if __name__ == "__main__":
    main()
