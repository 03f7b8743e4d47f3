#!/usr/bin/env python3
"""Measures what steering did to pictures of emoji: measure.py bare.safetensors LABEL=steered.safetensors ...

Each file has `image`, f32[B,3,32,32] in 0...1, as `actrun image` writes it; picture k of a file was made of the caption
and the noise of picture k of the first. A line of the table says for a file

- how many pictures have the style: `line` are grey, and white inside their outlines; `colour` are not grey;
- content: the cosine between the 16 x 16 masks of the foreground and those of the first file's pictures, and beside it
  the same with the pictures of other captions, which tells what the number is worth.

With `--drawings emoji.npz` the first two lines are the drawings that the model was trained on. `--prepare DIR` writes
what `steer.sh` needs instead: noise for each held-out caption, and these captions with two tags of each style. Needs
numpy and safetensors.
"""

import argparse
import collections
import pathlib

import numpy
from safetensors.numpy import load_file, save_file

HERE = pathlib.Path(__file__).resolve().parent

SIDE = 32
# Brighter than this is paper.
PAPER = 0.8
GREY = 0.02
WHITE_INSIDE = 0.05
RESAMPLES = 2000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bare", nargs="?", help="the pictures without steering")
    parser.add_argument("files", nargs="*", help="LABEL=FILE")
    parser.add_argument("--drawings", help="what render.py wrote")
    parser.add_argument("--prepare", type=pathlib.Path, metavar="DIR")
    options = parser.parse_args()
    if options.prepare:
        return prepare(options.prepare)
    if not options.bare:
        parser.error("give the pictures without steering")
    print("| pictures | line | colour | content | of others |\n|---|---|---|---|---|")
    if options.drawings:
        drawings = numpy.load(options.drawings)
        for style in ("line", "colour"):
            print(row(f"drawings, {style}", drawings[style] / 255.0, None))
    bare = pictures(options.bare)
    masks = [foreground(picture) for picture in bare]
    print(row("unsteered", bare, None))
    for argument in options.files:
        label, _, path = argument.rpartition("=")
        print(row(label, pictures(path), masks))


def prepare(folder: pathlib.Path) -> None:
    random = numpy.random.default_rng(0)
    captions = (HERE / "captions-held-out.txt").read_text().splitlines()
    noise = random.standard_normal((len(captions), 3, SIDE, SIDE), numpy.float32)
    save_file({"latents": noise}, folder / "noise.safetensors")
    for style in ("line", "colour"):
        tags = (HERE / f"tags-{style}.txt").read_text().splitlines()
        lines = [", ".join([caption, *random.choice(tags, 2, replace=False)]) for caption in captions]
        (folder / f"{style}.txt").write_text("\n".join(lines) + "\n")


def pictures(path: str) -> numpy.ndarray:
    """[B,32,32,3] in 0...1."""
    return load_file(path)["image"].transpose(0, 2, 3, 1).clip(0, 1)


def row(label: str, found: numpy.ndarray, masks: "list[numpy.ndarray] | None") -> str:
    own = [foreground(picture) for picture in found]
    saturation = (found.max(-1) - found.min(-1)).mean((1, 2))
    white = numpy.array(
        [(picture.min(-1) > PAPER)[mask].mean() if mask.any() else 0 for picture, mask in zip(found, own)]
    )
    line = (saturation < GREY) & (white > WHITE_INSIDE)
    colour = saturation >= GREY
    cells = [label, share(line), share(colour)]
    if masks is not None:
        pairs = list(zip(own, masks))
        cells.append(f"{numpy.mean([cosine(a, b) for a, b in pairs]):.2f}")
        others = masks[1:] + masks[:1]
        cells.append(f"{numpy.mean([cosine(a, b) for a, b in zip(own, others)]):.2f}")
    else:
        cells += ["", ""]
    return "| " + " | ".join(cells) + " |"


def share(marks: numpy.ndarray) -> str:
    """A share with its 95 % interval, by the bootstrap."""
    random = numpy.random.default_rng(0)
    means = random.choice(marks, (RESAMPLES, len(marks))).mean(1)
    low, high = numpy.percentile(means, [2.5, 97.5])
    return f"{100 * marks.mean():.0f} % [{100 * low:.0f}, {100 * high:.0f}]"


def foreground(picture: numpy.ndarray) -> numpy.ndarray:
    """Which pixels are no paper that is joined to the border: what outlines enclose is foreground, white or not."""
    paper = picture.min(-1) > PAPER
    outside = numpy.zeros((SIDE, SIDE), bool)
    border = [(y, x) for y in range(SIDE) for x in range(SIDE) if {y, x} & {0, SIDE - 1} and paper[y, x]]
    queue = collections.deque(border)
    for y, x in border:
        outside[y, x] = True
    while queue:
        y, x = queue.popleft()
        for v, u in ((y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)):
            if 0 <= v < SIDE and 0 <= u < SIDE and paper[v, u] and not outside[v, u]:
                outside[v, u] = True
                queue.append((v, u))
    return ~outside


def cosine(a: numpy.ndarray, b: numpy.ndarray) -> float:
    """Between masks of 16 x 16 cells, each the share of it that is foreground."""
    a, b = (mask.reshape(16, 2, 16, 2).mean((1, 3)).ravel() for mask in (a, b))
    norms = numpy.linalg.norm(a) * numpy.linalg.norm(b)
    return float(a @ b / norms) if norms else float(not a.any() and not b.any())


if __name__ == "__main__":
    main()
