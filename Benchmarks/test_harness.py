"""The harness's own tests: python3 -m unittest discover -s Benchmarks"""

import argparse
import contextlib
import pathlib
import unittest
from unittest import mock

from harness import fit, lineup, llama, machine, overhead, report, roofline, vs_llama, vs_openvino, vs_transformers
from harness.interval import CONFIDENCE, coverage, estimate
from harness.series import Contestant, Series
from harness.verdict import Comparison, Goal, lost


def recorded(costs: list[float]) -> Series:
    """A series of the overhead benchmark in which the live dial costs so much, in per cent, turn by turn."""
    machine = [100.0 + 7 * (turn % 3) for turn in range(len(costs))]
    bare = [{"prefill": 10 * speed, "decode": speed} for speed in machine]
    live = [
        {phase: run[phase] / (1 + cost / 100) for phase in run}
        | {"prefill_cost": cost / 100, "decode_cost": cost / 100}
        for run, cost in zip(bare, costs)
    ]
    runs = {overhead.BARE: bare, overhead.FROZEN: bare, overhead.LIVE: live, overhead.GATED: bare}
    probe = {"read_gb_per_s": {"1": 20.0, "2": 30.0}, "fma_gflop_per_s": {"1": 100.0, "2": 200.0}}
    return Series({overhead.GROUP: runs}, {overhead.GROUP: [probe, probe] * len(costs)}, [])


class Intervals(unittest.TestCase):
    def test_coverage_is_the_binomial_one(self):
        # Published tables of confidence intervals of the median: n = 10, ranks 2 and 9; n = 20, ranks 6 and 15.
        self.assertAlmostEqual(coverage(10, 2), 0.9785, places=4)
        self.assertAlmostEqual(coverage(20, 6), 0.9586, places=4)

    def test_interval_is_the_innermost_that_is_confident(self):
        for count in range(6, 60):
            found = estimate(list(range(1, count + 1)))
            rank = int(found.low)
            self.assertEqual(found.high, count + 1 - rank)
            self.assertGreaterEqual(coverage(count, rank), CONFIDENCE)
            self.assertLess(coverage(count, rank + 1), CONFIDENCE)

    def test_few_values_are_not_confident(self):
        self.assertIsNone(estimate([]))
        for count in range(1, 6):
            found = estimate([float(value) for value in range(count)])
            self.assertEqual((found.low, found.high), (0, count - 1))
            self.assertFalse(found.is_confident)

    def test_order_does_not_matter_and_scaling_keeps_it(self):
        values = [3.0, 1.0, 2.0, 5.0, 4.0, 7.0, 6.0]
        self.assertEqual(estimate(values), estimate(sorted(values)))
        self.assertEqual(estimate(values).scaled(2, 1), estimate([2 * value + 1 for value in values]))


class Verdicts(unittest.TestCase):
    def verdict(self, values: list[float], goal: float, higher: bool) -> str:
        return Goal("x", estimate(values), goal, higher=higher).verdict

    def test_goal_needs_the_whole_interval(self):
        low, wide, high = [0.5] * 7, [0.5, 0.6, 0.7, 1.0, 1.2, 1.3, 1.4], [1.5] * 7
        self.assertEqual(
            [self.verdict(values, 1, True) for values in [low, wide, high]], ["missed", "unresolved", "met"]
        )
        self.assertEqual(
            [self.verdict(values, 1, False) for values in [low, wide, high]], ["met", "unresolved", "missed"]
        )
        self.assertEqual(self.verdict([0.5] * 5, 1, False), "unresolved")
        self.assertEqual(Goal("x", 0.4, 0.5, higher=False).verdict, "met")
        self.assertEqual(Goal("x", None, 0.5).verdict, "not measured")

    def test_only_what_is_slower_than_a_peer_is_lost(self):
        text = lost(
            [
                Comparison("slow", estimate([0.8] * 6)),
                Comparison("fast", estimate([1.2] * 6)),
                Comparison("open", estimate([0.9, 0.9, 1.0, 1.1, 1.1, 1.2])),
                Comparison("few", estimate([0.8] * 3)),
                Comparison("none", None),
            ]
        )
        resolved, unresolved = text.split("Unresolved")
        self.assertIn("- slow: 0.80× [0.80, 0.80]", resolved)
        self.assertNotIn("fast", text)
        self.assertNotIn("none", text)
        self.assertIn("- open", unresolved)
        self.assertIn("- few", unresolved)

    def test_goals_are_apart(self):
        self.assertNotIn("goal", lost([Comparison("x", estimate([2.0] * 6))]).lower())
        self.assertIn(
            "| y      | ≥ 9.00× | 2.00× [2.00, 2.00] | missed |", report.goal_table([Goal("y", estimate([2.0] * 6), 9)])
        )


class Overhead(unittest.TestCase):
    def test_wide_interval_is_unresolved_and_measured_on(self):
        # The in-plan costs of seven turns on a shared machine.
        series = recorded([-12.9, -8.0, -2.0, -1.3, 0.5, 3.0, 5.2])
        verdicts = {goal.what: goal.verdict for goal in overhead.goals(series)}
        self.assertEqual(verdicts["decode cost, live dial"], "unresolved")
        self.assertEqual(verdicts["decode cost, frozen"], "met")
        self.assertFalse(overhead.resolved(series))

    def test_narrow_interval_ends_the_measurement(self):
        self.assertTrue(overhead.resolved(recorded([0.1, 0.2, 0.3, 0.2, 0.1, 0.4])))
        self.assertTrue(overhead.resolved(recorded([5.1, 5.2, 5.3, 5.2, 5.1, 5.4])))
        self.assertFalse(overhead.resolved(recorded([0.1] * 5)))

    def test_cost_is_paired(self):
        # The machine's speed differs by a tenth between turns; the ratio does not.
        found = overhead.cost(recorded([0.5] * 6), overhead.LIVE, "prefill")
        self.assertAlmostEqual(found.low, 0.5)
        self.assertAlmostEqual(found.high, 0.5)

    def test_page_says_how_sure_it_is(self):
        self.assertIn("98.4 %", report.confidence(7))


class Pages(unittest.TestCase):
    """Every benchmark makes its page of what is measured; here each contestant gives the same figures in six turns."""

    FIGURES = (
        dict.fromkeys(["prefill", "decode", "prefill_cost", "decode_cost", "sampler", "tokenizer", "load"], 10.0)
        | dict.fromkeys(["seconds", "peak_bytes", "sentences_per_second"], 20.0)
        | {f"{kind}, {weights}": 1e-3 for kind in fit.KINDS for weights in ["f32", *fit.TYPES]}
    )

    def page(self, module, **options) -> tuple[str, list[Goal], list[Comparison]]:
        published = {}

        def measured(contestants, *_):
            names = {(contestant.group, contestant.name) for contestant in contestants}
            runs = {group: {name: [self.FIGURES] * 6 for of, name in names if of == group} for group, _ in names}
            probe = {"read_gb_per_s": {"1": 2.0, "2": 3.0}, "fma_gflop_per_s": {"1": 1.0, "2": 2.0}}
            return Series(runs, {group: [probe] * 12 for group in runs}, [])

        def keep(name, title, sections, series, goals, comparisons, **_):
            published["page"] = ("\n".join(sections), goals, comparisons)

        tools = mock.Mock(wraps=None)
        tools.plan.return_value = tools.fetch_model.return_value = tools.maps.return_value = pathlib.Path("made")
        tools.actc = "actc"
        tools.bench = lambda name, group, *_, **__: Contestant(name, group, [], dict)
        tools.generate = lambda name, group, *_: Contestant(name, group, [], dict)
        everywhere = {"publish": keep, "measure": measured, "Tools": lambda: tools, "call": mock.Mock()}
        with contextlib.ExitStack() as patches:
            for name, value in everywhere.items():
                for place in [module, lineup]:
                    if hasattr(place, name):
                        patches.enter_context(mock.patch.object(place, name, value))
            patches.enter_context(mock.patch.object(machine, "say"))
            patches.enter_context(mock.patch.object(machine, "install"))
            patches.enter_context(mock.patch.object(machine, "processors", lambda: 2))
            patches.enter_context(mock.patch.object(roofline, "bytes_a_token", lambda _: 1000))
            patches.enter_context(mock.patch.object(llama, "gguf", lambda *_: pathlib.Path("made")))
            module.main(argparse.Namespace(turns=6, weights=["f32", "bf16", "q8", "q4"], **options))
        return published["page"]

    def test_every_page_is_made(self):
        for module, options in [
            (overhead, {"most": 6}),
            (roofline, {}),
            (vs_llama, {"avx2": True}),
            (vs_openvino, {}),
            (vs_transformers, {}),
            (fit, {"sentences": 8, "sites": 12, "sample": 2}),
        ]:
            with self.subTest(module.__name__):
                text, goals, comparisons = self.page(module, **options)
                self.assertIn("|--", text)
                self.assertTrue(goals)
                for each in [*goals, *comparisons]:
                    self.assertNotEqual(each.verdict, "not measured", each.what)

    def test_a_peer_as_fast_as_we_is_neither_won_nor_lost(self):
        _, _, comparisons = self.page(vs_llama, avx2=True)
        # Prefill and decode on two threads, on one and for AVX2 alone; a cold process's first token and memory.
        self.assertEqual(len(comparisons), 4 * (3 * 2 + 2))
        self.assertEqual({each.verdict for each in comparisons}, {"unresolved"})

    def test_benchmarks_of_our_own_compare_with_nobody(self):
        for module, options in [(overhead, {"most": 6}), (roofline, {})]:
            self.assertEqual(self.page(module, **options)[2], [])


if __name__ == "__main__":
    unittest.main()
