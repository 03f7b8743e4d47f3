"""Small tokenizers of the kinds that are not byte-level, for make-tokenizer-fixtures.py and check-tokenizers.py."""

import base64
import collections
import io
import json
import os
import tempfile

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

BERT_TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
MARK = "▁"


def around(first, last, tokenizer, kind=processors.TemplateProcessing):
    """BERT's post-processor, as a template or as itself."""
    pairs = [(token, tokenizer.token_to_id(token)) for token in (last, first)]
    if kind is not processors.TemplateProcessing:
        return kind(*pairs)
    return kind(
        single=f"{first} $A {last}", pair=f"{first} $A {last} $B:1 {last}:1", special_tokens=list(reversed(pairs))
    )


def bert(corpus, size=1500):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=40))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=size, special_tokens=BERT_TOKENS, limit_alphabet=300, show_progress=False
    )
    tokenizer.train_from_iterator(corpus, trainer)
    # A trained model has lost its settings.
    data = json.loads(tokenizer.to_str())
    data["model"]["max_input_chars_per_word"] = 40
    tokenizer = Tokenizer.from_str(json.dumps(data))
    tokenizer.post_processor = around("[CLS]", "[SEP]", tokenizer)
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.add_tokens([AddedToken("<Word>", single_word=True), AddedToken("<left>", lstrip=True, normalized=False)])
    return tokenizer


def charsmap(rules=None):
    """SentencePiece's compiled rules: its own by name, or those of lines `FROM<TAB>TO` of hexadecimal characters."""
    import sentencepiece

    with tempfile.TemporaryDirectory() as directory:
        options = {"normalization_rule_name": "nmt_nfkc"}
        if rules:
            path = os.path.join(directory, "rules.tsv")
            with open(path, "w", encoding="utf-8") as file:
                file.write("".join(f"{line}\n" for line in rules))
            options = {"normalization_rule_tsv": path}
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(["a b c", "b c d"] * 10),
            model_writer=model,
            vocab_size=10,
            hard_vocab_limit=False,
            minloglevel=2,
            **options,
        )
        return rules_in(model.getvalue())


def rules_in(model):
    """The field normalizer_spec.precompiled_charsmap of a serialized model."""

    def fields(data):
        at = 0
        while at < len(data):
            key, at = number(data, at)
            if key & 7 == 0:
                value, at = number(data, at)
            elif key & 7 == 2:
                length, at = number(data, at)
                value, at = data[at : at + length], at + length
            else:
                length = 4 if key & 7 == 5 else 8
                value, at = data[at : at + length], at + length
            yield key >> 3, value

    def number(data, at):
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value, at

    spec = dict(fields(model))[3]
    return dict(fields(spec))[2]


def precompiled(blob):
    text = base64.b64encode(blob).decode()
    # The library has no other way to make one.
    shell = Tokenizer(models.WordLevel({}, unk_token=""))
    data = json.loads(shell.to_str())
    data["normalizer"] = {"type": "Precompiled", "precompiled_charsmap": text}
    return Tokenizer.from_str(json.dumps(data)).normalizer


SMALL_RULES = [
    "9\t20",
    "A\t20",
    "D\t20",
    "7F\t",
    "AD\t",
    "A0\t20",
    "3000\t20",
    "2003\t20",
    "200B\t20",
    "BD\t31 2044 32",
    "B2\t32",
    "FB01\t66 69",
    "2460\t31",
    "2167\t56 49 49 49",
    "212B\tC5",
    "41 30A\tC5",
    "65 301\tE9",
    "2026\t2E 2E 2E",
    "FF41\t61",
    "FF21\t41",
    "1100 1161 11A8\tAC01",
    "1F600\t3A 29",
    "2764 FE0F\t3C 33",
]


def t5(corpus, size=1300, rules=tuple(SMALL_RULES)):
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = precompiled(charsmap(rules))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(MARK, "always", True)]
    )
    trainer = trainers.UnigramTrainer(
        vocab_size=size, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False
    )
    # A unigram model has a piece for each character that it was trained on.
    counts = collections.Counter(tokenizer.normalizer.normalize_str("".join(corpus)))
    common = {char for char, _ in counts.most_common(200)}
    tokenizer.train_from_iterator(("".join(char for char in line if char in common) for line in corpus), trainer)
    tokenizer.decoder = decoders.Metaspace(MARK, "always", True)
    end = tokenizer.token_to_id("</s>")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", end)]
    )
    return tokenizer


def xlmr(corpus, size=1300):
    """Like XLM-R and ALBERT: other normalizers, byte fallback, and pieces given twice."""
    tokenizer = t5(corpus, size)
    data = json.loads(tokenizer.to_str())
    vocab = data["model"]["vocab"]
    vocab += [[f"<0x{byte:02X}>", -20.0] for byte in range(256)]
    vocab += [list(vocab[50]), ["the river", -1.5]]
    data["model"]["byte_fallback"] = True
    tokenizer = Tokenizer.from_str(json.dumps(data))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Nmt(),
            normalizers.NFKC(),
            normalizers.Replace(Regex(" {2,}"), " "),
            normalizers.Strip(left=False, right=True),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(MARK, "first", False)
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace(MARK, " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    tokenizer.post_processor = around("</s>", "<pad>", tokenizer, processors.RobertaProcessing)
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True)])
    return tokenizer


CLIP = r"""'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"""


def clip_shell(model):
    """CLIP's components around a model, as transformers' converter puts them."""
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(CLIP), "removed", True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def clip(corpus, size=1400):
    shell = clip_shell(models.BPE(unk_token="<|endoftext|>", end_of_word_suffix="</w>"))
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        end_of_word_suffix="</w>",
        special_tokens=["<|startoftext|>", "<|endoftext|>"],
        show_progress=False,
    )
    shell.train_from_iterator(corpus, trainer)
    model = json.loads(shell.to_str())["model"]
    # The trainer knows only those last letters that it saw.
    vocab = model["vocab"]
    for letter in pre_tokenizers.ByteLevel.alphabet():
        vocab.setdefault(letter + "</w>", len(vocab))
    tokenizer = clip_shell(
        models.BPE(
            vocab=vocab,
            merges=[tuple(pair) for pair in model["merges"]],
            unk_token="<|endoftext|>",
            continuing_subword_prefix="",
            end_of_word_suffix="</w>",
        )
    )
    tokenizer.add_special_tokens(["<|startoftext|>", "<|endoftext|>"])
    tokenizer.post_processor = around("<|startoftext|>", "<|endoftext|>", tokenizer, processors.RobertaProcessing)
    return tokenizer


def affixes(corpus, size=1200):
    """Byte pairs of characters with a prefix inside of words and a suffix at their end, and an unknown token."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        limit_alphabet=200,
        continuing_subword_prefix="##",
        end_of_word_suffix="</w>",
        special_tokens=["<unk>", "[CLS]", "[SEP]"],
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    tokenizer = Tokenizer(
        models.BPE(
            vocab=model["vocab"],
            merges=[tuple(pair) for pair in model["merges"]],
            unk_token="<unk>",
            continuing_subword_prefix="##",
            end_of_word_suffix="</w>",
            fuse_unk=True,
        )
    )
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKD(), normalizers.StripAccents()])
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = around("[CLS]", "[SEP]", tokenizer, processors.BertProcessing)
    tokenizer.decoder = decoders.BPEDecoder()
    return tokenizer


def words(corpus, size=600):
    tokenizer = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Lowercase(), normalizers.Strip()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.UnicodeScripts(), pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation("contiguous")]
    )
    trainer = trainers.WordLevelTrainer(vocab_size=size, special_tokens=BERT_TOKENS, show_progress=False)
    tokenizer.train_from_iterator(corpus, trainer)
    tokenizer.post_processor = around("[CLS]", "[SEP]", tokenizer, processors.BertProcessing)
    return tokenizer


KINDS = [bert, t5, xlmr, clip, affixes, words]


def word_piece_variants():
    for clean, han, accents, lower in [
        (False, False, False, False),
        (True, False, None, False),
        (False, True, True, False),
        (True, True, False, True),
    ]:
        yield {"normalizer": normalizers.BertNormalizer(clean, han, accents, lower)}
    yield {"pre_tokenizer": pre_tokenizers.Whitespace(), "decoder": decoders.WordPiece("##", False)}
    yield {"pre_tokenizer": None, "decoder": None}
    yield {"normalizer": None, "pre_tokenizer": pre_tokenizers.FixedLength(3)}
    yield {"pre_tokenizer": pre_tokenizers.CharDelimiterSplit("e")}
    yield {"pre_tokenizer": pre_tokenizers.UnicodeScripts()}
    yield {"decoder": decoders.Sequence([decoders.WordPiece("##", True), decoders.Fuse(), decoders.Strip("t", 2, 0)])}
    yield {"decoder": decoders.CTC("[PAD]", "##", True)}
    for behavior in ["removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"]:
        yield {"pre_tokenizer": pre_tokenizers.Punctuation(behavior)}
    yield {"pre_tokenizer": pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Digits(True)])}


def unigram_variants():
    for scheme in ["always", "first", "never"]:
        for split in [True, False]:
            yield {
                "pre_tokenizer": pre_tokenizers.Sequence(
                    [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(MARK, scheme, split)]
                )
            }
            yield {"pre_tokenizer": pre_tokenizers.Metaspace(MARK, scheme, split)}
    first = pre_tokenizers.Metaspace(MARK, "first")
    for normalizer in [
        normalizers.NFKD(),
        normalizers.Strip(),
        normalizers.Strip(left=True, right=False),
        normalizers.Nmt(),
        normalizers.Sequence([normalizers.Prepend(MARK), normalizers.Replace(" ", MARK)]),
        normalizers.Sequence([normalizers.Strip(left=False), normalizers.NFKC(), normalizers.StripAccents()]),
        normalizers.ByteLevel(),
    ]:
        yield {"normalizer": normalizer, "pre_tokenizer": first}
    yield {"normalizer": None, "pre_tokenizer": pre_tokenizers.ByteLevel(add_prefix_space=True)}
    yield {
        "normalizer": None,
        "pre_tokenizer": pre_tokenizers.Sequence(
            [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True), pre_tokenizers.Metaspace(MARK)]
        ),
    }
    yield {"decoder": decoders.Sequence([decoders.BPEDecoder(MARK), decoders.Fuse(), decoders.Replace("e", "é")])}
    yield {"decoder": decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace(MARK, "first")])}
