#!/usr/bin/env python3
"""Convert what pyreft has trained to a map file.

    Scripts/convert-pyreft.py FOLDER --model SmolLM2 --scope last -o reft.maps.safetensors

FOLDER is what `save` of a ReFT model writes: `config.json`, and a pickle for each intervention, which is read by torch
without running code. R [r,D] is the rotation, W [r,D] and b [r] what was learned (ReFT, arXiv 2404.03592):

    LoReFT, NoReFT        y = x + Rᵀ (W x + b − R x)
    DiReFT, NodiReFT      y = x + Rᵀ (W x + b)
    ConsReFT, LobiReFT    the same with W = 0

Activation functions that were given to an intervention are not saved and not supported, nor is dropout, which is off
after training. Positions are not saved either: they are of the data. `--scope` says which tokens the map is for;
where a layer has two interventions, for the first and for the last positions, `--key` chooses one kind, as '*#0'.

Needs torch, numpy and safetensors.
"""

import argparse
import fnmatch
import json
import pathlib
import re
import sys

import map_files
import numpy
import torch

# `reft` of passes/steering/ReFT.swift, with and without what is taken away.
TRANSPORT = """graph @reft(%x: f32[T,D]{0}, %Rt: f32[D,K], %W: f32[K,D], %b: f32[K], %strength: f32[]) {{
  %learned = linear %x, %W, %b : f32[T,K]
{1}  %inner = mul {2}, %strength : f32[T,K]
  %change = linear %inner, %Rt : f32[T,D]
  %y = add %x, %change : f32[T,D]
  return %y
}}
"""
ROTATED = """  %rotated = linear %x, %R : f32[T,K]
  %edit = sub %learned, %rotated : f32[T,K]
"""
KINDS = {
    "LoreftIntervention": True,
    "LoreftIntervention_IdentityInit": True,
    "NoreftIntervention": True,
    "ConsreftIntervention": True,
    "DireftIntervention": False,
    "NodireftIntervention": False,
    "LobireftIntervention": False,
}
# What pyvene calls a place, as the output of a module; `%d` is the number of the block.
MODULES = {
    "block_output": [""],
    "mlp_output": [".mlp.down_proj", ".mlp.c_proj", ".mlp.dense_4h_to_h", ".mlp.fc2"],
    "mlp_activation": [".mlp.act_fn", ".mlp.act"],
    "attention_output": [".self_attn.o_proj", ".attn.c_proj", ".attention.dense", ".self_attn.dense"],
    "query_output": [".self_attn.q_proj"],
    "key_output": [".self_attn.k_proj"],
    "value_output": [".self_attn.v_proj"],
}


def transport(subtracts):
    return TRANSPORT.format(*((", %R: f32[K,D]", ROTATED, "%edit") if subtracts else ("", "", "%learned")))


def site(representation, model):
    """The site that an intervention is at."""
    layer, component = representation["layer"], representation["component"]
    if "." in component:
        name, kind = component.rsplit(".", 1)
        name = re.sub(r"\[(\d+)\]", r".\1", name)
        if kind == "output" and name in model.sites:
            return name
        sys.exit(f"{component}: {model.path} has no such site; `actc sites {model.path}` lists them")
    if component == "block_input":
        component, layer = "block_output", layer - 1
    blocks = [name for name in model.sites if name.split(".")[-1] == str(layer)]
    for block in blocks:
        for suffix in MODULES.get(component, []):
            if block + suffix in model.sites:
                return block + suffix
    sys.exit(f"{component} of layer {layer}: {model.path} has no site that is the same")


def names(representations, known):
    """The names of the interventions, in the order of their representations; None where they are not those known."""
    unit = ("unit", "{unit}", "nunit", "{max_number_of_units}")
    for joint in "_.":
        path = joint.join(("comp", "{component}", *unit))
        simple = joint.join(("layer", "{layer}", path))
        keys, counts = [], {}
        for entry in representations:
            fields = entry | {"component": entry["component"].replace(".", joint)}
            name = (path if "." in entry["component"] else simple).format(**fields)
            keys.append(f"{name}#{counts.get(name, 0)}")
            counts[name] = counts.get(name, 0) + 1
        if sorted(keys) == sorted(known):
            return keys
    return None


class Rotation(torch.nn.Module):
    """The layer that pyreft rotates by, whose weight is orthogonal by a parametrization of torch."""

    def __init__(self, shape):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.eye(*shape))


def parameters(state, path):
    """R, W and b of an intervention, whatever its kind calls them."""
    prefix = "rotate_layer.parametrizations.weight."
    if (original := state.get(prefix + "original")) is not None:
        layer = torch.nn.utils.parametrizations.orthogonal(Rotation(original.shape))
        own = {key.removeprefix("rotate_layer."): value.float() for key, value in state.items() if prefix in key}
        layer.load_state_dict(own)
        state = {key: value for key, value in state.items() if prefix not in key}
        state["rotate_layer"] = layer.weight.detach()
    state = {name: value.to(torch.float64).numpy() for name, value in state.items()}
    rotation, taken = state.get("rotate_layer"), 0.0
    if rotation is not None:
        rotation = rotation.T
    elif "proj_layer.weight" in state:
        rotation, taken = state["proj_layer.weight"], state.get("proj_layer.bias", 0.0)
    else:
        sys.exit(f"{path}: expected `rotate_layer` or `proj_layer.weight`, found {', '.join(state)}")
    if "learned_source" in state:
        return rotation, numpy.zeros_like(rotation), state["learned_source"], taken
    prefix = "learned_source." if "learned_source.weight" in state else ""
    if prefix + "weight" not in state or prefix + "bias" not in state:
        sys.exit(f"{path}: expected `weight` and `bias`, found {', '.join(state)}")
    return rotation, state[prefix + "weight"], state[prefix + "bias"], taken


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path, help="the folder that the ReFT model was saved to")
    parser.add_argument("--scope", required=True, help="the tokens that the map is for: all, prompt, last, 0-3, …")
    parser.add_argument("--key", default="*", help="a glob over the names of interventions")
    map_files.add_model_options(parser)
    options = parser.parse_args()

    config = json.loads((options.folder / "config.json").read_text())
    fields = ("layer", "component", "unit", "max_number_of_units")
    representations = [
        dict(zip(fields, entry)) if isinstance(entry, list) else entry for entry in config["representations"]
    ]
    if {entry["unit"] for entry in representations} != {"pos"}:
        sys.exit(f"{options.folder}/config.json: expected interventions at positions")
    types = [re.sub(r".*\.(\w+)'>$", r"\1", name) for name in config["intervention_types"]]
    keys = names(representations, config["sorted_keys"])
    if keys is None or len(types) != len(keys):
        sys.exit(f"{options.folder}/config.json: expected a type and a key for every representation")
    model = map_files.Model(options.model, options.actc)
    sites, kinds = {}, set()
    for key, kind, representation in zip(keys, types, representations):
        if not fnmatch.fnmatch(key, options.key):
            continue
        path = options.folder / f"intkey_{key}.bin"
        if kind not in KINDS:
            sys.exit(f"{path}: expected one of {', '.join(KINDS)}, found {kind}")
        place = site(representation, model)
        if place in sites:
            sys.exit(f"{path}: {place} has two interventions, for other positions; choose one kind by --key")
        rotation, weight, bias, taken = parameters(torch.load(path, map_location="cpu", weights_only=True), path)
        if rotation.shape != weight.shape or weight.shape[1] != model.sites[place]:
            sys.exit(f"{path}: expected R and W of [r,{model.sites[place]}], found {rotation.shape} and {weight.shape}")
        rotations = {"R": rotation, "Rt": rotation.T} if KINDS[kind] else {"Rt": rotation.T}
        sites[place] = rotations | {"W": weight, "b": bias - taken * KINDS[kind]}
        kinds.add(kind)
    if len({KINDS[kind] for kind in kinds}) != 1:
        sys.exit(f"{options.folder}: expected interventions of one form, found {', '.join(kinds) or 'none'}")
    subtracts = KINDS[kinds.pop()]
    map_files.write_map(
        options.output,
        model,
        "reft",
        transport(subtracts),
        sites,
        {"from": "pyreft", "form": "R^T(Wx + b - Rx)" if subtracts else "R^T(Wx + b)"},
        options.scope,
    )


if __name__ == "__main__":
    main()
