"""Every steering method on the same data: its form, where its maps go, what they cost a step, how long they take to
fit, and what they do to text. Writes the tables of docs/methods.md."""

import json
import pathlib
import time

from harness import football, machine
from harness.interval import Estimate
from harness.machine import MODELS, ROOT, call
from harness.ours import NORMS, Tools
from harness.report import confidence, number, probes, table
from harness.series import Series, measure
from harness.verdict import figure

GROUP, BARE = "bf16", "without maps"
PAGE = ROOT / "docs" / "methods.md"
BEGIN, END = "<!-- Written by Benchmarks/methods.sh. -->\n", "<!-- The end of what it wrote. -->\n"
PLACES = {
    "nowhere": "nowhere",
    "weights_before": "weights before",
    "weights_after": "weights after",
    "norm": "norms",
    "epilogue": "epilogues",
    "fused": "fused nodes",
    "nodes": "nodes",
}


def add_options(parser) -> None:
    parser.add_argument("--only", nargs="+", metavar="METHOD", help="these methods; the page stays as it is")


def main(options) -> None:
    tools = Tools()
    tools.fetch_model()
    names = [method["name"] for method in json.loads(call([tools.actc, "methods", "--json"], what="actc methods"))]
    methods = [Method(tools, name) for name in options.only or names]
    costs = cost_table(tools, methods, options.turns)
    effects = football.effect_table(tools, methods)
    text = f"{costs}\n{effects}"
    print(text, end="")
    if not options.only:
        page = PAGE.read_text()
        start, end = page.index(BEGIN) + len(BEGIN), page.index(END)
        PAGE.write_text(f"{page[:start]}\n{text}\n{page[end:]}")
        machine.say(f"wrote the tables of {PAGE.relative_to(ROOT)}")


class Method:
    """A method as actc describes it."""

    def __init__(self, tools: Tools, name: str) -> None:
        self.tools, self.name = tools, name
        about = json.loads(call([tools.actc, "methods", name, "--json"], what=f"actc methods {name}"))
        self.form, self.order = about["form"], about["order"]
        self.pairs, self.most_pairs = about["pairs"], about["most_pairs"]

    @property
    def lines(self) -> int:
        """Lines of the method's own file that are neither empty nor comments."""
        for path in sorted((ROOT / "passes" / "steering").glob("*.swift")):
            lines = [line.strip() for line in path.read_text().splitlines()]
            code = [line for line in lines if line and not line.startswith("//")]
            if any(f'"{self.name}"' in line for line in code):
                return len(code)
        raise machine.Unavailable(f"no file of passes/steering names `{self.name}`")

    def fit(self, sites: list[str], kind: str, *arguments: str) -> pathlib.Path:
        """The method's map on the football data; kept, with the seconds that it took, as long as actc is not newer."""
        file, data = MODELS / f"{self.name}-{kind}.maps.safetensors", ROOT / "Examples" / "football"
        seconds = file.with_suffix(".seconds")
        if not machine.is_newer(seconds, self.tools.actc):
            machine.say(f"fitting {file.name}")
            few = ["--limit", str(self.most_pairs)] if self.most_pairs else []
            files = ["--source", data / "source.txt", "--target", data / "target.txt"]
            options = ["--method", self.name, *files, *few, "--sites", *sites, *arguments]
            began = time.monotonic()
            call(
                [self.tools.actc, "fit", self.tools.model, *options, "-o", file],
                quiet=True,
                what=f"actc fit --method {self.name}",
            )
            seconds.write_text(f"{time.monotonic() - began}\n")
        return file

    def seconds(self, kind: str) -> float:
        return float((MODELS / f"{self.name}-{kind}.maps.seconds").read_text())


def cost_table(tools: Tools, methods: list[Method], turns: int) -> str:
    """What the maps are and cost at every norm."""
    threads = machine.processors()
    plans = {BARE: (tools.plan("bf16"), [])}
    rows, refused = {}, []
    for method in methods:
        try:
            maps = method.fit(NORMS, "norms", *(["--simultaneous"] if method.order is None else []))
            live = tools.plan("bf16", "--maps", f"m={maps}", name=f"{method.name}-live")
            frozen = tools.plan("bf16", "--maps", f"m={maps}", "--freeze", "m=1", name=f"{method.name}-frozen")
        except machine.Unavailable as error:
            refused.append(f"- `{method.name}`: {error}")
            continue
        plans[method.name] = (live, ["--steer", "m=1"])
        rows[method.name] = [f"`{method.name}`", method.form, numbers_a_site(maps), placement(tools, live)]
        rows[method.name] += [placement(tools, frozen)]
    contestants = [
        tools.bench(name, GROUP, plan, threads, *steering, tokens=64) for name, (plan, steering) in plans.items()
    ]
    series = measure(contestants, turns)
    for method in methods:
        if method.name in rows:
            rows[method.name] += [figure(cost(series, method.name, phase), 1, " %") for phase in ["prefill", "decode"]]
            rows[method.name] += [number(method.seconds("norms"), 1), str(method.lines)]
    header = ["name", "form", "numbers a site", "live", "frozen", "prefill cost", "decode cost", "fit, s", "lines"]
    text = (
        "### What they cost\n\n"
        f"Maps at all 61 norms of SmolLM2-135M in bf16, {threads} threads: {machine.describe()}, {machine.today()}. "
        "*Live* and *frozen* are where the maps of so many sites go, and how many kernels a step has more. A cost is "
        "that of the live map at strength 1, paired: a turn against the same turn of the plan without maps, the median "
        f"of {series.turns()} turns with its interval. {confidence(series.turns())} {probes(series)} A fit is one run "
        "on 193 + 193 sentences, at all sites in one pass. *Lines* are of the method's own file, without comments.\n"
    )
    left = "Not at norms:\n\n" + "\n".join(refused) + "\n" if refused else ""
    return "\n".join([text, table(header, list(rows.values())), *([left] if left else [])])


def numbers_a_site(maps: pathlib.Path) -> str:
    """The parameters of a site, in thousands; their mean where sites differ."""
    with maps.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(size))
    tensors = {name: entry for name, entry in header.items() if name != "__metadata__"}
    sites = {name.rsplit("/", 1)[0] for name in tensors}
    count = sum(entry["data_offsets"][1] - entry["data_offsets"][0] for entry in tensors.values()) // 4
    return number(count / len(sites) / 1000, 1, " k")


def placement(tools: Tools, plan: pathlib.Path) -> str:
    """As in `60 norms, +1`."""
    shown = json.loads(call([tools.actc, "show", plan, "--summary", "--json"], what=f"actc show {plan.name}"))
    placed = shown["provenance"]["maps"][0]["placement"]
    places = ", ".join(f"{count} {PLACES[place]}" for place, count in placed["places"].items())
    return f"{places}; {placed['extra_kernels']:+d}"


def cost(series: Series, name: str, phase: str) -> Estimate | None:
    """How much longer a turn took than the same turn without maps, in per cent."""
    ratio = series.ratio(GROUP, BARE, name, phase)
    return None if ratio is None else ratio.scaled(100, -100)
