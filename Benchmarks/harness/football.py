"""What methods do to text: the share of continuations about football, and what it costs in fluency."""

import json
import pathlib

from harness import machine
from harness.machine import MODELS, ROOT, call
from harness.ours import Tools
from harness.report import table

DATA = ROOT / "Examples" / "football"
SITES = ["*.self_attn.o_proj"]
STRENGTHS = [0.5, 1, 2]
# What a prompt alone can do.
INSTRUCTION = "This is a story about football, players and their coach. "


def effect_table(tools: Tools, methods: list) -> str:
    """A row a method, and above them the model without maps, with and without an instruction before each prompt."""
    told = MODELS / "told.txt"
    told.write_text("".join(f"{INSTRUCTION}{line}\n" for line in (DATA / "prompts.txt").read_text().splitlines()))
    bare = tools.plan("bf16")
    unsteered = evaluate(tools, bare, DATA / "prompts.txt", "unsteered")[0]
    prompted = evaluate(tools, bare, told, "told")[0]
    empty = [""] * (2 * len(STRENGTHS) - 2)
    rows = [["unsteered", *cells(unsteered), *empty], ["prompt only", *cells(prompted), *empty]]
    refused = []
    for method in methods:
        try:
            maps = method.fit(SITES, "o_proj")
            plan = tools.plan("bf16", "--maps", f"m={maps}", name=f"{method.name}-o_proj")
            strengths = [each for value in STRENGTHS for each in ["--steer", f"m={value}"]]
            found = [
                evaluate(tools, plan, DATA / "prompts.txt", f"{method.name}-{index}", *strengths[2 * index :][:2])[0]
                for index in range(len(STRENGTHS))
            ]
        except machine.Unavailable as error:
            refused.append(f"- `{method.name}`: {error}")
            continue
        rows.append([f"`{method.name}`", *(cell for result in found for cell in cells(result))])
    header = ["name"] + [name for value in STRENGTHS for name in [f"λ = {value}", "perplexity"]]
    text = (
        "### What they do\n\n"
        "Fitted on the football data at every `self_attn.o_proj` of SmolLM2-135M, each in its own order and with its "
        "own pooling. Of 50 continuations of 40 tokens, the share with a word of football; and the perplexity of the "
        "steered model on 100 ordinary sentences, each with its 95 % interval over prompts and sentences. These are "
        "the same sites and strengths for all, not the best ones of each: methods that add a vector were published "
        "for one layer, and those that silence units for the units of MLPs. *Prompt only* is the model without maps "
        f"after the words “{INSTRUCTION.strip()}”.\n"
    )
    left = "Not measured:\n\n" + "\n".join(refused) + "\n" if refused else ""
    return "\n".join([text, table(header, rows), *([left] if left else [])])


def evaluate(tools: Tools, plan: pathlib.Path, prompts: pathlib.Path, name: str, *steering: str) -> list[dict]:
    """The rows of `actrun eval`; kept as long as the tools are not newer."""
    report = MODELS / f"{name}.eval.jsonl"
    if not machine.is_newer(report, tools.actrun, plan):
        machine.say(f"evaluating {name}")
        concept = ["--concept", DATA / "concept.txt", "--held-out", DATA / "neutral.txt"]
        call(
            [tools.actrun, "eval", plan, "--prompts", prompts, *concept, "-n", 40, "--seed", 1, *steering, "--json"]
            + ["--report", report],
            quiet=True,
            what=f"actrun eval, {name}",
        )
    return [json.loads(line) for line in report.read_text().splitlines()]


def cells(result: dict) -> list[str]:
    """The share, and the perplexity of ordinary text, each with its interval."""
    low, high = (100 * bound for bound in result["concept_share_interval"])
    share = f"{100 * result['concept_share']:.0f} % [{low:.0f}, {high:.0f}]"
    value, interval = result["held_out_perplexity"], result["held_out_perplexity_interval"]
    return [share, f"{value:.0f} [{interval[0]:.0f}, {interval[1]:.0f}]"]
