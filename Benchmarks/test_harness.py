"""The harness's own tests: python3 -m unittest discover -s Benchmarks"""

import argparse
import contextlib
import importlib.util
import json
import math
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

from harness import (
    diffusion,
    features,
    fit,
    football,
    lineup,
    llama,
    machine,
    methods,
    overhead,
    report,
    roofline,
    shapes,
    vs_llama,
    vs_openvino,
    vs_transformers,
)
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


def stored(folder: pathlib.Path, name: str, width: int) -> list[list[float]]:
    """A matrix of a checkpoint of bf16."""
    data = (folder / "model.safetensors").read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    begin, end = json.loads(data[8 : 8 + length])[name]["data_offsets"]
    halves = struct.unpack(f"<{(end - begin) // 2}H", data[8 + length + begin : 8 + length + end])
    values = [struct.unpack("<f", struct.pack("<I", half << 16))[0] for half in halves]
    return [values[start : start + width] for start in range(0, len(values), width)]


class Shapes(unittest.TestCase):
    def test_checkpoints_hold_their_tensors(self):
        for name in ["llama-tiny", "gemma2-tiny", "qwen3-tiny"]:
            with self.subTest(name), tempfile.TemporaryDirectory() as folder:
                shape = shapes.SHAPES[name]
                count = shapes.write(shape, pathlib.Path(folder))
                data = (pathlib.Path(folder) / "model.safetensors").read_bytes()
                length = struct.unpack("<Q", data[:8])[0]
                header = json.loads(data[8 : 8 + length])
                self.assertEqual((8 + length) % 64, 0)
                self.assertEqual({key: entry["shape"] for key, entry in header.items()}, shapes.tensors(shape))
                self.assertEqual(count, sum(math.prod(entry["shape"]) for entry in header.values()))
                self.assertEqual(len(data), 8 + length + 2 * count)
                begin, end = header["model.norm.weight"]["data_offsets"]
                gain = b"\0\0" if name.startswith("gemma2") else b"\x80\x3f"
                self.assertEqual(data[8 + length + begin : 8 + length + end], gain * shape.width)

    def test_half_a_billion(self):
        for name in ["gemma2-0.5b", "qwen3-0.5b"]:
            count = sum(map(math.prod, shapes.tensors(shapes.SHAPES[name]).values()))
            self.assertTrue(0.48e9 < count < 0.54e9, f"{name}: {count}")

    def test_features_are_switched_off_one_at_a_time(self):
        self.assertEqual(shapes.SHAPES["llama-tiny"].without_features(), {})
        plain = shapes.configuration(shapes.SHAPES["gemma2-tiny"])
        changed = {
            "window": {"layer_types", "sliding_window"},
            "soft cap of scores": {"attn_logit_softcapping"},
            "soft cap of logits": {"final_logit_softcapping"},
        }
        for feature, shape in shapes.SHAPES["gemma2-tiny"].without_features().items():
            settings = shapes.configuration(shape)
            self.assertEqual({key for key in plain if settings[key] != plain[key]}, changed.pop(feature))
        self.assertEqual(changed, {})
        (shape,) = shapes.SHAPES["qwen3-tiny"].without_features().values()
        self.assertEqual(shapes.configuration(shape)["architectures"], ["LlamaForCausalLM"])
        self.assertFalse([name for name in shapes.tensors(shape) if "q_norm" in name])

    @unittest.skipUnless(importlib.util.find_spec("gguf"), "needs the peers' gguf")
    def test_llama_cpp_is_given_the_same_weights(self):
        import gguf

        script = machine.BENCHMARKS / "peers" / "write_gguf.py"
        for name in ["llama-tiny", "gemma2-tiny", "qwen3-tiny"]:
            with self.subTest(name), tempfile.TemporaryDirectory() as folder:
                shape, file = shapes.SHAPES[name], pathlib.Path(folder) / "x.gguf"
                shapes.write(shape, pathlib.Path(folder))
                subprocess.run([sys.executable, script, folder, file], check=True)
                reader = gguf.GGUFReader(file)
                found = {tensor.name: tensor.data for tensor in reader.tensors}
                self.assertEqual(len(found), len(shapes.tensors(shape)))
                sizes = sorted(math.prod(sizes) for sizes in shapes.tensors(shape).values())
                self.assertEqual(sizes, sorted(data.size for data in found.values()))
                self.assertTrue((found["blk.1.attn_norm.weight"] == 1).all())
                queries = stored(pathlib.Path(folder), "model.layers.1.self_attn.q_proj.weight", shape.width)
                if shape.family == "llama":
                    # Channel i of a head stands at 2i, and that half a head further at 2i + 1.
                    half = shape.head // 2
                    queries = [
                        queries[row // shape.head * shape.head + row % 2 * half + row % shape.head // 2]
                        for row in range(len(queries))
                    ]
                self.assertEqual(found["blk.1.attn_q.weight"].tolist(), queries)

    def test_attended_positions_are_counted_row_by_row(self):
        for rows in [1, 5, 64, 100]:
            for window in [0, 1, 7, 64, 200]:
                expected = sum(min(row + 1, window or rows) for row in range(rows))
                self.assertEqual(shapes.attended(rows, window), expected)

    def test_operations_are_those_of_the_layers(self):
        # Matrices of one layer and one row: two a weight; attention of one row over itself: 4 a channel of a head.
        shape = shapes.Shape("llama", 8, 16, 1, 2, 1, 4, vocabulary=10)
        weights = 8 * 8 * 2 + 2 * 8 * 4 + 3 * 8 * 16
        self.assertEqual(shapes.operations(shape, 1, 0), 2 * weights + 4 * 4 * 2)
        self.assertEqual(shapes.operations(shape, 1, 1) - shapes.operations(shape, 1, 0), 2 * 10 * 8)

    def test_only_what_operations_do_not_explain_costs_more(self):
        def verdicts(costs: list[float]) -> dict[str, str]:
            found = features.Features("gemma2-0.5b", "bf16")
            off = [{"prefill": 10.0 * turn, "decode": 5.0 * turn} for turn in range(1, len(costs) + 1)]
            full = [{phase: run[phase] / (1 + cost / 100) for phase in run} for run, cost in zip(off, costs)]
            runs = {features.WITH: full} | dict.fromkeys(found.names, off)
            series = Series({found.group: runs}, {}, [])
            return {name: found.verdict(series, name, "prefill") for name in found.names}

        self.assertEqual(set(verdicts([5.0] * 6).values()), {"more"})
        self.assertEqual(set(verdicts([-5.0] * 6).values()), {"no more"})
        self.assertEqual(set(verdicts([-5.0, -4.0, 0.0, 1.0, 5.0, 6.0]).values()), {"unresolved"})
        # Nine operations in ten thousand are explained; the window computes less, and must save time.
        self.assertEqual(
            verdicts([0.05] * 6),
            {"window": "more", "soft cap of scores": "no more", "soft cap of logits": "more"},
        )
        self.assertEqual(set(verdicts([0.0] * 3).values()), {"unresolved"})


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
        tools.shape.return_value = pathlib.Path("made")
        tools.actc = "actc"
        tools.bench = lambda name, group, *_, **__: Contestant(name, group, [], dict)
        tools.generate = lambda name, group, *_: Contestant(name, group, [], dict)
        everywhere = {"publish": keep, "measure": measured, "Tools": lambda: tools, "call": mock.Mock()}
        with contextlib.ExitStack() as patches:
            for name, value in everywhere.items():
                for place in [module, lineup, features]:
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
            (vs_llama, {"avx2": True, "shape": None}),
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
        _, _, comparisons = self.page(vs_llama, avx2=True, shape=None)
        # Prefill and decode on two threads, on one and for AVX2 alone; a cold process's first token and memory.
        self.assertEqual(len(comparisons), 4 * (3 * 2 + 2))
        self.assertEqual({each.verdict for each in comparisons}, {"unresolved"})

    def test_a_shape_has_no_cold_processes_but_features(self):
        for name, shape in shapes.SHAPES.items():
            with self.subTest(name):
                text, goals, comparisons = self.page(vs_llama, avx2=True, shape=name)
                self.assertEqual(len(comparisons), 4 * 3 * 2)
                self.assertEqual(goals, [])
                self.assertNotIn("cold process", text)
                for feature in ["window", "soft cap of scores", "soft cap of logits"]:
                    self.assertEqual(f"| {feature} " in text, shape.family == "gemma2")
                self.assertEqual("| norms of heads " in text, shape.family == "qwen3")

    def test_benchmarks_of_our_own_compare_with_nobody(self):
        for module, options in [(overhead, {"most": 6}), (roofline, {})]:
            self.assertEqual(self.page(module, **options)[2], [])

    def test_methods_have_a_row_in_each_table_and_what_is_refused_is_named(self):
        described = {"form": "diagonal", "order": None, "pairs": False, "most_pairs": None}
        shown = {"provenance": {"maps": [{"placement": {"places": {"norm": 61}, "extra_kernels": 0}}]}}
        measured = {"concept_share": 0.5, "concept_share_interval": [0.4, 0.6]}
        measured |= {"held_out_perplexity": 90.0, "held_out_perplexity_interval": [80.0, 100.0]}

        def answer(arguments, **_):
            return json.dumps(described if "methods" in arguments else shown)

        def fit_map(method, sites, *_):
            if method.name == "det0":
                raise machine.Unavailable("not there")
            return pathlib.Path("made")

        def same(contestants, *_):
            return Series({methods.GROUP: {each.name: [self.FIGURES] * 6 for each in contestants}}, {}, [])

        tools = mock.Mock()
        tools.bench = lambda name, group, *_, **__: Contestant(name, group, [], dict)
        with contextlib.ExitStack() as patches:
            for place, name, value in [
                (methods, "call", answer),
                (methods, "measure", same),
                (methods, "numbers_a_site", lambda _: "1.7 k"),
                (methods.Method, "fit", fit_map),
                (methods.Method, "seconds", lambda *_: 2.0),
                (football, "evaluate", lambda *_: [measured]),
                (football, "MODELS", pathlib.Path(patches.enter_context(tempfile.TemporaryDirectory()))),
                (machine, "processors", lambda: 2),
            ]:
                patches.enter_context(mock.patch.object(place, name, value))
            entrants = [methods.Method(tools, name) for name in ["linear-act", "det0"]]
            costs, effects = methods.cost_table(tools, entrants, 6), football.effect_table(tools, entrants)
        row = next(line for line in costs.splitlines() if line.startswith("| `linear-act`"))
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        self.assertEqual(cells[1:5], ["diagonal", "1.7 k", "61 norms; +0", "61 norms; +0"])
        self.assertTrue(cells[5].startswith("0.0 % ["))
        self.assertGreater(int(cells[8]), 10)
        self.assertIn("| `linear-act` | 50 % [40, 60] | 90 [80, 100]", " ".join(effects.split()).replace(" |", " |"))
        for page in [costs, effects]:
            self.assertIn("- `det0`: not there", page)
            self.assertNotIn("| `det0`", page)


class DiffusionNetworks(unittest.TestCase):
    def setUp(self):
        self.network = diffusion.NETWORKS[1]
        # A call is 1 TFLOP of products and a tenth of that of attention; the machine does one in f32.
        operations = mock.patch.object(
            diffusion.Network, "operations", lambda network: {"products": 1e12, "attention": 1e11}
        )
        operations.start()
        self.addCleanup(operations.stop)

    def series(self, ours: float, steered: float, theirs: float) -> Series:
        def runs(speed: float, peak: float) -> list[dict]:
            return [{"speed": speed * (1 + turn % 2 / 1e6), "peak_bytes": peak} for turn in range(6)]

        probe = {"read_gb_per_s": {"2": 30.0}, "fma_gflop_per_s": {"2": 1000.0}}
        entrants = {
            diffusion.OURS: runs(ours, 100),
            diffusion.STEERED: runs(steered, 100),
            "OpenVINO bf16": runs(theirs, 150),
            "diffusers bf16": runs(theirs / 2, 90),
        }
        return Series({"unet, bf16": entrants}, {"unet, bf16": [probe] * 12}, [])

    def goals(self, series: Series, machine_is: str) -> dict[str, Goal]:
        with mock.patch.object(machine, "describe", lambda: machine_is):
            found = diffusion.goals(series, [(self.network, "bf16", "unet, bf16")], 2)
        return {goal.what.partition(": ")[2]: goal for goal in found}

    def test_the_bound_counts_pairs_where_the_machine_multiplies_them(self):
        series = self.series(1, 1, 1)
        for flags, expected in [("avx2", 1 / 1.1), ("avx512_vnni, avx512_bf16", 2 / 1.1), ("amx_bf16", None)]:
            with mock.patch.object(machine, "describe", lambda flags=flags: flags):
                found = diffusion.bound(series, self.network, "bf16", "unet, bf16", 2)
            if expected is None:
                self.assertIsNone(found)
            else:
                self.assertAlmostEqual(found, expected)

    def test_the_lower_of_two_goals_counts(self):
        # 85 % of the bound is 1.55 calls a second.
        far = self.goals(self.series(1.6, 1.6, 1.5), "avx512_bf16")
        self.assertEqual(far["share of the bound"].verdict, "met")
        near = self.goals(self.series(1.25, 1.25, 1.0), "avx512_bf16")
        self.assertEqual(near["against OpenVINO bf16"].verdict, "met")
        self.assertEqual(self.goals(self.series(1.1, 1.1, 1.0), "amx_bf16")["against OpenVINO bf16"].verdict, "missed")

    def test_memory_is_compared_with_the_least(self):
        goal = self.goals(self.series(1, 1, 1), "")["memory of the best, diffusers bf16"]
        self.assertEqual((goal.verdict, goal.reached.median), ("missed", 0.9))

    def test_what_steering_costs(self):
        for steered, verdict in [(0.99, "met"), (0.9, "missed")]:
            goal = self.goals(self.series(1, steered, 1), "")["steering at every norm"]
            self.assertEqual(goal.verdict, verdict)

    def test_outputs_are_read(self):
        run = {"output": json.dumps({"rows": [{"call_seconds": 0.5}], "peak_resident_bytes": 7}), "peak_bytes": 9}
        self.assertEqual(diffusion.parse_bench(run), {"speed": 2, "peak_bytes": 7})
        self.assertEqual(diffusion.parse_peer({"output": 'noise\n{"seconds": 4}\n', "peak_bytes": 9})["speed"], 0.25)


class Scripts(unittest.TestCase):
    def test_every_script_runs_a_benchmark_that_all_runs(self):
        names = sorted(script.stem for script in machine.BENCHMARKS.glob("*.sh") if script.stem != "all")
        everything = (machine.BENCHMARKS / "all.sh").read_text()
        for name in names:
            self.assertIsNotNone(importlib.util.find_spec(f"harness.{name.replace('-', '_')}"), name)
            self.assertIn(f"harness {name} ", (machine.BENCHMARKS / f"{name}.sh").read_text())
            self.assertIn(name, everything)
            asked = subprocess.run(
                [str(machine.BENCHMARKS / f"{name}.sh"), "--help"], capture_output=True, text=True, check=True
            )
            self.assertIn(f"usage: Benchmarks/{name}.sh", asked.stdout)


if __name__ == "__main__":
    unittest.main()
