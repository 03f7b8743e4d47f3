#!/usr/bin/env python3
"""Runs the commands that documents show, and compares what they print with what the documents say.

    Scripts/check-readme.py [--record] [FILE ...]        FILE: README.md and Examples/*/README.md by default

Every fenced block of the language `sh` is run by bash, in the order of the page, in a copy of the repository's layout:
the built tools, the model and the examples under their usual paths, so that nothing of the user's is overwritten. A
block of the language `text` that follows is what it prints, standard output and errors together. There

- `…` stands for any text, and differences in white space and line ends do not count;
- `text LEVEL`, as in `text avx512bf16`, holds numbers or words that depend on rounding: they are compared where the
  kernels run at this level, and elsewhere the commands only have to succeed.

A block of the language `sh MODULE ...`, as in `sh numpy`, is run where Python has these modules.

`make` targets run in the repository itself, but for `make test`, which runs this script. --record writes what was
printed into the document where it differs; shorten it by hand. Needs a release build and the model.
"""

import argparse
import dataclasses
import importlib.util
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODEL = ".cache/SmolLM2-135M-Instruct"
WILDCARD = "…"
# The one command that runs this script.
GATE = "make test"


@dataclasses.dataclass
class Block:
    """A fenced block of a page; `first` and `last` are the lines inside its fences, counted from 0."""

    language: str
    # What follows the language: a level after `text`, modules after `sh`.
    needs: list[str]
    first: int
    last: int
    text: str


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page."""
    found, opened = [], None
    lines = page.split("\n")
    for index, line in enumerate(lines):
        if not line.startswith("```"):
            continue
        if opened is None:
            opened = index
            continue
        language, *rest = lines[opened][3:].split() or [""]
        text = "\n".join(lines[opened + 1 : index])
        found.append(Block(language, rest, opened + 1, index, text))
        opened = None
    return found


def matches(shown: str, printed: str) -> bool:
    """Whether the printed text is the shown one, white space aside, with `…` for any text."""
    words = [" ".join(part.split()) for part in shown.split(WILDCARD)]
    pattern = r"\s*.*?\s*".join(r"\s+".join(map(re.escape, part.split(" "))) for part in words)
    return re.fullmatch(rf"\s*{pattern}\s*", printed, re.DOTALL) is not None


def layout(folder: pathlib.Path, tools: pathlib.Path, model: pathlib.Path) -> None:
    """Makes a folder look like a clone after `make demo`, but for what the demo has written."""
    (folder / ".build").mkdir()
    (folder / ".build/release").symlink_to(tools)
    (folder / ".cache/demo").mkdir(parents=True)
    (folder / MODEL).symlink_to(model)
    for name in ["Examples", "docs", "README.md"]:
        (folder / name).symlink_to(ROOT / name)


class Runner:
    """Runs blocks in a folder, and knows the level of the kernels there."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.known: str | None = None

    def run(self, script: str) -> tuple[int, str]:
        folder = ROOT if script.startswith("make ") else self.folder
        result = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if folder == self.folder else None,
            text=True,
        )
        return result.returncode, result.stdout

    def level(self) -> str:
        """The level at which the kernels run, by what the tools say of one that no machine has."""
        if self.known is None:
            tool = ".build/release/actc"
            code, text = self.run(f"ACT_ISA=none {tool} compile {MODEL} -o none.plan || true")
            found = re.search(r"expected ([\w-]+)", text)
            if code or not found:
                sys.exit(f"check-readme: the level of the kernels is not known: {text.strip()}")
            self.known = found.group(1)
        return self.known


def check(page: pathlib.Path, runner: Runner, record: bool) -> int:
    """Runs a page; returns how many of its blocks are not true."""
    text = page.read_text()
    name = page.relative_to(ROOT)
    found = blocks(text)
    wrong: list[tuple[Block, str]] = []
    failed = 0
    for index, block in enumerate(found):
        if block.language != "sh" or block.text.strip() == GATE:
            continue
        if missing := [module for module in block.needs if importlib.util.find_spec(module) is None]:
            print(f"{name}:{block.first + 1}: not run: Python has no {', '.join(missing)}", file=sys.stderr)
            continue
        code, printed = runner.run(block.text)
        place = f"{name}:{block.first + 1}"
        if code:
            print(f"{place}: exit code {code}\n{printed}", file=sys.stderr)
            failed += 1
            continue
        shown = found[index + 1] if index + 1 < len(found) else None
        if shown is None or shown.language != "text":
            continue
        if shown.needs and shown.needs != [runner.level()]:
            continue
        if not matches(shown.text, printed):
            print(f"{name}:{shown.first + 1}: expected\n{shown.text}\nfound\n{printed}", file=sys.stderr)
            wrong.append((shown, printed))
    if record:
        lines = text.split("\n")
        for block, printed in reversed(wrong):
            lines[block.first : block.last] = printed.rstrip("\n").split("\n")
        page.write_text("\n".join(lines))
    return failed + len(wrong)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="*", type=pathlib.Path, help="pages to run")
    parser.add_argument("--record", action="store_true", help="write what was printed into the pages")
    parser.add_argument("--tools", type=pathlib.Path, default=ROOT / ".build/release", help="where actc and actrun lie")
    parser.add_argument("--model", type=pathlib.Path, default=ROOT / MODEL, help="the model's directory")
    options = parser.parse_args()
    for needed in [options.tools / "actc", options.tools / "actrun", options.model / "model.safetensors"]:
        if not needed.exists():
            sys.exit(f"check-readme: expected {needed}; run make demo first")
    pages = options.pages or [ROOT / "README.md", *sorted(ROOT.glob("Examples/*/README.md"))]
    wrong = 0
    for page in pages:
        with tempfile.TemporaryDirectory() as folder:
            layout(pathlib.Path(folder), options.tools.resolve(), options.model.resolve())
            wrong += check(page.resolve(), Runner(pathlib.Path(folder)), options.record)
    if wrong:
        sys.exit(f"check-readme: {wrong} blocks are not true")
    print(f"{len(pages)} pages run as they say")


if __name__ == "__main__":
    main()
