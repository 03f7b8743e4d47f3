"""What steering at all 61 norms costs: frozen into the weights, with a live dial, and with support gates."""

from harness import machine
from harness.interval import Estimate, estimate
from harness.ours import Tools
from harness.report import publish, spread, table
from harness.series import Series, measure
from harness.verdict import Goal, figure

GROUP = "bf16"
BARE, FROZEN, LIVE, GATED = "without maps", "frozen", "live dial", "live dial, support gates"
GOALS = {FROZEN: 1, LIVE: 1, GATED: 3}
PHASES = ["prefill", "decode"]


def add_options(parser) -> None:
    parser.add_argument(
        "--most",
        type=int,
        default=120,
        metavar="TURNS",
        help="go on until every cost is on one side of its goal, for so many turns (default: 120)",
    )


def main(options) -> None:
    tools = Tools()
    affine, gated = tools.maps("norms"), tools.maps("norms-gated", "--support", "q0-100")
    threads = machine.processors()
    plans = {
        BARE: (tools.plan("bf16"), []),
        FROZEN: (tools.plan("bf16", "--maps", f"m={affine}", "--freeze", "m=1", name="frozen"), []),
        LIVE: (tools.plan("bf16", "--maps", f"m={affine}", name="live"), ["--steer", "m=1"]),
        GATED: (tools.plan("bf16", "--maps", f"m={gated}", name="gated"), ["--steer", "m=1"]),
    }
    contestants = [
        tools.bench(name, GROUP, plan, threads, *steering, repetitions=3, tokens=64)
        for name, (plan, steering) in plans.items()
    ]
    series = measure(contestants, options.turns, options.most, resolved)
    rows = []
    for name in plans:
        row = [name]
        for phase in PHASES:
            row += [
                "" if name == BARE else figure(cost(series, name, phase), 1, " %"),
                inside(series, name, phase),
                spread(series.values(GROUP, name, phase)),
            ]
        rows.append(row)
    publish(
        "overhead",
        "What steering costs",
        [
            f"## bf16, 61 norms, {threads} threads\n\nCosts are paired: a turn against the same turn of the plan "
            "without maps. *In the plan*: against the same plan at strength 0, in one process.\n",
            table(
                [
                    "maps",
                    "prefill cost",
                    "in the plan",
                    "pp512 tokens/s",
                    "decode cost",
                    "in the plan",
                    "tg64 tokens/s",
                ],
                rows,
            ),
        ],
        series,
        goals(series),
        [],
    )


def goals(series: Series) -> list[Goal]:
    return [
        Goal(f"{phase} cost, {name}", cost(series, name, phase), goal, " %", higher=False)
        for name, goal in GOALS.items()
        for phase in PHASES
    ]


def resolved(series: Series) -> bool:
    """Whether every cost, with its interval, is on one side of its goal, as far as it can be measured at all."""
    return all(goal.verdict != "unresolved" for goal in goals(series))


def inside(series: Series, name: str, phase: str) -> str:
    """The cost against the same plan at strength 0, measured by actrun in one process."""
    if name in (BARE, FROZEN):
        return ""
    found = estimate(series.values(GROUP, name, f"{phase}_cost"))
    return figure(None if found is None else found.scaled(100), 1, " %")


def cost(series: Series, name: str, phase: str) -> Estimate | None:
    """How much longer a turn took than the same turn without maps, in per cent."""
    ratio = series.ratio(GROUP, BARE, name, phase)
    return None if ratio is None else ratio.scaled(100, -100)
