"""Adapters of tiny pipelines, in the names that several tools give them, and the pictures of diffusers with them.

`load_lora_weights` reads each form of an adapter; the forms that hold the same numbers are found by their pictures.
"""

import inspect
import json

import torch
from diffusers import DiffusionPipeline
from diffusers.loaders import lora_conversion_utils as conversion
from safetensors.torch import load_file, save_file

RANK, ALPHA = 2, 1.5


def converter(name, sizes):
    """A function of diffusers that knows the sizes of one model, for another."""
    source = inspect.getsource(getattr(conversion, name))
    for own, other in sizes:
        assert own in source, own
        source = source.replace(own, other)
    space = dict(vars(conversion))
    exec(source, space)
    return lambda state: {
        # It multiplies some tensors in place, and leaves the component out of some names, which are then not loaded.
        key if key.startswith(("transformer.", "text_encoder.")) else f"transformer.{key}": tensor
        for key, tensor in space[name]({key: tensor.clone() for key, tensor in state.items()}).items()
    }


class Unet:
    """UNets and their text encoders in the names of diffusers, of older diffusers, and of kohya's scripts."""

    def __init__(self, modules, original=None):
        self.modules, self.original = modules, original

    def write(self, pipe, folder, random):
        new, old, kohya, others = {}, {}, {}, {}
        for component, names in self.modules.items():
            network = getattr(pipe, component)
            for name in names:
                bare = name.removeprefix("text_model.") if not hasattr(network, "text_model") else name
                a, b = pair(network.get_submodule(bare).weight.shape, random)
                scaled = b * (ALPHA / RANK)
                new[f"{component}.{name}.lora_A.weight"], new[f"{component}.{name}.lora_B.weight"] = a, scaled
                older = f"{component}.{older_name(name, component)}"
                old[f"{older}.down.weight"], old[f"{older}.up.weight"] = a, scaled
                prefix = {"unet": "lora_unet", "text_encoder": "lora_te1", "text_encoder_2": "lora_te2"}[component]
                other = name
                for start, stop in self.original.items() if self.original and component == "unet" else []:
                    other = other.replace(start, stop)
                # By the other name diffusers does not find it.
                own = other if name.startswith("add_embedding") else name
                for spelling, tensors in [(own, kohya), (other, others)]:
                    key = f"{prefix}_{spelling.replace('.', '_')}"
                    tensors[f"{key}.lora_down.weight"], tensors[f"{key}.lora_up.weight"] = a, b
                    tensors[f"{key}.alpha"] = torch.tensor(ALPHA)
        forms = {"new": new, "old": old, "kohya": kohya} | ({"original": others} if self.original else {})
        for form, tensors in forms.items():
            save(tensors, folder, form)
        return dict.fromkeys(forms)


class Flux:
    """FLUX in the names of diffusers, of kohya's scripts, of the original and of XLabs.

    Only the first two have all modules, so that the others have adapters of their own.
    """

    DOUBLE = {
        "img_mod.lin": 96,
        "txt_mod.lin": 96,
        "img_attn.qkv": 48,
        "txt_attn.qkv": 48,
        "img_attn.proj": 16,
        "txt_attn.proj": 16,
        "img_mlp.0": 64,
        "img_mlp.2": (16, 64),
        "txt_mlp.0": 64,
        "txt_mlp.2": (16, 64),
    }
    SINGLE = {"modulation.lin": 48, "linear1": 48 + 64, "linear2": (16, 80)}
    OTHERS = {
        "img_in": 16,
        "txt_in": (16, 12),
        "time_in.in_layer": (16, 256),
        "time_in.out_layer": 16,
        "guidance_in.in_layer": (16, 256),
        "guidance_in.out_layer": 16,
        "vector_in.in_layer": (16, 8),
        "vector_in.out_layer": 16,
        "final_layer.linear": 16,
        "final_layer.adaLN_modulation.1": 32,
    }
    TEXT = {
        "text_model.encoder.layers.1.self_attn.v_proj": (8, 8),
        "text_model.encoder.layers.1.self_attn.out_proj": (8, 8),
        "text_model.encoder.layers.0.mlp.fc1": (20, 8),
    }
    WIDTHS = [("3072, 3072, 3072, 12288", "16, 16, 16, 64")]
    LAYERS = [("num_layers = 19", "num_layers = 1"), ("num_single_layers = 38", "num_single_layers = 1")]

    def write(self, pipe, folder, random):
        def matrices(sizes, prefix=""):
            shapes = {name: size if isinstance(size, tuple) else (size, 16) for name, size in sizes.items()}
            return {prefix + name: pair(shape, random) for name, shape in shapes.items()}

        layers = matrices(self.DOUBLE, "double_blocks.0.") | matrices(self.SINGLE, "single_blocks.0.")
        others, text = matrices(self.OTHERS), matrices(self.TEXT)
        kohya, original, labs = {}, {}, {}
        for prefix, group in [("lora_unet", layers | others), ("lora_te1", text)]:
            for name, (a, b) in group.items():
                key = f"{prefix}_{name.replace('.', '_')}"
                kohya[f"{key}.lora_down.weight"], kohya[f"{key}.lora_up.weight"] = a, b
                # Of the last layer diffusers drops it.
                if "final_layer" not in name:
                    kohya[f"{key}.alpha"] = torch.tensor(ALPHA)
        for name, (a, b) in (layers | {"final_layer.linear": others["final_layer.linear"]}).items():
            original[f"base_model.model.{name}.lora_A.weight"] = a
            original[f"base_model.model.{name}.lora_B.weight"] = b
        for other, name in {
            "double_blocks.0.processor.qkv_lora1": "double_blocks.0.img_attn.qkv",
            "double_blocks.0.processor.qkv_lora2": "double_blocks.0.txt_attn.qkv",
            "double_blocks.0.processor.proj_lora1": "double_blocks.0.img_attn.proj",
            "double_blocks.0.processor.proj_lora2": "double_blocks.0.txt_attn.proj",
        }.items():
            labs[f"{other}.down.weight"], labs[f"{other}.up.weight"] = layers[name]
        for name, size in [("qkv", 48), ("proj", (16, 80))]:
            key = f"single_blocks.0.processor.{name}_lora"
            labs[f"{key}.down.weight"], labs[f"{key}.up.weight"] = matrices({name: size})[name]
        converted = converter("_convert_kohya_flux_lora_to_diffusers", self.WIDTHS)(kohya)
        # As `save_lora_weights` has it: the factor follows from the alpha of the metadata.
        new = {
            key: tensor / (ALPHA / RANK) if "lora_B" in key else tensor for key, tensor in in_peft(converted).items()
        }
        save(new, folder, "new", metadata_of(new))
        save(kohya, folder, "kohya")
        save(original, folder, "original")
        save(labs, folder, "xlabs")
        return {
            "new": None,
            "kohya": converter("_convert_kohya_flux_lora_to_diffusers", self.WIDTHS),
            "original": converter(
                "_convert_fal_kontext_lora_to_diffusers", [*self.LAYERS, ("inner_dim = 3072", "inner_dim = 16")]
            ),
            "xlabs": converter("_convert_xlabs_flux_lora_to_diffusers", []),
        }


class Transformer:
    """Names of diffusers, with the alpha in the metadata and what else that says."""

    def __init__(self, modules, fused=(), more=None):
        self.modules, self.fused, self.more = modules, fused, more or {}

    def write(self, pipe, folder, random):
        new = {}
        for component, names in self.modules.items():
            network = getattr(pipe, component)
            ranks = self.more.get(f"{component}.rank_pattern", {})
            for name in names:
                bare = name.removeprefix("text_model.") if not hasattr(network, "text_model") else name
                key = f"{component}.{name}"
                new[f"{key}.lora_A.weight"], new[f"{key}.lora_B.weight"] = pair(
                    network.get_submodule(bare).weight.shape, random, ranks.get(name, RANK)
                )
        save(new, folder, "new", metadata_of(new, self.more))
        if not self.fused:
            return {"new": None}
        kohya = {}
        for name, shape in self.fused:
            a, b = pair(shape, random)
            key = f"lora_unet_{name.replace('.', '_')}"
            kohya[f"{key}.lora_down.weight"], kohya[f"{key}.lora_up.weight"] = a, b
            kohya[f"{key}.alpha"] = torch.tensor(ALPHA)
        save(kohya, folder, "kohya")
        return {"new": None, "kohya": None}


def pair(shape, random, rank=RANK):
    a = torch.randn((rank, *shape[1:]), generator=random) / 2
    b = torch.randn((shape[0], rank, *([1] * (len(shape) - 2))), generator=random) / 2
    return a, b


def older_name(name, component):
    if component == "unet" and ".attn" in name:
        return name.replace(".to_", ".processor.to_").replace(".to_out.0", ".to_out") + "_lora"
    if "self_attn" in name:
        for own, other in [("q_proj", "to_q"), ("k_proj", "to_k"), ("v_proj", "to_v"), ("out_proj", "to_out")]:
            name = name.replace(f"self_attn.{own}", f"self_attn.{other}_lora")
        return name
    return f"{name}.lora_linear_layer" if component != "unet" else f"{name}.lora"


def in_peft(tensors):
    """Tensors whose names of a text encoder are of older diffusers, by the names of today."""
    changes = [
        (".text_model.", "."),
        (".to_v_lora.", ".v_proj.lora."),
        (".to_out_lora.", ".out_proj.lora."),
        (".lora_linear_layer.", ".lora."),
        (".lora.down.", ".lora_A."),
        (".lora.up.", ".lora_B."),
    ]
    renamed = {}
    for key, tensor in tensors.items():
        for start, stop in changes:
            key = key.replace(start, stop)
        renamed[key] = tensor
    return renamed


def metadata_of(tensors, more=None):
    """As `save_lora_weights` has it."""
    texts = {}
    for component in sorted({key.split(".", 1)[0] for key in tensors}):
        own = [key for key in tensors if key.startswith(f"{component}.")]
        modules = sorted({key.split(".", 1)[1].rsplit(".", 2)[0] for key in own})
        texts |= {
            f"{component}.r": RANK,
            f"{component}.lora_alpha": ALPHA,
            f"{component}.target_modules": modules,
        }
    return {"lora_adapter_metadata": json.dumps(texts | (more or {}), indent=2, sort_keys=True)}


def save(tensors, folder, form, metadata=None):
    save_file(
        {key: tensor.contiguous().clone() for key, tensor in tensors.items()},
        folder / f"lora-{form}.safetensors",
        metadata,
    )


ADAPTERS = {
    "tiny-sd": (
        Unet(
            {
                "unet": [
                    "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_k",
                    "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_out.0",
                    "down_blocks.0.attentions.0.proj_in",
                    "up_blocks.1.attentions.1.transformer_blocks.0.ff.net.0.proj",
                    "mid_block.attentions.0.transformer_blocks.0.ff.net.2",
                    "mid_block.resnets.0.time_emb_proj",
                    "up_blocks.0.upsamplers.0.conv",
                    "down_blocks.0.downsamplers.0.conv",
                ],
                "text_encoder": [
                    "text_model.encoder.layers.0.self_attn.q_proj",
                    "text_model.encoder.layers.1.self_attn.out_proj",
                ],
            }
        ),
        {"prompt": "a photo of a cat", "steps": 2, "guidance": 3.0, "negative_prompt": "a red dog"},
    ),
    "tiny-sdxl": (
        Unet(
            {
                "unet": [
                    "conv_in",
                    "conv_out",
                    "time_embedding.linear_1",
                    "add_embedding.linear_2",
                    "down_blocks.1.attentions.0.transformer_blocks.1.attn1.to_q",
                    "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_out.0",
                    "mid_block.attentions.0.proj_in",
                    "mid_block.resnets.1.conv2",
                    "down_blocks.1.resnets.0.conv_shortcut",
                ],
                "text_encoder": [
                    "text_model.encoder.layers.1.self_attn.v_proj",
                    "text_model.encoder.layers.0.self_attn.out_proj",
                ],
                "text_encoder_2": [
                    "text_model.encoder.layers.0.mlp.fc1",
                    "text_model.encoder.layers.1.self_attn.out_proj",
                ],
            },
            original={
                "conv_in": "input_blocks.0.0",
                "conv_out": "out.2",
                "time_embedding.linear_1": "time_embed.0",
                "add_embedding.linear_2": "label_emb.0.2",
                "down_blocks.1.attentions.0.": "input_blocks.3.1.",
                "down_blocks.1.resnets.0.conv_shortcut": "input_blocks.3.0.skip_connection",
                "mid_block.attentions.0.": "middle_block.1.",
                "mid_block.resnets.1.conv2": "middle_block.2.out_layers.3",
            },
        ),
        {"prompt": "a photo of a cat", "steps": 2, "guidance": 3.0},
    ),
    "tiny-flux-dev": (Flux(), {"prompt": "a photo of a cat", "steps": 2, "guidance": 3.5}),
    "tiny-sd3-pipeline": (
        Transformer(
            {
                "transformer": [
                    "transformer_blocks.0.attn.to_q",
                    "transformer_blocks.0.attn.add_v_proj",
                    "transformer_blocks.0.attn2.to_out.0",
                    "transformer_blocks.1.norm1_context.linear",
                    "transformer_blocks.1.ff.net.0.proj",
                    "context_embedder",
                    "norm_out.linear",
                ],
                "text_encoder": ["text_model.encoder.layers.0.self_attn.q_proj"],
                "text_encoder_2": [
                    "text_model.encoder.layers.1.mlp.fc2",
                    "text_model.encoder.layers.1.self_attn.v_proj",
                ],
            },
            more={
                "transformer.rank_pattern": {"context_embedder": 3},
                "transformer.alpha_pattern": {"attn.to_q": 4.0, "context_embedder": 5.0, "embedder": 9.0},
                "text_encoder.use_rslora": True,
            },
        ),
        {"prompt": "a photo of a cat", "steps": 2, "guidance": 5.0},
    ),
    "tiny-z-image-pipeline": (
        Transformer(
            {
                "transformer": [
                    "layers.0.attention.to_k",
                    "context_refiner.0.feed_forward.w1",
                    "noise_refiner.0.adaLN_modulation.0",
                    "cap_embedder.1",
                    "t_embedder.mlp.2",
                ]
            },
            fused=[
                ("layers.1.attention.qkv", (72, 24)),
                ("noise_refiner.0.attention.qkv", (72, 24)),
                ("layers.0.attention.out", (24, 24)),
                ("layers.0.attention.to_q", (24, 24)),
            ],
        ),
        {"prompt": "a photo of a cat", "steps": 2, "guidance": 2.0},
    ),
}

WEIGHTS = [0.7, -0.4]


@torch.no_grad()
def write_adapters(folder, call, width, height):
    """Write the adapters of a pipeline that is in a folder already, and its pictures with each at two weights."""
    kind, run = ADAPTERS[folder.name]
    pipe = DiffusionPipeline.from_pretrained(folder, torch_dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    forms = kind.write(pipe, folder, torch.Generator().manual_seed(7))
    channels = pipe.vae.config.latent_channels
    latents = torch.randn((2, channels, height // 2, width // 2), generator=torch.Generator().manual_seed(4))
    groups = []
    for form, convert in forms.items():
        path = folder / f"lora-{form}.safetensors"
        pipe = DiffusionPipeline.from_pretrained(folder, torch_dtype=torch.float32)
        pipe.set_progress_bar_config(disable=True)
        pipe.load_lora_weights(convert(load_file(path)) if convert else path, adapter_name="a")
        images = []
        for weight in WEIGHTS:
            pipe.set_adapters("a", weight)
            images.append(call(pipe, run, latents, width, height))
        same = [other for other in groups if all(torch.allclose(x, y, atol=1e-5) for x, y in zip(images, other[1]))]
        if same:
            same[0][0].append(form)
        else:
            groups.append(([form], images))
    for names, images in groups:
        for index, (weight, image) in enumerate(zip(WEIGHTS, images)):
            texts = {key: str(value) for key, value in run.items()}
            texts |= {"lora": str(weight), "forms": " ".join(names)}
            name = f"adapted-{names[0]}-{index}"
            save_file({"latents": latents, "image": image.contiguous()}, folder / f"{name}.safetensors", texts)
            print(folder.name, name, names, image.min().item(), image.max().item(), image.std().item())
