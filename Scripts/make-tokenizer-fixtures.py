#!/usr/bin/env python3
"""Writes Tests/TokenizerTests/Fixtures/tokenizer: small tokenizers and what PyPI `tokenizers` makes of our lines.

    python3 -m venv venv && venv/bin/pip install tokenizers==0.23.3 gguf==0.19.0 sentencepiece==0.2.3
    venv/bin/python Scripts/make-tokenizer-fixtures.py [--smollm2 SmolLM2-135M-Instruct.Q4_1.gguf] [--minilm DIR]

The text is generated here, from a seed; the trainers are not quite the same every time. Without --smollm2 and
--minilm the fixtures of real vocabularies stay as they are; DIR is that of Scripts/get-minilm.sh.
--save-smollm2 DIR also writes the tokenizer.json that the fixture was made with.

NAME.variants.json has, for other components in the place of those of NAME.tokenizer.json, the same.
NAME.cases.json belongs to the first lines of lines.json, as many as it has rows of "ids".
"""

import argparse
import json
import os
import random
import unicodedata

import tokenizer_kinds
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

OUT = os.path.join(os.path.dirname(__file__), "..", "Tests", "TokenizerTests", "Fixtures", "tokenizer")

SUBJECTS = "the river|a careful clerk|our old engine|nobody|the second tensor|she|winter|an honest map".split("|")
VERBS = "carries|doesn't repeat|won't follow|measured|has forgotten|they'll say|transports|I'd steer".split("|")
OBJECTS = "the quiet harbour|seventeen letters|its own shadow|every channel|naïve façades|Zürich|them all".split("|")
NAMES = "row col mean slope strength tokenIndex max_len HTTPServer x1 _tmp kValue".split()
HAN = "天地玄黃宇宙洪荒日月盈昃辰宿列張寒來暑往秋收冬藏模型激活傳輸的了在是"
KANA = "あいうえおかきくけこさしすせそたちつてとアイウエオカキクケコッー。、「」"
HANGUL = "가나다라마바사아자차카타파하한글모델"
ARABIC = "ابتثجحخدذرزسشصضطظعغفقكلمنهوي ًٌَُِّ"
HEBREW = "אבגדהוזחטיכלמנסעפצקרשת ְִֵֶַָ"
CYRILLIC = "абвгдежзийклмнопрстуфхцчшщъыьэюя АБВГД"
DEVANAGARI = "कखगघचछजझटठडढतथदधनपफबभमयरलवशषसह ािीुूेैोौ्ंः"
THAI = "กขคงจฉชซญดตถทนบปผฝพฟมยรลวสหอ ะาิีึืุูเแโไ่้"
EMOJI = ["😀", "👍🏽", "👩‍💻", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇫🇷", "🇯🇵", "❤️", "☕", "🧑🏿‍🚀", "1️⃣", "🫠", "🤷‍♀️"]
SPACES = [
    " ",
    "  ",
    "   ",
    "\t",
    "\n",
    "\r\n",
    "\n\n",
    " \n ",
    "\u00a0",
    "\u2003",
    "\u3000",
    "\u200b",
    "\u180e",
    "\u0085",
    "\u2028",
    "        ",
    "\t\t  ",
    "\v",
    "\f",
    "\u202f",
    "\ufeff",
]
CONTROLS = ["\u0000", "\u0001", "\u0007", "\u001b[31m", "\u007f", "\u0080", "\u009f", "\u200d", "\u200e", "\u2060"]
NUMBERS = ["0", "7", "42", "1234567890", "3.14159", "-1e-9", "1,000,000", "٣٤٥", "२०२६", "Ⅷ", "½", "x²", "①", "0xFF"]
COMBINING = [
    "e\u0301",
    "n\u0303o",
    "a\u0308\u0323",
    "Z\u0351\u036b\u0342\u0314",
    "\u1100\u1161\u11a8",
    "ﬁ",
    "Å",
    "\u212b",
]
PUNCTUATION = [
    "...",
    "?!",
    "—",
    "“quoted”",
    "¿",
    "::",
    "->",
    "</a>",
    "{{",
    "}}",
    "#!",
    "$$",
    "@",
    "\\",
    "'s",
    "'LL",
    "'Re",
    "'ſ",
    "’s",
    "''",
    "d'",
    "'m ",
    "_",
    "__",
    "~",
    "^^",
    "|",
]
MARKERS = [
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|im_start|>user\n",
    "<|im",
    "_end|>",
    "<mask>",
    "<word>",
    "<left>",
    "<right>",
    "<plain>",
    "the <word> here",
    "in<word>side",
    "a  <left>  b",
    "a  <right>  b",
    "a <mask> b",
    "ÉTÉ",
    "E\u0301TE\u0301",
    "<|im_start|><|im_start|>",
    "<wordy>",
]


def sentence(rng):
    return f"{rng.choice(SUBJECTS)} {rng.choice(VERBS)} {rng.choice(OBJECTS)}".capitalize() + rng.choice(".!?;,")


def code(rng):
    a, b, c = (rng.choice(NAMES) for _ in range(3))
    n = rng.randrange(10 ** rng.randrange(1, 8))
    return rng.choice(
        [
            f"for (int {a} = 0; {a} < {n}; ++{a}) {{ {b}[{a}] += {c} * {n}.5f; }}",
            f"def {a}({b}, *, {c}={n}):\n    return {b} if {c} else None  # {sentence(rng)}",
            f"let {a}: [{b}] = try {c}.map {{ $0 & 0x{n:X} }}\n\n\t\tguard {a}.count > {n} else {{ return }}",
            f'{{"{a}": [{n}, null, true], "{b}": "\\u00e9\\n{c}"}}',
            f"SELECT {a}, COUNT(*) FROM {b} WHERE {c} >= {n} GROUP BY 1;",
            f"https://example.org/{a}/{b}?{c}={n}#top",
            f"$ ./{a} --{b}={n} | grep -v '^{c}' > /dev/null 2>&1",
        ]
    )


def script(rng):
    alphabet = rng.choice([HAN, KANA, HANGUL, ARABIC, HEBREW, CYRILLIC, DEVANAGARI, THAI])
    return "".join(rng.choice(alphabet) for _ in range(rng.randrange(1, 24)))


def any_scalar(rng):
    while True:
        value = rng.randrange(rng.choice([0x80, 0x250, 0x3000, 0x10000, 0x30000]))
        if not 0xD800 <= value < 0xE000:
            return chr(value)


def mixture(rng):
    pools = [SPACES, EMOJI, CONTROLS, NUMBERS, COMBINING, PUNCTUATION, MARKERS]
    parts = []
    for _ in range(rng.randrange(1, 9)):
        kind = rng.randrange(10)
        if kind < 7:
            parts.append(rng.choice(pools[kind]))
        elif kind == 7:
            parts.append(rng.choice([sentence, code, script])(rng))
        elif kind == 8:
            parts.append("".join(any_scalar(rng) for _ in range(rng.randrange(1, 5))))
        else:
            parts.append(rng.choice("aZ eé漢\u0301-") * rng.randrange(1, 60))
    return "".join(parts)


def make_lines(seed, count):
    rng = random.Random(seed)
    fixed = ["", " ", "a", " a", "\n", "'", "\u0301", "😀", "<|endoftext|>", " <|endoftext|> ", "don't  stop\n\n now"]
    kinds = [sentence, code, script, mixture, mixture, mixture]
    return fixed + [rng.choice(kinds)(rng) for _ in range(count - len(fixed))]


LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")

CHAT = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]


def trained(corpus, pre_tokenizer, normalizer=None, size=1200, ignore_merges=False):
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    if normalizer:
        tokenizer.normalizer = normalizer
    trainer = trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), special_tokens=CHAT, show_progress=False
    )
    tokenizer.train_from_iterator(corpus, trainer)
    return tokenizer


def gpt2(corpus):
    tokenizer = trained(corpus, pre_tokenizers.ByteLevel(add_prefix_space=True))
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, normalized=False)])
    tokenizer.add_tokens(
        [
            AddedToken("<word>", single_word=True),
            AddedToken("<left>", lstrip=True),
            AddedToken("<right>", rstrip=True),
            AddedToken("<wordy>"),
            AddedToken("  "),
        ]
    )
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return tokenizer


def smollm2(corpus):
    return trained(
        corpus,
        pre_tokenizers.Sequence(
            [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
        ),
    )


def split_regex(pattern):
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


def llama3(corpus):
    tokenizer = trained(corpus, split_regex(LLAMA3), ignore_merges=True)
    # Words that no merges make: only ignore_merges finds them.
    data = json.loads(tokenizer.to_str())
    for word in ["Ġengine", "Zwischen", "1234", "ĠØ§ÙĦ"]:
        data["model"]["vocab"].setdefault(word, len(data["model"]["vocab"]))
    tokenizer = Tokenizer.from_str(json.dumps(data))
    bos = tokenizer.token_to_id("<|endoftext|>")
    tokenizer.post_processor = processors.Sequence(
        [
            processors.ByteLevel(trim_offsets=False),
            processors.TemplateProcessing(
                single="<|endoftext|> $A",
                pair="<|endoftext|> $A <|endoftext|> $B",
                special_tokens=[("<|endoftext|>", bos)],
            ),
        ]
    )
    return tokenizer


def qwen2(corpus):
    tokenizer = trained(corpus, split_regex(QWEN2), normalizer=normalizers.NFC())
    tokenizer.add_tokens([AddedToken("ÉTÉ", normalized=True), AddedToken("<plain>", normalized=False)])
    return tokenizer


def llama2(corpus):
    """SentencePiece style: no pre-tokenizer, marks for spaces, bytes for what the vocabulary lacks."""
    # No two tokens may differ in their normal form alone.
    marked = [unicodedata.normalize("NFC", line).replace(" ", "▁") for line in corpus]
    small = Tokenizer(models.BPE(unk_token="<unk>"))
    small.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    small.train_from_iterator(
        marked, trainers.BpeTrainer(vocab_size=1100, special_tokens=tokens, limit_alphabet=120, show_progress=False)
    )
    model = json.loads(small.to_str())["model"]
    tokenizer = Tokenizer(
        models.BPE(
            vocab=model["vocab"],
            merges=[tuple(pair) for pair in model["merges"]],
            unk_token="<unk>",
            fuse_unk=True,
            byte_fallback=True,
        )
    )
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    tokenizer.add_special_tokens(["<unk>", "<s>", "</s>"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> $B", special_tokens=[("<s>", 1), ("</s>", 2)]
    )
    return tokenizer


def from_gguf(path):
    from gguf import GGUFReader

    fields = GGUFReader(path).fields
    tokens = fields["tokenizer.ggml.tokens"].contents()
    kinds = fields["tokenizer.ggml.token_type"].contents()
    merges = [tuple(merge.split(" ")) for merge in fields["tokenizer.ggml.merges"].contents()]
    vocab = {token: index for index, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    control = 3
    tokenizer.add_special_tokens(
        [AddedToken(token, normalized=False) for token, kind in zip(tokens, kinds) if kind == control]
    )
    return tokenizer


def write(name, value):
    path = os.path.join(OUT, name)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False, separators=(",", ":"))
        file.write("\n")
    print(f"{name}: {os.path.getsize(path) / 1000:.0f} kB")


def cases(tokenizer, lines, pairs_wanted=True):
    bare = [tokenizer.encode(line, add_special_tokens=False).ids for line in lines]
    full = [tokenizer.encode(line).ids for line in lines]

    def decoded(skip):
        """The decoded texts that differ from the line itself, by number of the line."""
        texts = [tokenizer.decode(row, skip_special_tokens=skip) for row in bare]
        return {str(n): text for n, (text, line) in enumerate(zip(texts, lines)) if text != line}

    around = tokenizer.encode("a").ids, tokenizer.encode("a", add_special_tokens=False).ids
    pairs = []
    for row in range(0, min(len(lines) - 1, 60 if pairs_wanted else 0), 3):
        pair = tokenizer.encode(lines[row], lines[row + 1])
        bare_pair = tokenizer.encode(lines[row], lines[row + 1], add_special_tokens=False)
        pairs.append([row, pair.ids, pair.type_ids, bare_pair.type_ids])
    start = next(n for n in range(len(around[0]) + 1) if around[0][n : n + len(around[1])] == around[1])
    before, behind = around[0][:start], around[0][start + len(around[1]) :]
    assert all(before + row + behind == other for row, other in zip(bare, full))
    return {
        "before": before,
        "behind": behind,
        "ids": bare,
        "decoded": decoded(False),
        "skipping": decoded(True),
        "pairs": pairs,
    }


def broken_utf8(tokenizer, rng):
    """Token rows that cut characters apart, and what the reference decodes them to."""
    size = tokenizer.get_vocab_size()
    out = []
    for _ in range(300):
        row = [rng.randrange(size) for _ in range(rng.randrange(1, 9))]
        if rng.random() < 0.5:
            row = tokenizer.encode("".join(any_scalar(rng) for _ in range(6)), add_special_tokens=False).ids
            row = [token for token in row if rng.random() < 0.8]
        out.append([row, tokenizer.decode(row, skip_special_tokens=False)])
    return out


O200K = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


CL100K = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]"
    r"|\s+(?!\S)|\s+"
)
DEEPSEEK = (
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
    r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def byte_level_variants():
    """Components of byte-level tokenizers, each over merges that know no boundaries."""

    def split(pattern, behavior, invert=False):
        pattern = pattern if isinstance(pattern, str) else Regex(pattern[0])
        return {
            "pre_tokenizer": pre_tokenizers.Sequence(
                [
                    pre_tokenizers.Split(pattern, behavior, invert),
                    pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
                ]
            )
        }

    for behavior in ["isolated", "removed", "merged_with_previous", "merged_with_next", "contiguous"]:
        for invert in [False, True]:
            yield split([r"\s|\p{P}"], behavior, invert)
        yield split("e", behavior)
    for pattern in [
        O200K,
        CL100K,
        DEEPSEEK,
        r" ?[^(\s|[.,!?…。，、।۔،])]+",
        r"[a[-e]x]+|[[x-]b]",
        r"\w+|\W",
        r"[\S]+",
        r"[^\S\n]+",
        r"x*",
        r"\p{Han}+|[぀-ゟ゠-ヿ]+",
        r"(?<=\p{Ll})(?=\p{Lu})",
        r"^\s+|\s+$",
        r"\p{^L}",
        r"\P{L}",
        r"[\u0041-\u005A]",
        r"(?:ab|a)(?!c)\-?",
    ]:
        yield split([pattern], "isolated")
        yield split([pattern], "merged_with_previous")
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=True)
    for individual in [False, True]:
        yield {"pre_tokenizer": pre_tokenizers.Sequence([pre_tokenizers.Digits(individual), byte_level])}
    for normalizer in [
        normalizers.NFC(),
        normalizers.NFD(),
        normalizers.Lowercase(),
        normalizers.Prepend("e"),
        normalizers.Replace(Regex(r"\s+"), " "),
        normalizers.Replace("a", "ee"),
        normalizers.Sequence([normalizers.NFD(), normalizers.Replace(Regex(r"\p{M}"), "")]),
    ]:
        yield {"normalizer": normalizer, "pre_tokenizer": byte_level}


def mark_variants():
    """Components of SentencePiece-style tokenizers."""
    for scheme in ["always", "first", "never"]:
        for split in [True, False]:
            yield {
                "normalizer": None,
                "pre_tokenizer": pre_tokenizers.Metaspace("▁", scheme, split),
                "decoder": decoders.Metaspace("▁", scheme, split),
            }
    yield {"decoder": None}
    yield {"decoder": decoders.Sequence([decoders.Replace(Regex("[▁e]+"), "_"), decoders.ByteFallback()])}
    yield {"decoder": decoders.Sequence([decoders.Metaspace(), decoders.Fuse(), decoders.Strip("a", 3, 0)])}


def variants(base, changes, lines):
    rows = []
    for change in changes:
        tokenizer = Tokenizer.from_str(base)
        for part, value in change.items():
            setattr(tokenizer, part, value)
        patch = {part: json.loads(tokenizer.to_str())[part] for part in change}
        rows.append({"patch": patch} | cases(tokenizer, lines, pairs_wanted=False))
    return {"lines": lines, "variants": rows}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--smollm2")
    parser.add_argument("--save-smollm2")
    parser.add_argument("--minilm")
    options = parser.parse_args()
    os.makedirs(OUT, exist_ok=True)

    corpus = make_lines(seed=1, count=4000)
    lines = make_lines(seed=2, count=2000)
    write("lines.json", lines)
    for make in [gpt2, smollm2, llama3, qwen2, llama2]:
        tokenizer = make(corpus)
        name = make.__name__
        write(f"{name}.tokenizer.json", json.loads(tokenizer.to_str()))
        rows = lines if make in (smollm2, llama3) else lines[:700]
        write(f"{name}.cases.json", cases(tokenizer, rows) | {"broken": broken_utf8(tokenizer, random.Random(3))})
    crossing = trained(corpus, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False), size=600)
    tricky = [line for line in lines if len(line) < 80]
    write("crossing.tokenizer.json", json.loads(crossing.to_str()))
    write("crossing.variants.json", variants(crossing.to_str(), byte_level_variants(), tricky[:45]))
    write("llama2.variants.json", variants(llama2(corpus).to_str(), mark_variants(), tricky[:90]))
    kinds = {make.__name__: make(corpus) for make in tokenizer_kinds.KINDS}
    for name, tokenizer in kinds.items():
        write(f"{name}.tokenizer.json", json.loads(tokenizer.to_str()))
        write(
            f"{name}.cases.json", cases(tokenizer, lines[:400]) | {"broken": broken_utf8(tokenizer, random.Random(3))}
        )
    write("bert.variants.json", variants(kinds["bert"].to_str(), tokenizer_kinds.word_piece_variants(), tricky[:60]))
    write("xlmr.variants.json", variants(kinds["xlmr"].to_str(), tokenizer_kinds.unigram_variants(), tricky[:60]))
    if options.minilm:
        tokenizer = Tokenizer.from_file(options.minilm + "/tokenizer.json")
        # As transformers does, unless a caller asks for them.
        tokenizer.no_padding()
        tokenizer.no_truncation()
        rows = cases(tokenizer, lines[:600]) | {"broken": broken_utf8(tokenizer, random.Random(3))}
        write("minilm-real.cases.json", rows)
    if options.smollm2:
        tokenizer = from_gguf(options.smollm2)
        if options.save_smollm2:
            tokenizer.save(options.save_smollm2 + "/tokenizer.json", pretty=False)
        write("smollm2-real.cases.json", cases(tokenizer, lines) | {"broken": broken_utf8(tokenizer, random.Random(3))})


if __name__ == "__main__":
    main()
