#!/usr/bin/env python3
"""Trains the emoji model: train.py emoji.npz all-MiniLM-L6-v2 -o model [--help]

A UNet of diffusers over pictures of 32 x 32 pixels, by flow matching (arXiv 2210.02747), told of captions by a frozen
all-MiniLM-L6-v2. Half of the captions say nothing of style, over pictures of both; the other half end in tags of one.
Captions of the held-out list are not trained on. A core takes 1.4 seconds a step; where it is stopped, the
same command goes on from `model/state.pt`. Needs torch, diffusers, transformers, safetensors and numpy.
"""

import argparse
import json
import math
import os
import pathlib
import time

import numpy
import torch
from diffusers import FlowMatchEulerDiscreteScheduler, UNet2DConditionModel
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers import AutoModel, AutoTokenizer

HERE = pathlib.Path(__file__).resolve().parent
STYLES = ["colour", "line"]
# Tagged texts that are drawn for each caption and style.
DRAWS = 4
LONGEST = 32
# Mirrored, these would say something else.
NOT_FLIPPED = {"flags", "symbols", "Flags", "Symbols"}
# How many texts are empty, so that guidance has something to lead away from.
EMPTY = 0.1
AVERAGE = 0.999


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="what render.py wrote")
    parser.add_argument("encoder", help="the directory of all-MiniLM-L6-v2")
    parser.add_argument("-o", "--output", type=pathlib.Path, required=True, help="the directory of the model")
    parser.add_argument("--steps", type=int, default=1600)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=6e-4, help="the greatest learning rate")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    data = Data(options.data, options.encoder, options.device)
    training = Training(options)
    training.resume()
    training.run(data)
    training.write()


class Data:
    """Pictures in [-1, 1], and the states of their texts."""

    def __init__(self, path: str, encoder: str, device: str) -> None:
        self.device = device
        file = numpy.load(path)
        held_out = set((HERE / "captions-held-out.txt").read_text().splitlines())
        kept = numpy.array([caption not in held_out for caption in file["caption"]])
        self.pictures = {
            style: torch.from_numpy(file[style][kept]).permute(0, 3, 1, 2).float() / 127.5 - 1 for style in STYLES
        }
        self.flips = torch.tensor([group not in NOT_FLIPPED for group in file["group"][kept]])
        captions = [str(caption) for caption in file["caption"][kept]]
        tags = {style: (HERE / f"tags-{style}.txt").read_text().splitlines() for style in STYLES}
        random = numpy.random.default_rng(0)
        texts = [""] + captions
        for style in STYLES:
            for caption in captions:
                texts += [f"{caption}, {', '.join(drawn(tags[style], random))}" for _ in range(DRAWS)]
        self.count = len(captions)
        self.states, self.lengths = encoded(texts, encoder)

    def batch(self, size: int, random: torch.Generator) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Pictures, the states of their texts, and which of these there are."""
        indices = torch.randint(self.count, (size,), generator=random)
        styles = torch.randint(2, (size,), generator=random)
        pictures = torch.where(
            styles.view(-1, 1, 1, 1) == 0, self.pictures["colour"][indices], self.pictures["line"][indices]
        )
        flipped = (torch.rand(size, generator=random) < 0.5) & self.flips[indices]
        pictures = torch.where(flipped.view(-1, 1, 1, 1), pictures.flip(3), pictures)
        tagged = 1 + self.count + (styles * self.count + indices) * DRAWS
        tagged += torch.randint(DRAWS, (size,), generator=random)
        texts = torch.where(torch.rand(size, generator=random) < 0.5, 1 + indices, tagged)
        texts = torch.where(torch.rand(size, generator=random) < EMPTY, 0, texts)
        mask = torch.arange(LONGEST) < self.lengths[texts].unsqueeze(1)
        states = self.states[texts].float()
        return pictures.to(self.device), states.to(self.device), mask.to(self.device)


def drawn(tags: list[str], random: numpy.random.Generator) -> list[str]:
    return list(random.choice(tags, size=random.integers(1, 4), replace=False))


def encoded(texts: list[str], encoder: str) -> tuple[torch.Tensor, torch.Tensor]:
    """The last hidden states of texts, f16[N,LONGEST,D], and how many rows each has."""
    tokenizer = AutoTokenizer.from_pretrained(encoder)
    model = AutoModel.from_pretrained(encoder, torch_dtype=torch.float32).eval()
    states, lengths = [], []
    with torch.no_grad():
        for start in range(0, len(texts), 256):
            some = tokenizer(
                texts[start : start + 256],
                padding="max_length",
                max_length=LONGEST,
                truncation=True,
                return_tensors="pt",
            )
            longest = int(some["attention_mask"].sum(1).max())
            some = {name: value[:, :longest] for name, value in some.items()}
            rows = model(**some).last_hidden_state.half()
            states.append(torch.nn.functional.pad(rows, (0, 0, 0, LONGEST - longest)))
            lengths.append(some["attention_mask"].sum(1))
    return torch.cat(states), torch.cat(lengths)


class Training:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        torch.manual_seed(0)
        self.model = UNet2DConditionModel(
            sample_size=32,
            in_channels=3,
            out_channels=3,
            layers_per_block=1,
            block_out_channels=(48, 96, 128),
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            attention_head_dim=(3, 3, 4),
            cross_attention_dim=384,
            norm_num_groups=16,
            use_linear_projection=True,
        ).to(options.device)
        self.model = self.model.to(memory_format=torch.channels_last)
        self.compiled = torch.compile(self.model)
        self.average = {name: value.detach().clone() for name, value in self.model.state_dict().items()}
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=options.rate, weight_decay=0.01, fused=True)
        self.random = torch.Generator().manual_seed(0)
        self.step, self.losses = 0, []
        self.state = options.output / "state.pt"
        self.log = options.output / "training.log"

    def resume(self) -> None:
        if self.state.exists():
            state = torch.load(self.state, map_location=self.options.device, weights_only=True)
            self.model.load_state_dict(state["model"])
            self.average = state["average"]
            self.optimizer.load_state_dict(state["optimizer"])
            self.random.set_state(state["random"].cpu())
            self.step = state["step"]

    def save(self) -> None:
        part = self.state.with_suffix(".part")
        state = {"model": self.model.state_dict(), "average": self.average, "step": self.step}
        state |= {"optimizer": self.optimizer.state_dict(), "random": self.random.get_state()}
        torch.save(state, part)
        os.replace(part, self.state)

    def run(self, data: Data) -> None:
        began = time.monotonic()
        while self.step < self.options.steps:
            self.losses.append(self.advance(data))
            self.step += 1
            if self.step % 100 == 0:
                seconds = time.monotonic() - began
                line = (
                    f"step {self.step}: loss {numpy.mean(self.losses):.4f}, {seconds / len(self.losses):.2f} s a step"
                )
                print(line, flush=True)
                with self.log.open("a") as log:
                    log.write(f"{line}\n")
                self.losses, began = [], time.monotonic()
                self.save()

    def advance(self, data: Data) -> float:
        """One step of the optimizer; returns the loss."""
        warm, done = 200, self.step / self.options.steps
        rate = self.options.rate * min(1, (self.step + 1) / warm) * (0.02 + 0.98 * (1 + math.cos(math.pi * done)) / 2)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        pictures, states, mask = data.batch(self.options.batch, self.random)
        noise = torch.randn(pictures.shape, generator=self.random).to(pictures.device)
        times = torch.sigmoid(torch.randn(len(pictures), generator=self.random)).to(pictures.device)
        shares = times.view(-1, 1, 1, 1)
        noisy = ((1 - shares) * pictures + shares * noise).contiguous(memory_format=torch.channels_last)
        # On processors the backward pass of flash attention takes a fifth of a step.
        with torch.autocast(self.options.device.split(":")[0], torch.bfloat16), sdpa_kernel(SDPBackend.MATH):
            found = self.compiled(noisy, times * 1000, states, encoder_attention_mask=mask).sample
        loss = torch.nn.functional.mse_loss(found.float(), noise - pictures)
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        keep = min(AVERAGE, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for name, value in self.model.state_dict().items():
                self.average[name].lerp_(value, 1 - keep)
        return loss.item()

    def write(self) -> None:
        """The averaged weights in f16, as a directory of diffusers; the text encoder is put beside it later."""
        self.model.load_state_dict(self.average)
        self.model.half().save_pretrained(self.options.output / "unet")
        FlowMatchEulerDiscreteScheduler().save_pretrained(self.options.output / "scheduler")
        index = {
            "_class_name": "DiffusionPipeline",
            "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
            "text_encoder": ["transformers", "BertModel"],
            "tokenizer": ["transformers", "BertTokenizer"],
            "unet": ["diffusers", "UNet2DConditionModel"],
        }
        (self.options.output / "model_index.json").write_text(json.dumps(index, indent=2) + "\n")


if __name__ == "__main__":
    main()
