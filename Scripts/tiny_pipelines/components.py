"""The parts that small pipelines share: tokenizers, encoders of texts and a decoder, of random weights."""

import json
import shutil
from pathlib import Path

import torch
from diffusers import AutoencoderKL
from transformers import (
    BertTokenizerFast,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    T5Config,
    T5EncoderModel,
    T5TokenizerFast,
)

ROOT = Path(__file__).parent.parent.parent
CONTEXT = 20
WORDS = ["a", "the", "cat", "photo", "of", "drawing", "river", "dog", "long", "with", "and", "red"]
LONG = "long " * 60
EULER = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


def randomise(module, scale):
    for name, parameter in module.named_parameters():
        if "norm" in name and name.endswith("weight"):
            parameter.data = 1 + 0.2 * torch.randn(parameter.shape)
        else:
            fan = parameter[0].numel() if parameter.ndim > 1 else 1
            parameter.data = torch.randn(parameter.shape) * (scale / fan**0.5 if parameter.ndim > 1 else 0.1)
    return module.eval()


def clip_tokenizer(folder, pad_token="<|endoftext|>"):
    folder.mkdir(parents=True, exist_ok=True)
    for name in ["vocab.json", "merges.txt"]:
        shutil.copy(ROOT / "Tests/TokenizerTests/Fixtures/clip" / name, folder)
    config = {"tokenizer_class": "CLIPTokenizer", "model_max_length": CONTEXT, "pad_token": pad_token}
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")
    return CLIPTokenizer.from_pretrained(folder)


def t5_tokenizer():
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)] + list(".,'!?A")
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    pieces += [("▁" + word, -2 - 0.1 * index) for index, word in enumerate(WORDS)] + [("▁", -4.0)]
    pieces += [(letter, -6 - 0.01 * index) for index, letter in enumerate(letters)]
    return T5TokenizerFast(vocab=pieces, extra_ids=0)


def bert_tokenizer():
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + WORDS
    tokens += letters + ["##" + letter for letter in letters] + list(".,'!?")
    return BertTokenizerFast(vocab={token: index for index, token in enumerate(tokens)})


def clip_text(tokens, width, projection=None, **changes):
    return randomise(bare_clip_text(tokens, width, projection, **changes), 1.0)


def bare_clip_text(tokens, width, projection=None, **changes):
    options = {
        "vocab_size": len(tokens),
        "hidden_size": width,
        "intermediate_size": 20,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "max_position_embeddings": CONTEXT,
        "bos_token_id": 0,
        "eos_token_id": 1,
        "pad_token_id": 1,
    }
    config = CLIPTextConfig(**(options | changes | ({"projection_dim": projection} if projection else {})))
    return (CLIPTextModelWithProjection if projection else CLIPTextModel)(config)


def t5_text(tokens, width):
    config = T5Config(
        vocab_size=len(tokens),
        d_model=width,
        d_kv=4,
        d_ff=20,
        num_layers=2,
        num_heads=2,
        relative_attention_num_buckets=8,
        relative_attention_max_distance=16,
        feed_forward_proj="gated-gelu",
    )
    return randomise(T5EncoderModel(config), 1.0)


def vae(side=4, **options):
    model = AutoencoderKL(
        block_out_channels=(side, side),
        norm_num_groups=side // 2,
        latent_channels=4,
        sample_size=16,
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        **options,
    )
    return randomise(model, 0.9)
