#!/usr/bin/env python3
"""Writes Tests/TokenizerTests/Fixtures/gguf: small vocabularies in GGUF files, and the tokens of our lines with them.

    python3 -m venv venv
    venv/bin/pip install tokenizers==0.23.3 gguf==0.19.0 sentencepiece==0.2.3 llama-cpp-python==0.3.36
    venv/bin/python Scripts/make-gguf-vocabularies.py

Tokens are llama.cpp's. Where it differs from the model's own tokenizer they are those of `tokenizers` or SentencePiece:
`composes` says that text is composed first; "tekken" and "gpt-4o" are cut by the published patterns, which llama.cpp
only comes close to; spaces of unigrams are SentencePiece's. How many lines differ is printed.

NAME.cases.json has `variants`, each with the entries that are added to the file's header, and `ids`, a row a line, or
null where SentencePiece and `tokenizers` differ.
"""

import collections
import importlib.util
import io
import json
import os
import random
import re
import tempfile
import unicodedata

import gguf
import llama_cpp
import sentencepiece
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

HERE = os.path.dirname(__file__)
OUT = os.path.join(HERE, "..", "Tests", "TokenizerTests", "Fixtures", "gguf")
SPEC = importlib.util.spec_from_file_location("fixtures", os.path.join(HERE, "make-tokenizer-fixtures.py"))
fixtures = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(fixtures)
import tokenizer_kinds  # noqa: E402

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = range(1, 7)

# One name of each rule, and whether text is composed.
RULES = [
    ("default", False),
    ("gpt-2", False),
    ("olmo", True),
    ("roberta-bpe", False),
    ("smollm", False),
    ("command-r", True),
    ("llama-bpe", False),
    ("dbrx", False),
    ("qwen2", True),
    ("deepseek-r1-qwen", False),
    ("qwen35", True),
    ("tekken", False),
    ("gpt-4o", False),
    ("deepseek-coder", False),
    ("deepseek-v3", False),
    ("bloom", False),
    ("viking", False),
]
CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
REST = r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
# The patterns of the published tokenizers.
PUBLISHED = {
    "tekken": rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*|\p{{N}}" + REST,
    "gpt-4o": rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{CONTRACTIONS}?"
    + rf"|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{CONTRACTIONS}?|\p{{N}}{{1,3}}"
    + REST,
}


class Vocabulary:
    """What a GGUF file holds."""

    def __init__(self, model, tokens, types, scores=None, merges=None, **entries):
        self.model, self.tokens, self.types = model, tokens, types
        self.scores, self.merges, self.entries = scores, merges, entries

    def write(self, path, variant=()):
        writer = gguf.GGUFWriter(path, "llama")
        writer.add_tokenizer_model(self.model)
        writer.add_token_list(self.tokens)
        writer.add_token_types(self.types)
        if self.scores is not None:
            writer.add_token_scores(self.scores)
        if self.merges is not None:
            writer.add_token_merges(self.merges)
        for key, value in list(self.entries.items()) + list(variant):
            key = f"tokenizer.ggml.{key}"
            if isinstance(value, bool):
                writer.add_bool(key, value)
            elif isinstance(value, int):
                writer.add_uint32(key, value)
            elif isinstance(value, bytes):
                writer.add_array(key, value)
            else:
                writer.add_string(key, value)
        # llama.cpp wants to know how large a model is, even without its tensors.
        if variant is not None:
            for key in ["context_length", "embedding_length", "block_count", "feed_forward_length"]:
                writer.add_uint32(f"llama.{key}", 8)
            writer.add_uint32("llama.attention.head_count", 1)
            writer.add_float32("llama.attention.layer_norm_rms_epsilon", 1e-5)
            writer.add_uint32("llama.rope.dimension_count", 8)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.close()

    def tokenize(self, lines, variant):
        """llama.cpp's tokens of the lines."""
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "x.gguf")
            self.write(path, variant)
            model = llama_cpp.Llama(path, vocab_only=True, verbose=False)
            return [model.tokenize(line.encode(), add_bos=False, special=True) if line else [] for line in lines]


def clean(lines):
    """Lines without characters on whose class Unicode's versions differ."""
    return [line for line in lines if not any(unicodedata.category(char) in ("Cn", "Co") for char in line)]


def record(name, vocabulary, variants, lines):
    """Writes a vocabulary and its cases; `variants` are entries with the tokens of the lines."""
    vocabulary.write(os.path.join(OUT, f"{name}.gguf"))
    cases = [{"entries": dict(entries), "ids": ids} for entries, ids in variants]
    with open(os.path.join(OUT, f"{name}.cases.json"), "w", encoding="utf-8") as file:
        text = json.dumps({"lines": lines, "variants": cases}, ensure_ascii=False, separators=(",", ":"))
        file.write(text + "\n")


def count_differences(name, found, expected):
    print(f"{name}: {len(found)} lines, llama.cpp differs in {sum(a != b for a, b in zip(found, expected))}")


def byte_pairs(corpus, lines):
    # Merges that go beyond words show where text is cut.
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    trainer = trainers.BpeTrainer(
        vocab_size=900, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False, max_token_length=12
    )
    tokenizer.train_from_iterator([line for text in corpus for line in text.split("\n")], trainer)
    model = json.loads(tokenizer.to_str())["model"]
    tokens = [token for token, _ in sorted(model["vocab"].items(), key=lambda item: item[1])]
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
    # A word that no merges make, for the rules that ignore them.
    tokens += ["Ġengine", "Zwischen"]
    specials = [("<|end|>", CONTROL), ("<user>", USER_DEFINED), ("   ", USER_DEFINED)]
    types = [NORMAL] * len(tokens) + [kind for _, kind in specials]
    tokens += [text for text, _ in specials]
    end = tokens.index("<|end|>")
    vocabulary = Vocabulary("gpt2", tokens, types, merges=merges, eos_token_id=end, bos_token_id=end)
    variants = []
    for name, composes in RULES:
        texts = [unicodedata.normalize("NFC", line) for line in lines] if composes else lines
        variant = [("pre", name)]
        ids = vocabulary.tokenize(texts, variant)
        if name in PUBLISHED:
            own = published(tokens, types, merges, PUBLISHED[name], name == "tekken")
            expected = [own.encode(line, add_special_tokens=False).ids for line in texts]
            count_differences(name, ids, expected)
            ids = expected
        variants.append((variant, ids))
    record("byte-pairs", vocabulary, variants, lines)


def published(tokens, types, merges, pattern, ignores_merges):
    vocab = {token: index for index, token in enumerate(tokens)}
    model = models.BPE(vocab=vocab, merges=[tuple(merge.split(" ")) for merge in merges], ignore_merges=ignores_merges)
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.add_special_tokens([token for token, kind in zip(tokens, types) if kind == CONTROL])
    tokenizer.add_tokens([token for token, kind in zip(tokens, types) if kind == USER_DEFINED])
    return tokenizer


def train(corpus, **options):
    """A serialized model of SentencePiece."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(corpus),
        model_writer=model,
        user_defined_symbols=["<user>", "<br>"],
        minloglevel=2,
        num_threads=1,
        **options,
    )
    return model.getvalue()


def pieces_of(model):
    processor = sentencepiece.SentencePieceProcessor(model_proto=model)
    tokens, types, scores = [], [], []
    for index in range(processor.vocab_size()):
        kinds = [(processor.is_unknown, UNKNOWN), (processor.is_control, CONTROL), (processor.is_byte, BYTE)]
        kind = next((kind for test, kind in kinds if test(index)), NORMAL)
        piece = processor.id_to_piece(index)
        tokens.append(piece)
        types.append(USER_DEFINED if piece in ("<user>", "<br>") else kind)
        scores.append(processor.get_score(index))
    return tokens, types, scores


def sentence_pieces(corpus, lines):
    model = train(corpus, model_type="bpe", vocab_size=1000, byte_fallback=True, normalization_rule_name="identity")
    tokens, types, scores = pieces_of(model)
    # Runs of spaces, as Gemma has them: one token each in the text itself.
    tokens, types, scores = tokens + ["   "], types + [USER_DEFINED], scores + [0.0]
    vocabulary = Vocabulary("llama", tokens, types, scores, bos_token_id=1, eos_token_id=2, unknown_token_id=0)
    variants = []
    for adds in [True, False]:
        variant = [("add_space_prefix", adds)]
        variants.append((variant, vocabulary.tokenize(lines, variant)))
    record("sentence-pieces", vocabulary, variants, lines)


def unigrams(corpus, lines):
    rules = tokenizer_kinds.SMALL_RULES
    with tempfile.NamedTemporaryFile("w", suffix=".tsv", encoding="utf-8") as file:
        file.write("".join(f"{line}\n" for line in rules))
        file.flush()
        model = train(corpus, model_type="unigram", vocab_size=600, normalization_rule_tsv=file.name)
    tokens, types, scores = pieces_of(model)
    rules = tokenizer_kinds.precompiled(tokenizer_kinds.rules_in(model))
    vocabulary = Vocabulary(
        "t5",
        tokens,
        types,
        scores,
        eos_token_id=2,
        unknown_token_id=0,
        precompiled_charsmap=tokenizer_kinds.rules_in(model),
    )
    variants = []
    for adds in [True, False]:
        for collapses in [True, False]:
            variant = [("add_space_prefix", adds), ("remove_extra_whitespaces", collapses)]
            found = vocabulary.tokenize(lines, variant)
            changed = changed_spaces(model, adds, collapses)
            expected = [changed.encode(line) if not has_symbols(line) else None for line in lines]
            # `tokenizers` and SentencePiece rewrite some clusters in their own ways.
            plain = changed_spaces(model, False, False)
            for row, line in enumerate(lines):
                rewritten = plain.normalize(line).replace("▁", " ")
                # In a long run several cuts are equally good.
                is_tied = re.search(r"(.)\1{16}", rewritten)
                if rules.normalize_str(line) != rewritten or (line and not rewritten) or is_tied:
                    expected[row] = None
            pairs = [(a, b) for a, b in zip(found, expected) if b is not None]
            count_differences(f"unigrams, {adds}, {collapses}", *zip(*pairs))
            variants.append((variant, expected))
    record("unigrams", vocabulary, variants, lines)


def has_symbols(line):
    """Whether a line has tokens before which SentencePiece and tokenizer.json see a word's beginning differently."""
    return any(symbol in line for symbol in ["<user>", "<br>", "<s>", "</s>", "<unk>"])


def changed_spaces(model, adds, collapses):
    from sentencepiece import sentencepiece_model_pb2

    proto = sentencepiece_model_pb2.ModelProto.FromString(model)
    proto.normalizer_spec.add_dummy_prefix = adds
    proto.normalizer_spec.remove_extra_whitespaces = collapses
    return sentencepiece.SentencePieceProcessor(model_proto=proto.SerializeToString())


def word_pieces(corpus, lines):
    tokenizer = tokenizer_kinds.bert(corpus, size=700)
    vocab = sorted(tokenizer.get_vocab(with_added_tokens=False).items(), key=lambda item: item[1])
    # A GGUF file cannot tell such a piece from one that begins a word.
    vocab = [(f"[unused{index}]" if "▁" in token else token, index) for token, index in vocab]
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    types = [CONTROL if token in names else NORMAL for token, _ in vocab]
    tokens = [token if token in names else token[2:] if token.startswith("##") else "▁" + token for token, _ in vocab]
    index = {token: index for index, token in enumerate(tokens)}
    vocabulary = Vocabulary(
        "bert",
        tokens,
        types,
        cls_token_id=index["[CLS]"],
        bos_token_id=index["[CLS]"],
        seperator_token_id=index["[SEP]"],
        unknown_token_id=index["[UNK]"],
        padding_token_id=index["[PAD]"],
        mask_token_id=index["[MASK]"],
    )
    variants = []
    for lower in [True, False]:
        variant = [("normalizer.lowercase", lower)]
        found = vocabulary.tokenize(lines, variant)
        data = json.loads(tokenizer.to_str())
        data["normalizer"] = {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": None,
            "lowercase": lower,
        }
        data["pre_tokenizer"] = {"type": "BertPreTokenizer"}
        data["model"]["max_input_chars_per_word"] = 100
        data["model"]["vocab"] = dict(vocab)
        data["added_tokens"] = [token for token in data["added_tokens"] if token["content"] in names]
        own = Tokenizer.from_str(json.dumps(data))
        expected = [own.encode(line, add_special_tokens=False).ids for line in lines]
        count_differences(f"word pieces, lowercase {lower}", found, expected)
        variants.append((variant, expected))
    record("word-pieces", vocabulary, variants, lines)


def main():
    os.makedirs(OUT, exist_ok=True)
    corpus = fixtures.make_lines(seed=31, count=3000)
    rng = random.Random(32)
    lines = clean(fixtures.make_lines(seed=33, count=90))
    for text in ["<user>", "<br>", "<|end|>", "   ", "engine Zwischen", "DON'T don't 12345 Ab3cD ÀÉ\u0301x"]:
        at = rng.randrange(len(lines))
        lines[at] = lines[at][:5] + text + lines[at][5:]
    # A model has a piece for every character that it was trained on.
    common = {char for char, _ in collections.Counter("".join(corpus)).most_common(220)} - {"\0"}
    plain = ["".join(char for char in line if char in common) for line in corpus]
    lines = [line.replace("\0", "")[:160] for line in lines]
    byte_pairs(corpus, lines)
    sentence_pieces(plain, lines)
    unigrams(plain, lines)
    word_pieces(corpus, lines)


if __name__ == "__main__":
    main()
