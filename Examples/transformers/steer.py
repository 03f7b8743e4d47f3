"""Runs a transformers model with map files of actc, by hooks, reading nothing but the files.

A map file carries its transport function as text. This evaluates that text with torch at every site, as an independent
check of actrun, and for models that run elsewhere:

    python steer.py SmolLM2 --maps football=football.maps.safetensors --steer football=1 -p "Once upon a time"
"""

import argparse
import json
import re

import torch
from safetensors import safe_open
from torch.nn import functional
from transformers import AutoModelForCausalLM, AutoTokenizer

NODE = re.compile(r"%([\w.-]+) = (\w+) ?([^{:]*?) ?(?:\{(.*)\})? ?: (\w+)\[(.*)\]")
UNARY = {
    "neg": torch.neg, "abs": torch.abs, "exp": torch.exp, "log": torch.log, "sqrt": torch.sqrt, "rsqrt": torch.rsqrt,
    "sin": torch.sin, "cos": torch.cos, "tanh": torch.tanh, "sigmoid": torch.sigmoid, "silu": functional.silu,
    "gelu": functional.gelu, "gelu_tanh": lambda x: functional.gelu(x, approximate="tanh"), "not": torch.logical_not,
}  # fmt: skip
BINARY = {
    "add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "min": torch.minimum, "max": torch.maximum,
    "lt": torch.lt, "le": torch.le, "gt": torch.gt, "ge": torch.ge, "eq": torch.eq, "and": torch.logical_and,
    "or": torch.logical_or, "atan2": torch.atan2,
}  # fmt: skip
REDUCE = {"sum": torch.sum, "mean": torch.mean, "max": torch.amax, "min": torch.amin}


class Transport:
    """A transport function: the graph in the text of a map file."""

    def __init__(self, text):
        head, body = text.split("{", 1)
        self.inputs = dict(re.findall(r"%([\w.-]+): f32\[([^\]]*)\]", head))
        lines = [re.sub(r"//.*", "", line).strip() for line in body.split("\n")]
        self.nodes = [NODE.fullmatch(line).groups() for line in lines if line.startswith("%")]
        self.result = re.search(r"return (?:\w+ = )?%([\w.-]+)", body)[1]

    def __call__(self, **values):
        """The result for `x` [rows, channels], the parameters of a site and `strength`, by name."""
        sizes = {}
        for name, dims in self.inputs.items():
            sizes |= dict(zip([dim.strip() for dim in dims.split(",") if dim.strip()], values[name].shape))
        for name, op, operands, attributes, dtype, dims in self.nodes:
            attributes = dict(re.findall(r'(\w+) = "?([^",]*(?:,\d+)*)"?', attributes or ""))
            shape = [dim.strip() for dim in dims.split(",") if dim.strip()]
            shape = [int(dim) if dim.isdigit() else sizes[dim] for dim in shape]
            inputs = [values[operand.strip().removeprefix("%")] for operand in operands.split(",") if operand.strip()]
            values[name] = node(op, inputs, attributes, dtype, shape)
        return values[self.result]


def node(op, inputs, attributes, dtype, shape):
    """The value of a node; `docs/graph.md` says what each op is."""
    if op == "constant":
        return torch.tensor(float(attributes["value"]))
    x = inputs[0]
    axis = int(attributes.get("axis", -1 if op == "slice" else 0))
    if op in UNARY:
        return UNARY[op](x)
    if op in BINARY:
        return BINARY[op](x, inputs[1])
    match op:
        case "leaky_relu":
            return torch.where(x > 0, x, float(attributes["slope"]) * x)
        case "select":
            return torch.where(x, inputs[1], inputs[2])
        case "affine":
            return x * inputs[1] + inputs[2]
        case "linear":
            return functional.linear(x, *inputs[1:])
        case "rms_norm":
            y = x * torch.rsqrt(x.square().mean(-1, keepdim=True) + float(attributes["eps"]))
        case "layer_norm":
            y = functional.layer_norm(x, x.shape[-1:], eps=float(attributes["eps"]))
        case "reduce_sum" | "reduce_mean" | "reduce_max" | "reduce_min":
            return REDUCE[op.removeprefix("reduce_")](x, -1, keepdim=True)
        case "softmax":
            return x.softmax(-1)
        case "interpolate":
            return interpolate(x, *inputs[1:])
        case "slice":
            return x.narrow(axis, int(attributes["start"]), int(attributes["count"]))
        case "concat":
            return torch.cat(inputs, axis)
        case "reshape":
            return x.reshape(shape)
        case "permute":
            return x.permute([int(axis) for axis in attributes["axes"].split(",")])
        case "scale_rows":
            return x * inputs[1][:, None]
        case "scale_columns":
            return x * inputs[1]
        case "matvec":
            return x @ inputs[1]
        case "cast":
            return x.to({"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}[dtype]).float()
        case _:
            raise SystemExit(f"the op `{op}` is not supported here")
    for gain, combine in zip(inputs[1:], [torch.mul, torch.add]):
        y = combine(y, gain)
    return y


def interpolate(x, knots, values):
    """At every channel the piecewise-linear function through its knots [K, D], level beyond their ends."""
    above = (x.unsqueeze(-1) >= knots.T).sum(-1)
    left, right = (above - 1).clamp(min=0), above.clamp(max=len(knots) - 1)
    low, high = knots.gather(0, left.flatten(0, -2)).view_as(x), knots.gather(0, right.flatten(0, -2)).view_as(x)
    start, end = values.gather(0, left.flatten(0, -2)).view_as(x), values.gather(0, right.flatten(0, -2)).view_as(x)
    share = torch.where(high > low, (x - low) / (high - low), torch.zeros_like(x))
    return start + share * (end - start)


class Map:
    """A map file at work: hooks that move the value at each of its sites."""

    def __init__(self, model, path, strength):
        self.strength, self.past, self.prompt = torch.tensor(float(strength)), 0, 0
        with safe_open(path, framework="pt") as file:
            about = file.metadata()
            names, sites = json.loads(about["parameters"]), json.loads(about["sites"])
            values = {
                site["name"]: {name: file.get_tensor(f"{site['name']}/{name}") for name in names} for site in sites
            }
        self.transport, self.scope, self.skipped = (
            Transport(about["transport"]),
            about["token_scope"],
            int(about["skip_first"]),
        )
        modules = dict(model.named_modules())
        for site, parameters in values.items():
            name, _, part = site.partition(":")
            if name not in modules:
                raise SystemExit(f"{path}: the model has no module `{name}`")
            self.hook(modules[name], part, parameters)
        model.register_forward_pre_hook(self.begin, with_kwargs=True)

    def hook(self, module, part, parameters):
        """Moves what a module gives; with the part `in` what it reads, with `delta` what it adds to that."""

        def before(module, given, named):
            if given:
                return (self.moved(given[0], parameters), *given[1:]), named
            return given, named | {"hidden_states": self.moved(named["hidden_states"], parameters)}

        def behind(module, given, named, output):
            if part != "delta":
                return self.moved(output, parameters)
            x = given[0] if given else named["hidden_states"]
            y = output[0] if isinstance(output, tuple) else output
            y = x + self.moved(y - x, parameters)
            return (y, *output[1:]) if isinstance(output, tuple) else y

        if part == "in":
            module.register_forward_pre_hook(before, with_kwargs=True)
        else:
            module.register_forward_hook(behind, with_kwargs=True)

    def begin(self, model, given, named):
        """Notes which positions a call of the model is of; sequences of a batch are of one length."""
        if (mask := named.get("attention_mask")) is not None and not mask.bool().all():
            raise SystemExit("padding is not supported here: give sequences of one length")
        cache = named.get("past_key_values")
        self.past = cache.get_seq_length() if cache is not None else 0
        if self.past == 0:
            self.prompt = (given[0] if given else named["input_ids"]).shape[1]

    def applies(self, positions):
        """Which positions are in the map's scope."""
        match self.scope:
            case "all":
                inside = positions >= 0
            case "prompt":
                inside = positions < self.prompt
            case "generated":
                inside = positions >= self.prompt
            case "last":
                inside = positions == self.prompt - 1
            case scope if scope.startswith("first:"):
                inside = (positions >= self.prompt) & (positions < self.prompt + int(scope[6:]))
            case scope if scope.startswith("after:"):
                inside = positions >= self.prompt + int(scope[6:])
            case _:
                first, last = self.scope.split("-")
                inside = (positions >= int(first)) & (positions <= int(last or positions.max()))
        return inside & (positions >= self.skipped)

    def moved(self, output, parameters):
        x = output[0] if isinstance(output, tuple) else output
        rows = x.float().reshape(-1, x.shape[-1])
        y = self.transport(x=rows, strength=self.strength, **parameters).reshape(x.shape)
        inside = self.applies(self.past + torch.arange(x.shape[1]))
        y = torch.where(inside[:, None], y, x.float()).to(x.dtype)
        return (y, *output[1:]) if isinstance(output, tuple) else y


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("model", help="the model's directory")
    options.add_argument(
        "--maps", nargs="+", default=[], metavar="NAME=FILE", help="map files, in the order in which they act"
    )
    options.add_argument(
        "--steer", nargs="+", default=[], metavar="NAME=STRENGTH", help="strengths; 0 where none is given"
    )
    options.add_argument("-p", "--prompt", required=True)
    options.add_argument("-n", "--tokens", type=int, default=32, help="how many tokens to generate, greedily")
    arguments = options.parse_args()
    model = AutoModelForCausalLM.from_pretrained(arguments.model, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(arguments.model)
    strengths = dict(pair.split("=") for pair in arguments.steer)
    for pair in arguments.maps:
        name, path = pair.split("=", 1)
        Map(model, path, strengths.get(name, 0))
    tokens = tokenizer(arguments.prompt, return_tensors="pt").input_ids
    with torch.no_grad():
        found = model.generate(tokens, do_sample=False, max_new_tokens=arguments.tokens)
    print(tokenizer.decode(found[0]))


if __name__ == "__main__":
    main()
