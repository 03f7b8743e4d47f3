#!/usr/bin/env python3
"""Tests of convert-ml-act.py and convert-pyreft.py, on folders that they write: python3 Scripts/test-converters.py

What a map file's function computes, by `Examples/transformers`, is compared with what ml-act's hooks and pyreft's
interventions compute from the same tensors. A program that answers for a made-up model stands for `actc`. Needs torch
and transformers.
"""

import json
import runpy
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import torch
from safetensors import safe_open

HERE = Path(__file__).resolve().parent
Transport = runpy.run_path(HERE / "../Examples/transformers/steer.py")["Transport"]
WIDTH = 8
SITES = ["model.layers.0", "model.layers.0.mlp.down_proj", "model.layers.1", "model.layers.10", "model.norm"]


class ConverterTest(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(4)
        parent = tempfile.TemporaryDirectory()
        self.addCleanup(parent.cleanup)
        self.parent = Path(parent.name)
        self.folder = self.parent / "folder"
        self.folder.mkdir()
        self.output = self.parent / "x.maps.safetensors"
        answers = {
            "show": {"fingerprint": "00"},
            "sites": [{"name": name, "type": f"f32[T,{WIDTH}]"} for name in SITES],
        }
        lines = ["#!/bin/sh", "case $1 in", *(f"{key}) echo '{json.dumps(answers[key])}';;" for key in answers), "esac"]
        self.actc = self.parent / "actc"
        self.actc.write_text("\n".join(lines) + "\n")
        self.actc.chmod(0o755)
        self.x = 3 * torch.randn(50, WIDTH)

    def convert(self, script, *options):
        command = [sys.executable, HERE / script, self.folder, "--model", "m", "--actc", self.actc, "-o", self.output]
        return subprocess.run([*command, *options], capture_output=True, text=True, check=False)

    def refused(self, script, *options):
        outcome = self.convert(script, *options)
        self.assertNotEqual(outcome.returncode, 0)
        self.assertFalse(self.output.exists())
        self.assertEqual(len(outcome.stderr.strip().splitlines()), 1, outcome.stderr)
        return outcome.stderr

    def converted(self, script, *options):
        """The metadata, and a function from a site, rows and a strength to what the map makes of the rows."""
        outcome = self.convert(script, *options)
        self.assertEqual(outcome.returncode, 0, outcome.stderr)
        with safe_open(self.output, framework="pt") as file:
            about = file.metadata()
            tensors = {name: file.get_tensor(name) for name in file.keys()}
        transport, names = Transport(about["transport"]), json.loads(about["parameters"])

        def apply(site, x, strength):
            own = {name: tensors[f"{site}/{name}"] for name in names}
            return transport(x=x, strength=torch.tensor(strength), **own)

        return about, apply

    def assert_close(self, found, expected):
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


class MLActTest(ConverterTest):
    def quantiles(self, samples):
        shares = {"q_0_100": (0.0, 1.0), "q_5_95": (0.05, 0.95)}
        return {key: [samples.quantile(share, dim=0) for share in pair] for key, pair in shares.items()}

    def write(self, name, state):
        torch.save(state, self.folder / f"{name}.statedict")

    def moved(self, x, y, strength, low=-1e6, high=1e6):
        """As the hooks mix what they transport: strictly inside the bounds."""
        inside = ((x > low) & (x < high)).to(x.dtype)
        return inside * (strength * y + (1 - strength) * x) + (1 - inside) * x

    def linear(self, samples):
        state = {"net.w1": torch.rand(1, WIDTH) + 0.5, "net.b1": torch.randn(1, WIDTH)}
        return state | {"quantiles_dict_src": self.quantiles(samples), "quantiles_src": [-1e6, 1e6]}

    def test_linear(self):
        state = self.linear(torch.randn(40, WIDTH))
        self.write("model.layers.1:0", state)
        self.write("model.norm", state)
        for support in ("q_all", "q_0_100", "q_5_95"):
            about, apply = self.converted("convert-ml-act.py", "--hook", "linear_ot", "--support", support)
            self.assertEqual([site["name"] for site in json.loads(about["sites"])], ["model.layers.1", "model.norm"])
            self.assertEqual(
                about["support"], {"q_all": "all"}.get(support, support.replace("_", "-").replace("q-", "q"))
            )
            low, high = state["quantiles_dict_src"].get(support, (-1e6, 1e6))
            # Bounds themselves are outside.
            rows = self.x if support == "q_all" else torch.cat([self.x, low[None], high[None]])
            for strength in (0.0, 0.5, 1.0):
                y = rows * state["net.w1"] + state["net.b1"]
                expected = self.moved(rows, y, strength, low, high)
                self.assert_close(apply("model.layers.1", rows, strength), expected)
        self.assertIn("expected q_all or one of q_0_100, q_5_95", self.refused_support())

    def refused_support(self):
        self.output.unlink()
        return self.refused("convert-ml-act.py", "--hook", "linear_ot", "--support", "q_1_99")

    def test_channels_without_spread(self):
        samples = torch.randn(40, WIDTH)
        samples[:, 1], samples[:, 2], samples[:, 3] = 0, 0.5, 4
        state = self.linear(samples)
        # The slopes of noise, and offsets that they cancel against: at 0 the shift is in the file, elsewhere it is not.
        for channel, slope, source, target in ((1, 1e7, 0, 2.5), (2, 20.0, 0.5, -1.25), (3, -3e6, 4, 1)):
            state["net.w1"][0, channel] = slope
            state["net.b1"][0, channel] = target - slope * source
        state["net.w1"][0, 5] = float("nan")
        self.write("model.norm", state)
        about, apply = self.converted("convert-ml-act.py", "--hook", "linear_ot")
        y = apply("model.norm", self.x, 1.0)
        self.assertTrue(y.isfinite().all())
        self.assert_close(y[:, 1], self.x[:, 1] + 2.5)
        self.assert_close(y[:, 2], self.x[:, 2] - 1.75)
        self.assert_close(y[:, [3, 5]], self.x[:, [3, 5]])
        self.assertEqual(json.loads(about["mean_shift_channels"]), {"model.norm": 2})

    def test_gaussian(self):
        state = {
            "mu1": torch.randn(WIDTH),
            "mu2": torch.randn(WIDTH),
            "std1": torch.rand(WIDTH) + 0.1,
            "std2": torch.rand(WIDTH) + 0.1,
            "quantiles_dict_src": self.quantiles(torch.randn(40, WIDTH)),
            "quantiles_src": [-1e6, 1e6],
        }
        state["std1"][2], state["std2"][3] = 1e-4, 0
        self.write("model.layers.10", state)
        moved = torch.ones(WIDTH, dtype=torch.bool)
        moved[2:4] = False
        for hook, slope in (("gaussian_ot", state["std2"] / state["std1"]), ("mean_ot", torch.ones(WIDTH))):
            _, apply = self.converted("convert-ml-act.py", "--hook", hook)
            y = slope * (self.x - state["mu1"]) + state["mu2"]
            expected = torch.where(moved, self.moved(self.x, y, 0.7), self.x)
            self.assert_close(apply("model.layers.10", self.x, 0.7), expected)

    def test_refusals(self):
        self.assertIn("expected files MODULE.statedict", self.refused("convert-ml-act.py", "--hook", "linear_ot"))
        self.write("model.layers.7", self.linear(torch.randn(40, WIDTH)))
        self.assertIn("has no such site", self.refused("convert-ml-act.py", "--hook", "linear_ot"))
        (self.folder / "model.layers.7.statedict").unlink()
        self.write("model.norm", {"net.w1": torch.ones(1, 3), "net.b1": torch.ones(1, 3)})
        self.assertIn("expected 8 channels, found 3", self.refused("convert-ml-act.py", "--hook", "linear_ot"))
        self.assertIn("`mu1` is missing", self.refused("convert-ml-act.py", "--hook", "gaussian_ot"))
        (self.folder / "model.norm.statedict").unlink()
        self.write("model.norm:1", self.linear(torch.randn(40, WIDTH)))
        self.assertIn("expected the first output", self.refused("convert-ml-act.py", "--hook", "linear_ot"))


class ReFTTest(ConverterTest):
    RANK = 3

    def write(self, kinds, states, layers, component="block_output", separator="_"):
        fields = ["layer", layers, "comp", component, "unit", "pos", "nunit", 1]
        keys = []
        for layer, state in zip(layers, states):
            fields[1] = layer
            name = separator.join(str(field) for field in fields)
            keys.append(f"{name}#{sum(key.startswith(name + '#') for key in keys)}")
            torch.save(state, self.folder / f"intkey_{keys[-1]}.bin")
        config = {
            "representations": [[layer, component, "pos", 1, self.RANK] + [None] * 8 for layer in layers],
            "intervention_types": [f"<class 'pyreft.interventions.{kind}'>" for kind in kinds],
            "sorted_keys": keys[::-1],
        }
        (self.folder / "config.json").write_text(json.dumps(config))

    def learned(self, dtype=torch.float32):
        return {"weight": torch.randn(self.RANK, WIDTH).to(dtype), "bias": torch.randn(self.RANK).to(dtype)}

    def rotation(self):
        return torch.linalg.qr(torch.randn(WIDTH, self.RANK))[0]

    def test_loreft_and_direft(self):
        for kind, subtracts in (("LoreftIntervention", True), ("DireftIntervention", False)):
            for dtype in (torch.float32, torch.bfloat16):
                states = [self.learned(dtype) | {"rotate_layer": self.rotation()} for _ in range(2)]
                self.write([kind] * 2, states, [10, 0])
                about, apply = self.converted("convert-pyreft.py", "--scope", "prompt")
                self.assertEqual((about["method"], about["token_scope"]), ("reft", "prompt"))
                for site, state in (("model.layers.10", states[0]), ("model.layers.0", states[1])):
                    rotate, w, b = state["rotate_layer"], state["weight"].float(), state["bias"].float()
                    edit = self.x @ w.T + b - (self.x @ rotate if subtracts else 0)
                    for strength in (0.0, 0.5, 1.0):
                        self.assert_close(apply(site, self.x, strength), self.x + strength * edit @ rotate.T)

    def test_projections(self):
        """NoReFT's R is any matrix, and may have a bias."""
        learned = {f"learned_source.{name}": value for name, value in self.learned().items()}
        state = learned | {
            "proj_layer.weight": torch.randn(self.RANK, WIDTH),
            "proj_layer.bias": torch.randn(self.RANK),
        }
        self.write(["NoreftIntervention"], [state], [1], separator=".")
        _, apply = self.converted("convert-pyreft.py", "--scope", "all")
        projected = self.x @ state["proj_layer.weight"].T + state["proj_layer.bias"]
        edit = self.x @ state["learned_source.weight"].T + state["learned_source.bias"] - projected
        self.assert_close(apply("model.layers.1", self.x, 1.0), self.x + edit @ state["proj_layer.weight"])

    def test_constants(self):
        """ConsReFT saves what torch keeps of an orthogonal matrix."""

        class Intervention(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.rotate_layer = torch.nn.Module()
                self.rotate_layer.weight = torch.nn.Parameter(torch.linalg.qr(torch.randn(WIDTH, 3))[0])
                torch.nn.utils.parametrizations.orthogonal(self.rotate_layer)
                self.learned_source = torch.nn.Parameter(torch.randn(3))

        intervention = Intervention()
        with torch.no_grad():
            for parameter in intervention.rotate_layer.parameters():
                parameter += 0.1 * torch.randn(parameter.shape)
        self.write(["ConsreftIntervention"], [intervention.state_dict()], [0], component="mlp_output")
        _, apply = self.converted("convert-pyreft.py", "--scope", "all")
        rotate = intervention.rotate_layer.weight.detach()
        edit = intervention.learned_source.detach() - self.x @ rotate
        self.assert_close(apply("model.layers.0.mlp.down_proj", self.x, 1.0), self.x + edit @ rotate.T)

    def test_two_positions(self):
        states = [self.learned() | {"rotate_layer": self.rotation()} for _ in range(2)]
        self.write(["LoreftIntervention"] * 2, states, [1, 1])
        self.assertIn("has two interventions", self.refused("convert-pyreft.py", "--scope", "last"))
        _, apply = self.converted("convert-pyreft.py", "--scope", "last", "--key", "*#1")
        rotate, w, b = (states[1][key] for key in ("rotate_layer", "weight", "bias"))
        edit = self.x @ w.T + b - self.x @ rotate
        self.assert_close(apply("model.layers.1", self.x, 1.0), self.x + edit @ rotate.T)

    def test_refusals(self):
        self.write(["LoreftIntervention"], [self.learned()], [1])
        self.assertIn("expected `rotate_layer`", self.refused("convert-pyreft.py", "--scope", "all"))
        self.write(["SubspaceIntervention"], [self.learned()], [1])
        self.assertIn("found SubspaceIntervention", self.refused("convert-pyreft.py", "--scope", "all"))
        self.write(["LoreftIntervention"], [self.learned()], [4])
        self.assertIn("block_output of layer 4", self.refused("convert-pyreft.py", "--scope", "all"))


if __name__ == "__main__":
    unittest.main()
