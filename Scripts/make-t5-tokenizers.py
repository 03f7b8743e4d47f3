#!/usr/bin/env python3
"""Write folders of T5's tokenizer with a model of SentencePiece alone, and what `transformers` makes of our lines.

    Scripts/make-t5-tokenizers.py [--output Tests/TokenizerTests/Fixtures/t5]

Input: Tests/TokenizerTests/Fixtures/tokenizer/lines.json, on plain lines of which unigram models are trained, with a
few rules of nmt_nfkc or none; 120 of them are the lines. A folder has `spiece.model`, and:

    listed     tokenizer_config.json with added_tokens_decoder, as diffusers saves it
    legacy     special_tokens_map.json with special tokens as objects, and added_tokens.json
    short      a tokenizer_config.json with 3 extra tokens and special tokens of its own
    bare       a tokenizer_config.json that names the class and nothing else
    identity   the same with a model that rewrites nothing

and beside them `refused`, models that T5 does not have: byte pairs, with byte fallback, without a space before the
text, with pieces of a user, with another unknown piece.

Output: cases.json, for each folder the tokens of each of `lines`, with the special tokens around them.

Made with Python 3.11, transformers 5.24.0, tokenizers 0.23.3, sentencepiece 0.2.3, protobuf 7.36.2.
"""

import argparse
import contextlib
import json
import shutil
import tempfile
from pathlib import Path

import sentencepiece
from transformers import T5Tokenizer

FIXTURES = Path(__file__).resolve().parent.parent / "Tests/TokenizerTests/Fixtures"
MORE = [
    "",
    " ",
    "a photo of a cat",
    "  A  Photo\tof\n\nA CAT</s> it's <extra_id_0>over<extra_id_99> <pad><unk> <extra_id_100>",
    "▁a ▁ b▁▁c",
    "ﬁ ＡＢＣ ½ e\u0301 \u00a0\u2003\u3000x\u200by\u0085z",
    "😀👍🏽 日本語 한글 العربية हिन्दी",
    "<sks> a <sks>b new_word <s>",
    "x" * 300,
]
# What to rewrite, in hexadecimal code points.
RULES = "FB01\t66 69\nFF21\t41\nFF22\t42\nBD\t31 2044 32\n65 301\tE9\nA0\t20\n3000\t20\n200B\t\n9\t20\nA\t20\n"


def train(path, lines, rules, **options):
    options = {"vocab_size": 320, "pad_id": 0, "eos_id": 1, "unk_id": 2, "bos_id": -1} | options
    # The model records the names of these files.
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        Path("rules.tsv").write_text(rules or "")
        naming = {"normalization_rule_tsv": "rules.tsv"} if rules else {"normalization_rule_name": "identity"}
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(lines),
            model_prefix="spiece",
            character_coverage=0.98,
            num_threads=1,
            minloglevel=2,
            **naming,
            **options,
        )
        shutil.copy("spiece.model", path)


def token(content, **flags):
    return {"content": content, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False, **flags}


def folders(size):
    extra = [f"<extra_id_{index}>" for index in range(100)]
    names = ["<pad>", "</s>", "<unk>"]
    listed = {str(index): token(name, special=True) for index, name in enumerate(names)}
    listed |= {
        str(size + index): token(name, lstrip=True, rstrip=True, special=True)
        for index, name in enumerate(reversed(extra))
    }
    common = {"eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
    yield (
        "listed",
        {
            "tokenizer_config.json": {
                "tokenizer_class": "T5Tokenizer",
                "add_prefix_space": None,
                "added_tokens_decoder": listed,
                "additional_special_tokens": extra,
                "clean_up_tokenization_spaces": True,
                "extra_ids": 100,
                "legacy": True,
                "model_max_length": 512,
                "sp_model_kwargs": {},
                **common,
            }
        },
    )
    yield (
        "legacy",
        {
            "tokenizer_config.json": {"tokenizer_class": "T5TokenizerFast", "extra_ids": 100, **common},
            "special_tokens_map.json": {
                "additional_special_tokens": extra,
                **{key: token(text) for key, text in common.items()},
            },
            "added_tokens.json": {name: size + 99 - index for index, name in enumerate(extra)}
            | {"<sks>": size + 100, "new_word": size + 101},
        },
    )
    yield (
        "short",
        {
            "tokenizer_config.json": {
                "tokenizer_class": "T5Tokenizer",
                "extra_ids": 3,
                "bos_token": "<s>",
                "pad_token": {"__type": "AddedToken", **token("<pad>", lstrip=True)},
                "additional_special_tokens": ["<sks>", *extra[:3]],
            }
        },
    )
    yield "bare", {"tokenizer_config.json": {"tokenizer_class": "T5Tokenizer"}}
    yield "identity", {"tokenizer_config.json": {"tokenizer_class": "T5Tokenizer"}}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=FIXTURES / "t5")
    output = parser.parse_args().output.resolve()
    lines = json.loads((FIXTURES / "tokenizer/lines.json").read_text())
    texts = [line for line in lines if line.isascii() and line.strip()]
    (output / "refused").mkdir(parents=True, exist_ok=True)
    train(output / "spiece.model", texts[:400], RULES)
    train(output / "identity.model", texts[:400], None)
    for name, options in {
        "pairs": {"model_type": "bpe"},
        "bytes": {"byte_fallback": True, "vocab_size": 400},
        "spaceless": {"add_dummy_prefix": False},
        "symbols": {"user_defined_symbols": ["<sks>"]},
        "unknown": {"unk_id": 0, "pad_id": 2},
    }.items():
        train(output / f"refused/{name}.model", texts[:100], None, **({"vocab_size": 200} | options))
    lines = lines[:120] + MORE
    cases = {"lines": lines}
    size = sentencepiece.SentencePieceProcessor(str(output / "spiece.model")).get_piece_size()
    for name, files in folders(size):
        folder = output / name
        folder.mkdir(exist_ok=True)
        for file, content in files.items():
            (folder / file).write_text(json.dumps(content, indent=2) + "\n")
        with tempfile.TemporaryDirectory() as whole:
            for file in folder.iterdir():
                shutil.copy(file, whole)
            model = "identity.model" if name == "identity" else "spiece.model"
            shutil.copy(output / model, f"{whole}/spiece.model")
            tokenizer = T5Tokenizer.from_pretrained(whole)
        print(name, len(tokenizer))
        cases[name] = [tokenizer(line)["input_ids"] for line in lines]
    (output / "cases.json").write_text(json.dumps(cases, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
