"""What steering at all 61 norms costs: frozen into the weights, with a live dial, and with support gates."""

from harness.ours import Tools
from harness.report import Goal, publish, spread, table
from harness.series import Series, measure
from harness import machine

GROUP = "bf16"
BARE, FROZEN, LIVE, GATED = "without maps", "frozen", "live dial", "live dial, support gates"
GOALS = {FROZEN: 1, LIVE: 1, GATED: 3}


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
    series = measure(contestants, options.turns)
    goals = [
        Goal(f"{phase} cost, {name}", cost(series, name, phase), goal, " %", higher=False)
        for name, goal in GOALS.items() for phase in ["prefill", "decode"]
    ]
    rows = []
    for name in plans:
        row = [name]
        for phase in ["prefill", "decode"]:
            row += ["" if name == BARE else spread(costs(series, name, phase), 1) + " %",
                    inside(series, name, phase), spread(series.values(GROUP, name, phase))]
        rows.append(row)
    publish("overhead", "What steering costs", [
        f"## bf16, 61 norms, {threads} threads\n\nCosts are paired: a turn against the same turn of the plan "
        "without maps. *In the plan*: against the same plan at strength 0, in one process.\n",
        table(["maps", "prefill cost", "in the plan", "pp512 tokens/s", "decode cost", "in the plan", "tg64 tokens/s"],
              rows),
    ], series, options.turns, goals)


def inside(series: Series, name: str, phase: str) -> str:
    """The cost against the same plan at strength 0, measured by actrun in one process."""
    if name in (BARE, FROZEN):
        return ""
    return spread([value * 100 for value in series.values(GROUP, name, f"{phase}_cost")], 1) + " %"


def costs(series: Series, name: str, phase: str) -> list[float]:
    """How much longer each turn took than the one without maps, in per cent."""
    pairs = zip(series.values(GROUP, BARE, phase), series.values(GROUP, name, phase))
    return [(bare / steered - 1) * 100 for bare, steered in pairs]


def cost(series: Series, name: str, phase: str) -> float | None:
    ratio = series.ratio(GROUP, BARE, name, phase)
    return None if ratio is None else (ratio - 1) * 100
