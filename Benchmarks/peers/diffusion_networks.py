"""Writes random networks of diffusion pipelines, and the inputs of a call: diffusion_networks.py NAME FOLDER

A folder of diffusers or transformers in f32; `inputs.safetensors` beside it, whose tensors are the arguments of a call
of one picture; and `operations.json`, how many a call takes: in products with weights, and in attention. Weights are as
the classes initialise them.
"""

import json
import pathlib
import sys

import torch
from safetensors.torch import load_file, save_file
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode


def encoder() -> tuple:
    from transformers import CLIPTextConfig, CLIPTextModel

    configuration = CLIPTextConfig(
        hidden_size=512, intermediate_size=2048, num_hidden_layers=12, num_attention_heads=8, projection_dim=512
    )
    ids = torch.randint(0, 49406, (1, 77), dtype=torch.int64)
    ids[0, 0], ids[0, -1] = 49406, 49407
    return CLIPTextModel(configuration), {"tokens": ids[0].int()}


def sdxl(widths: "tuple[int, ...]", heads: "tuple[int, ...]", **sizes: int) -> torch.nn.Module:
    """A UNet as SDXL's, of any widths."""
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(
        block_out_channels=widths,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        transformer_layers_per_block=(1, 2, 10),
        attention_head_dim=heads,
        use_linear_projection=True,
        addition_embed_type="text_time",
        **sizes,
    )


def sdxl_inputs(text: int, pooled: int) -> "dict[str, torch.Tensor]":
    """A call for 64 x 64 latents, of a text so wide."""
    return {
        "sample": torch.randn(1, 4, 64, 64),
        "timestep": torch.tensor([500.0]),
        "encoder_hidden_states": torch.randn(1, 77, text),
        "text_embeds": torch.randn(1, pooled),
        "time_ids": torch.tensor([[512.0, 512, 0, 0, 512, 512]]),
    }


def flux_inputs(text: int, pooled: int) -> "dict[str, torch.Tensor]":
    """A call for 1,024 tokens of a picture, 512 x 512, and 256 of a text."""
    places = torch.zeros(32, 32, 3)
    places[..., 1], places[..., 2] = torch.arange(32.0)[:, None], torch.arange(32.0)[None, :]
    return {
        "hidden_states": torch.randn(1, 1024, 64),
        "timestep": torch.tensor([0.5]),
        "encoder_hidden_states": torch.randn(1, 256, text),
        "pooled_projections": torch.randn(1, pooled),
        "img_ids": places.reshape(1024, 3),
        "txt_ids": torch.zeros(256, 3),
    }


def unet() -> tuple:
    """As SDXL's, a quarter as wide: 161 M parameters."""
    model = sdxl(
        (80, 160, 320),
        (2, 4, 8),
        sample_size=64,
        norm_num_groups=16,
        cross_attention_dim=512,
        addition_time_embed_dim=64,
        projection_class_embeddings_input_dim=704,
    )
    return model, sdxl_inputs(512, 320)


def flux() -> tuple:
    """Of 4 double and 8 single blocks, 512 wide: 71 M parameters."""
    from diffusers import FluxTransformer2DModel

    model = FluxTransformer2DModel(
        in_channels=64,
        num_layers=4,
        num_single_layers=8,
        attention_head_dim=64,
        num_attention_heads=8,
        joint_attention_dim=512,
        pooled_projection_dim=256,
        axes_dims_rope=(16, 24, 24),
    )
    return model, flux_inputs(512, 256)


def decoder() -> tuple:
    """Stable Diffusion's own, for a picture of 256 x 256."""
    from diffusers import AutoencoderKL

    model = AutoencoderKL(
        block_out_channels=(128, 256, 512, 512),
        layers_per_block=2,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=4,
        norm_num_groups=32,
        sample_size=256,
    )
    return model, {"z": torch.randn(1, 4, 32, 32)}


class Called(torch.nn.Module):
    """A network whose arguments are tensors in the order of the inputs' names, and whose result is one."""

    def __init__(self, name: str, model: torch.nn.Module, inputs: "list[str]") -> None:
        super().__init__()
        self.model, self.inputs = model.decoder if name == "decoder" else model, inputs
        self.after = model.post_quant_conv if name == "decoder" else None
        self.name = name

    def forward(self, *values: torch.Tensor) -> torch.Tensor:
        given = dict(zip(self.inputs, values, strict=True))
        if self.name == "decoder":
            return self.model(self.after(given["z"]))
        if self.name == "encoder":
            return self.model(given["tokens"].unsqueeze(0), return_dict=False)[0]
        if self.name == "unet":
            added = {name: given.pop(name) for name in ["text_embeds", "time_ids"]}
            return self.model(**given, added_cond_kwargs=added, return_dict=False)[0]
        return self.model(**given, return_dict=False)[0]


def load(name: str, folder: str) -> "tuple[Called, dict[str, torch.Tensor]]":
    """A network as `main` wrote it, and the inputs of a call."""
    import diffusers
    import transformers

    classes = {
        "encoder": transformers.CLIPTextModel,
        "unet": diffusers.UNet2DConditionModel,
        "flux": diffusers.FluxTransformer2DModel,
        "decoder": diffusers.AutoencoderKL,
    }
    inputs = load_file(f"{folder}/inputs.safetensors")
    return Called(name, classes[name].from_pretrained(folder).eval(), list(inputs)), inputs


def main() -> None:
    name, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    torch.manual_seed(0)
    model, inputs = {"encoder": encoder, "unet": unet, "flux": flux, "decoder": decoder}[name]()
    model.eval().save_pretrained(folder)
    save_file(inputs, folder / "inputs.safetensors")
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter, sdpa_kernel(SDPBackend.MATH):
        Called(name, model, list(inputs))(*inputs.values())
    counts = counter.get_flop_counts()["Global"]
    attention = sum(
        count for operation, count in counts.items() if "bmm" in str(operation) and "baddbmm" not in str(operation)
    )
    operations = {"products": sum(counts.values()) - attention, "attention": attention}
    (folder / "operations.json").write_text(json.dumps(operations) + "\n")


if __name__ == "__main__":
    main()
