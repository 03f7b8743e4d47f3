"""What the types of weights cost in perplexity on WikiText-2.

ACT_WIKITEXT2 names the file of its test split (wiki.test.raw or .txt); without it the benchmark skips.
"""

import json
import os
import pathlib

from harness import machine
from harness.machine import MODELS, call
from harness.ours import Tools
from harness.report import publish, table
from harness.verdict import Goal

# Per cent over f32.
GOALS = {"bf16": 0.2, "q8": 0.5, "q4": 6}


def add_options(parser) -> None:
    parser.add_argument("--texts", type=int, default=64, help="pieces of about 3,000 characters (default: 64)")


def main(options) -> None:
    source = os.environ.get("ACT_WIKITEXT2")
    if not source or not pathlib.Path(source).is_file():
        machine.say("skipped: ACT_WIKITEXT2 names no file; give it the path of WikiText-2's test split")
        return
    tools = Tools()
    pieces = split(pathlib.Path(source).read_text(), options.texts)
    texts = MODELS / "wikitext2.jsonl"
    tools.fetch_model()
    texts.write_text("".join(json.dumps({"text": piece}) + "\n" for piece in pieces))
    found: dict[str, float] = {}
    refused: list[str] = []
    tokens = 0
    for weights in dict.fromkeys(["f32", *options.weights]):
        try:
            plan = tools.plan(weights)
        except machine.Unavailable as error:
            refused.append(str(error))
            continue
        machine.say(f"scoring {weights}")
        score = json.loads(call([tools.actrun, "score", plan, texts, "--json"], quiet=True, what=f"score {weights}"))
        found[weights], tokens = score["perplexity"], score["tokens"]
    loss = {weights: (value / found["f32"] - 1) * 100 for weights, value in found.items()} if "f32" in found else {}
    goals = [
        Goal(f"perplexity over f32, {weights}", loss.get(weights), goal, " %", higher=False)
        for weights, goal in GOALS.items()
        if weights in options.weights
    ]
    rows = [
        [weights, f"{value:.3f}", f"{loss[weights]:+.2f} %" if weights in loss else "–"]
        for weights, value in found.items()
    ]
    publish(
        "perplexity",
        "Perplexity on WikiText-2",
        [
            f"## {len(pieces)} pieces, {tokens} predicted tokens\n",
            table(["weights", "perplexity", "over f32"], rows),
            *["Not measured:\n" + "\n".join(f"- {text}" for text in refused) + "\n"] * bool(refused),
        ],
        None,
        goals,
        [],
        perplexity=found,
    )


def split(text: str, count: int, length: int = 3000) -> list[str]:
    """The first pieces of at least so many characters, cut between lines, so that each fits a context of 2048."""
    pieces, piece = [], ""
    for line in text.splitlines(keepends=True):
        piece += line
        if len(piece) >= length:
            pieces.append(piece.strip())
            piece = ""
        if len(pieces) == count:
            break
    return pieces
