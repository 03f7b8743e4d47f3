#!/usr/bin/env python3
"""Write random tiny checkpoints of encoders of text, and what `transformers` computes for them.

    Scripts/make-tiny-bert.py [--output Tests/Fixtures]

Input: none; everything is seeded. Each checkpoint is a directory as `save_pretrained` leaves it, all of f32:

    tiny-bert      a `BertModel`: 2 layers, exact GELU, with a pooler; tensors named `embeddings.…`, `encoder.…`
    tiny-bert-2    a `BertForMaskedLM`: GELU by tanh (`gelu_new`), no pooler; tensors named `bert.…`, beside those of
                   the head (`cls.…`), which the encoder does not read; an epsilon large enough to show
    tiny-bert-old  ReLU, one layer, a `BertForPreTraining` in the spelling of `bert-base-uncased`: gains and biases of
                   norms are `gamma` and `beta`, `bert.embeddings.position_ids` is an I64 tensor, `architectures`
                   says `BertForMaskedLM` although the tensors have a pooler (`BertModel.from_pretrained` uses it)
    tiny-roberta   a `RobertaModel` with a pooler; the first token takes position 2
    tiny-distilbert  a `DistilBertForMaskedLM`; tensors named `distilbert.…`, beside those of the head
    tiny-bert-classifier, tiny-xlm-roberta-classifier, tiny-distilbert-classifier
                   `…ForSequenceClassification` of BERT, of XLM-RoBERTa (labels that hold or not each by itself; its
                   padding is 3) and of DistilBERT (without names of labels)
    tiny-clip-text   a `CLIPTextModelWithProjection`; its texts end with the end token, here the last of the vocabulary
    tiny-clip-text-2  a `CLIPTextModel`, of the old kind, in which token 2 stands for the largest one
    tiny-t5        a `T5EncoderModel` with ReLU, whose heads are no share of the width; texts longer than the farthest
                   distance that is told apart; the embedding is named `shared`
    tiny-t5-gated  a `T5ForConditionalGeneration` with gates, whose decoder is not read; the embedding is not tied to a
                   head, and the numbers of buckets and the distance are those of published checkpoints
    tiny-umt5      a `UMT5EncoderModel` gated by SiLU, with an odd number of buckets; each layer has a bias of its own,
                   and the embedding is named `encoder.embed_tokens`

Matrices are wide enough that attention is far from uniform, gains scatter around 1, biases around 0.

Output, `input1.safetensors` to `input4.safetensors` beside each checkpoint, one call each: T rows, which are the
tokens of B entries one after another, without padding. Every entry runs through the model alone, in f32 with eager
attention, and the rows of the results are joined:

    tokens              i32[T]
    sequences           i32[T]     the entry of each row, 0 to B - 1; where B > 1
    token_types         i32[T]     in `input1` and `input4`; in the others they are left out, which means 0
    last_hidden_state   f32[T,D]   not of classifiers
    pooler_output       f32[B,D]   tanh of the pooler's layer on the first row of each entry, where there is a pooler
    logits              f32[B,L]   of classifiers
    text_embeds         f32[B,P]   of `tiny-clip-text`
    SITE                f32[T,D]   `input1`, but not of `tiny-bert-old`: the outputs of the norms, and of the linear
                                   layers that end attention and MLP, by the names of their modules; of the head
                                   f32[B,D] and f32[B,L]; of T5 all modules that compute
    SITE:in             f32[T,…]   `input1` of INPUTS_OF: what each of these reads

`input1` is one entry, `input2` three of which one has one token and one as many as there are positions, `input3` a
single token, `input4` three entries.

Made with Python 3.11, torch 2.13.0 (CPU), transformers 5.23.0, those of T5 5.24.0, safetensors 0.8.0.
"""

import argparse
import copy
import json
import re
import shutil
from pathlib import Path

import torch
from module_outputs import module_outputs
from safetensors.torch import load_file, save_file
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertForPreTraining,
    BertForSequenceClassification,
    BertModel,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    DistilBertConfig,
    DistilBertForMaskedLM,
    DistilBertForSequenceClassification,
    RobertaConfig,
    RobertaModel,
    T5Config,
    T5EncoderModel,
    T5ForConditionalGeneration,
    UMT5Config,
    UMT5EncoderModel,
    XLMRobertaConfig,
    XLMRobertaForSequenceClassification,
)

SITE = re.compile(
    r"(\w+\.)?(embeddings\.LayerNorm|encoder\.layer\.\d+\.(attention\.)?output\.(dense|LayerNorm)"
    r"|transformer\.layer\.\d+\.(attention\.out_lin|sa_layer_norm|ffn\.lin2|output_layer_norm))"
    r"|pre_classifier|classifier(\.dense|\.out_proj)?"
    r"|(text_model\.)?(encoder\.layers\.\d+(\.self_attn\.out_proj|\.layer_norm\d|\.mlp\.fc\d)?|final_layer_norm)"
    r"|text_projection"
    r"|encoder\.(embed_tokens|final_layer_norm|block\.\d+(\.layer\.0(\.layer_norm|\.SelfAttention\.[qkvo])?"
    r"|\.layer\.1\.(layer_norm|DenseReluDense\.(wi|wi_0|wi_1|act|wo)))?)"
)

# Checkpoints of which what modules read is recorded too.
INPUTS_OF = ("tiny-clip-text", "tiny-t5-gated")

CHECKPOINTS = {
    "tiny-bert": (
        BertModel,
        BertConfig(
            vocab_size=120,
            hidden_size=48,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=80,
            max_position_embeddings=40,
            type_vocab_size=2,
        ),
    ),
    "tiny-bert-2": (
        BertForMaskedLM,
        BertConfig(
            vocab_size=97,
            hidden_size=40,
            num_hidden_layers=3,
            num_attention_heads=5,
            intermediate_size=56,
            max_position_embeddings=27,
            type_vocab_size=3,
            hidden_act="gelu_new",
            layer_norm_eps=1e-2,
        ),
    ),
    "tiny-bert-old": (
        BertForPreTraining,
        BertConfig(
            vocab_size=50,
            hidden_size=24,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=44,
            max_position_embeddings=20,
            hidden_act="relu",
        ),
    ),
    "tiny-roberta": (
        RobertaModel,
        RobertaConfig(
            vocab_size=97,
            hidden_size=40,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=68,
            max_position_embeddings=35,
            type_vocab_size=2,
            layer_norm_eps=1e-5,
        ),
    ),
    "tiny-distilbert": (
        DistilBertForMaskedLM,
        DistilBertConfig(
            vocab_size=83,
            dim=36,
            n_layers=2,
            n_heads=3,
            hidden_dim=60,
            max_position_embeddings=31,
            sinusoidal_pos_embds=True,
        ),
    ),
    "tiny-bert-classifier": (
        BertForSequenceClassification,
        BertConfig(
            vocab_size=64,
            hidden_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=52,
            max_position_embeddings=24,
            id2label={0: "calm", 1: "angry", 2: "glad"},
        ),
    ),
    "tiny-xlm-roberta-classifier": (
        XLMRobertaForSequenceClassification,
        XLMRobertaConfig(
            vocab_size=71,
            hidden_size=28,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=48,
            max_position_embeddings=28,
            type_vocab_size=1,
            pad_token_id=3,
            problem_type="multi_label_classification",
            id2label={0: "toxic", 1: "obscene", 2: "threat", 3: "insult"},
        ),
    ),
    "tiny-distilbert-classifier": (
        DistilBertForSequenceClassification,
        DistilBertConfig(
            vocab_size=59,
            dim=24,
            n_layers=1,
            n_heads=2,
            hidden_dim=44,
            max_position_embeddings=22,
            activation="relu",
            num_labels=2,
        ),
    ),
    "tiny-clip-text": (
        CLIPTextModelWithProjection,
        CLIPTextConfig(
            vocab_size=61,
            hidden_size=36,
            intermediate_size=52,
            num_hidden_layers=2,
            num_attention_heads=3,
            max_position_embeddings=23,
            projection_dim=20,
            bos_token_id=59,
            eos_token_id=60,
        ),
    ),
    "tiny-clip-text-2": (
        CLIPTextModel,
        CLIPTextConfig(
            vocab_size=57,
            hidden_size=24,
            intermediate_size=44,
            num_hidden_layers=1,
            num_attention_heads=2,
            max_position_embeddings=21,
            hidden_act="gelu",
            layer_norm_eps=1e-3,
            bos_token_id=0,
            eos_token_id=2,
        ),
    ),
    "tiny-t5": (
        T5EncoderModel,
        T5Config(
            vocab_size=61,
            d_model=36,
            d_kv=7,
            d_ff=52,
            num_layers=3,
            num_heads=3,
            relative_attention_num_buckets=10,
            relative_attention_max_distance=9,
        ),
    ),
    "tiny-t5-gated": (
        T5ForConditionalGeneration,
        T5Config(
            vocab_size=57,
            d_model=28,
            d_kv=24,
            d_ff=44,
            num_layers=2,
            num_decoder_layers=1,
            num_heads=2,
            layer_norm_epsilon=1e-2,
            feed_forward_proj="gated-gelu",
            tie_word_embeddings=False,
        ),
    ),
    "tiny-umt5": (
        UMT5EncoderModel,
        UMT5Config(
            vocab_size=53,
            d_model=24,
            d_kv=10,
            d_ff=36,
            num_layers=2,
            num_heads=3,
            relative_attention_num_buckets=7,
            relative_attention_max_distance=12,
            feed_forward_proj="gated-silu",
        ),
    ),
}

T5 = (T5EncoderModel, T5ForConditionalGeneration, UMT5EncoderModel)
# Of models that take texts of any length, the longest.
LONGEST = 70

CLASSIFIERS = (
    BertForSequenceClassification,
    XLMRobertaForSequenceClassification,
    DistilBertForSequenceClassification,
)

# The lengths of the entries of each call, None for as many tokens as there are positions, and whether they have types.
INPUTS = (((9,), True), ((17, 1, None), False), ((1,), False), ((5, 12, 3), True))


def randomise(model, generator):
    """Draw every parameter anew: matrices by fan-in, gains around 1, biases around 0."""
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if name.endswith("bias"):
            parameter.data = 0.2 * noise
        elif re.search("LayerNorm|layer_?norm|layrnorm", name):
            parameter.data = 1 + 0.3 * noise
        elif "embeddings" in name:
            parameter.data = 0.3 * noise
        elif name.endswith("SelfAttention.q.weight"):
            # Scores are not divided by the root of a head's width.
            parameter.data = 1.5 * noise / (parameter.shape[1] * model.config.d_kv) ** 0.5
        elif parameter.ndim > 1:
            parameter.data = 1.5 * noise / parameter.shape[1] ** 0.5
    model.tie_weights()


def spell_as_published(directory):
    """Rewrite a checkpoint with the names and types that `bert-base-uncased` has."""
    path = directory / "model.safetensors"
    tensors = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): tensor
        for name, tensor in load_file(path).items()
    }
    path = directory / "config.json"
    config = json.loads(path.read_text())
    tensors["bert.embeddings.position_ids"] = torch.arange(config["max_position_embeddings"])[None]
    save_file(tensors, directory / "model.safetensors", metadata={"format": "pt"})
    config["architectures"] = ["BertForMaskedLM"]
    config |= {"gradient_checkpointing": False, "position_embedding_type": "absolute", "transformers_version": "4.6.0"}
    for later in ("add_cross_attention", "bos_token_id", "classifier_dropout", "dtype", "eos_token_id", "is_decoder"):
        config.pop(later, None)
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def name_embedding(directory, name):
    """Rewrite a checkpoint of T5 with its embedding under another of the names that it may have."""
    path = directory / "model.safetensors"
    tensors = load_file(path)
    (known,) = tensors.keys() & {"shared.weight", "encoder.embed_tokens.weight"}
    tensors[name] = tensors.pop(known)
    save_file(tensors, path, metadata={"format": "pt"})


def load(directory, kind):
    """The checkpoint, by whose modules sites are named, and the encoder in it."""
    if kind is BertForPreTraining:
        kind = BertModel
    model = kind.from_pretrained(directory, dtype=torch.float32, attn_implementation="eager").eval()
    if kind in T5:
        return model, model.encoder
    whole = kind in (*CLASSIFIERS, BertModel, RobertaModel, CLIPTextModel, CLIPTextModelWithProjection)
    return model, model if whole else model.base_model


def run(model, encoder, tokens, types, sites, inputs=False):
    """What one entry alone gives, by name: rows [T, D], and `pooler_output` [1, D] where there is a pooler.

    With `sites` the outputs of modules too, and with `inputs` what they read.
    """

    def is_wanted(name, module):
        # A head of several layers gives what its last one does.
        return sites and SITE.fullmatch(name) and not (name == "classifier" and list(module.children()))

    typed = {} if types is None else {"token_type_ids": types[None]}
    with (
        torch.no_grad(),
        module_outputs(model, is_wanted, lambda output: output.reshape(-1, output.shape[-1]), inputs) as outputs,
    ):
        result = encoder(tokens[None], **typed)
    if "logits" in result:
        outputs["logits"] = result.logits
    else:
        outputs["last_hidden_state"] = result.last_hidden_state[0]
    for name in ("pooler_output", "text_embeds"):
        if result.get(name) is not None:
            outputs[name] = result[name]
    return outputs


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--output", type=Path, default=Path("Tests/Fixtures"))
    options = arguments.parse_args()

    for seed, (name, (kind, config)) in enumerate(CHECKPOINTS.items(), start=1):
        directory = options.output / name
        shutil.rmtree(directory, ignore_errors=True)
        generator = torch.Generator().manual_seed(seed)
        model = kind(config)
        randomise(model, generator)
        model.save_pretrained(directory)
        (directory / "generation_config.json").unlink(missing_ok=True)
        if kind is BertForPreTraining:
            spell_as_published(directory)
        if kind in T5:
            embedding = "encoder.embed_tokens.weight" if kind is UMT5EncoderModel else "shared.weight"
            name_embedding(directory, embedding)

        model, encoder = load(directory, kind)
        exact = copy.deepcopy(encoder).double()
        for number, (lengths, typed) in enumerate(INPUTS, start=1):
            # Where padding has a position, the first token's is the one behind it.
            is_roberta = isinstance(config, (RobertaConfig, XLMRobertaConfig))
            positions = getattr(config, "max_position_embeddings", LONGEST)
            positions -= config.pad_token_id + 1 if is_roberta else 0
            typed = typed and hasattr(config, "type_vocab_size")
            lengths = [min(length or positions, positions) for length in lengths]
            sites = number == 1 and name != "tiny-bert-old"
            tokens = [torch.randint(config.vocab_size, (length,), generator=generator) for length in lengths]
            if is_roberta:
                tokens = [torch.where(text == config.pad_token_id, 0, text) for text in tokens]
            if isinstance(config, CLIPTextConfig):
                for text in tokens:
                    text[text == config.vocab_size - 1] = 0
                    text[-1] = config.vocab_size - 1
            types = [None] * len(lengths)
            if typed:
                types = [torch.randint(config.type_vocab_size, (length,), generator=generator) for length in lengths]
            inputs = sites and name in INPUTS_OF
            results = [run(model, encoder, *entry, sites, inputs) for entry in zip(tokens, types)]
            recorded = {"tokens": torch.cat(tokens).int()}
            if len(lengths) > 1:
                entries = torch.arange(len(lengths), dtype=torch.int32)
                recorded["sequences"] = entries.repeat_interleave(torch.tensor(lengths))
            if typed:
                recorded["token_types"] = torch.cat(types).int()
            recorded |= {key: torch.cat([result[key] for result in results]) for key in results[0]}
            save_file(recorded, directory / f"input{number}.safetensors")

            key = "logits" if "logits" in recorded else "last_hidden_state"
            state = recorded[key]
            reference = [run(exact, exact, *entry, False)[key] for entry in zip(tokens, types)]
            error = (state - torch.cat(reference)).square().sum() / state.square().sum()
            print(f"{name}: {lengths} tokens, {state.mean():.2f} ± {state.std():.2f}, {error:.1e} from float64")


if __name__ == "__main__":
    main()
