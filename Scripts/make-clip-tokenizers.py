#!/usr/bin/env python3
"""Write folders of CLIP's tokenizer as the hub has them, and what `transformers` makes of our lines.

    Scripts/make-clip-tokenizers.py [--output Tests/TokenizerTests/Fixtures/clip]

Input: Tests/TokenizerTests/Fixtures/tokenizer/clip.tokenizer.json, of which the vocabulary and the merges are taken,
and 120 lines of lines.json beside it. A folder has `vocab.json` and `merges.txt`, which here lie above all folders,
and:

    listed     tokenizer_config.json with added_tokens_decoder, as newer versions write it; padded with `!`, as the
               second tokenizer of SDXL is
    legacy     tokenizer_config.json with special tokens as objects, and special_tokens_map.json, as SD 1.5 has them
    added      added_tokens.json, with a token beyond the vocabulary and one that is not special
    bare       a tokenizer_config.json that names the class and nothing else

Output: cases.json, for each folder the tokens of each of `lines`, with the special tokens around them.

Made with Python 3.11, transformers 5.24.0, tokenizers 0.23.3.
"""

import argparse
import json
import shutil
import tempfile
from pathlib import Path

from transformers import CLIPTokenizer

FIXTURES = Path(__file__).parent.parent / "Tests/TokenizerTests/Fixtures"
MORE = [
    "",
    "a photo of a cat",
    "A  Photo\tof\n\nA CAT, it's <|endoftext|>over<|startoftext|>",
    "<|ENDOFTEXT|> <|StartOfText|> they're we'd I'LL !!! ! a!b !",
    "<sks> a dog <SKS> new_word New_Word",
    "naïve café Ångström e\u0301 ﬁ ＡＢＣ 12345 ½ ٣٤٥",
    "\u00a0\u2003\u3000x\u200by\u0085z",
    "😀👍🏽 日本語 한글 العربية हिन्दी",
    "don't DON'T 'sup 's",
    "x" * 300,
]


def token(content, **flags):
    return {"content": content, "lstrip": False, "normalized": True, "rstrip": False, "single_word": False, **flags}


START, END = "<|startoftext|>", "<|endoftext|>"


def folders(ids):
    marked = {
        name: {"__type": "AddedToken", **token(text)}
        for name, text in [("bos_token", START), ("eos_token", END), ("unk_token", END)]
    }
    yield (
        "listed",
        {
            "tokenizer_config.json": {
                "tokenizer_class": "CLIPTokenizer",
                "bos_token": START,
                "eos_token": END,
                "unk_token": END,
                "pad_token": "!",
                "do_lower_case": True,
                "errors": "replace",
                "model_max_length": 77,
                "added_tokens_decoder": {
                    str(ids["!"]): token("!", normalized=False, special=True),
                    str(ids[START]): token(START, normalized=True, special=True),
                    str(ids[END]): token(END, normalized=False, special=True),
                },
            },
        },
    )
    yield (
        "legacy",
        {
            "tokenizer_config.json": {
                "tokenizer_class": "CLIPTokenizer",
                "add_prefix_space": False,
                "pad_token": END,
                "model_max_length": 77,
                **marked,
            },
            "special_tokens_map.json": {
                "bos_token": token(START),
                "eos_token": token(END),
                "unk_token": token(END),
                "pad_token": END,
            },
        },
    )
    yield (
        "added",
        {
            "tokenizer_config.json": {
                "tokenizer_class": "CLIPTokenizer",
                "bos_token": START,
                "eos_token": END,
                "unk_token": END,
            },
            "special_tokens_map.json": {"additional_special_tokens": ["<sks>"]},
            "added_tokens.json": {"<sks>": len(ids), "new_word": len(ids) + 1},
        },
    )
    yield "bare", {"tokenizer_config.json": {"tokenizer_class": "CLIPTokenizer"}}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=FIXTURES / "clip")
    output = parser.parse_args().output
    model = json.loads((FIXTURES / "tokenizer/clip.tokenizer.json").read_text())["model"]
    lines = json.loads((FIXTURES / "tokenizer/lines.json").read_text())
    lines = lines[:120] + MORE
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
    cases = {"lines": lines}
    output.mkdir(parents=True, exist_ok=True)
    (output / "vocab.json").write_text(json.dumps(model["vocab"], ensure_ascii=False) + "\n")
    (output / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
    for name, files in folders(model["vocab"]):
        folder = output / name
        folder.mkdir(parents=True, exist_ok=True)
        for file, content in files.items():
            (folder / file).write_text(json.dumps(content, indent=2) + "\n")
        with tempfile.TemporaryDirectory() as whole:
            for file in [*folder.iterdir(), output / "vocab.json", output / "merges.txt"]:
                shutil.copy(file, whole)
            tokenizer = CLIPTokenizer.from_pretrained(whole)
        added = json.loads(tokenizer.backend_tokenizer.to_str())["added_tokens"]
        print(name, [(t["id"], t["content"], t["normalized"], t["special"]) for t in added])
        cases[name] = [tokenizer(line)["input_ids"] for line in lines]
    (output / "cases.json").write_text(json.dumps(cases, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
