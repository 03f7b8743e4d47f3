"""Stable Diffusion XL, with an adapter."""

import torch
from diffusers import (
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from safetensors.torch import save_file

from .components import EULER, LONG, clip_text, clip_tokenizer, randomise, vae

TRAILING = EulerDiscreteScheduler(**EULER, timestep_spacing="trailing")
TURBO = EulerAncestralDiscreteScheduler(**EULER, timestep_spacing="trailing")


def stable_diffusion_xl(folder, **options):
    tokens = clip_tokenizer(folder / "tokenizer")
    others = clip_tokenizer(folder / "tokenizer_2", pad_token="!")
    unet = UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(4, 8),
        layers_per_block=1,
        cross_attention_dim=8 + 12,
        attention_head_dim=(1, 2),
        transformer_layers_per_block=(1, 2),
        norm_num_groups=2,
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=4,
        projection_class_embeddings_input_dim=10 + 6 * 4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        **options,
    )
    return StableDiffusionXLPipeline(
        vae=vae(scaling_factor=0.13025),
        text_encoder=clip_text(tokens, 8, num_hidden_layers=3),
        text_encoder_2=clip_text(others, 12, projection=10, hidden_act="gelu"),
        tokenizer=tokens,
        tokenizer_2=others,
        unet=randomise(unet, 0.9),
        scheduler=EulerDiscreteScheduler(**EULER, steps_offset=1, timestep_spacing="leading"),
        force_zeros_for_empty_prompt=True,
        add_watermarker=False,
    )


def adapted(pipe, folder):
    """Write an adapter in the names of diffusers, of older diffusers and of kohya, and add it to the weights."""
    modules = {
        "unet": [
            "down_blocks.1.attentions.0.transformer_blocks.1.attn1.to_q",
            "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_out.0",
            "mid_block.attentions.0.proj_in",
            "mid_block.resnets.1.conv2",
            "down_blocks.1.resnets.0.conv_shortcut",
        ],
        "text_encoder": ["text_model.encoder.layers.1.self_attn.v_proj"],
        "text_encoder_2": ["text_model.encoder.layers.0.mlp.fc1"],
    }
    weight, alpha, rank = 0.7, 1.5, 2
    random = torch.Generator().manual_seed(7)
    # As in the model that diffusers converts from.
    original = {
        "down_blocks.1.attentions.0.": "input_blocks.3.1.",
        "down_blocks.1.resnets.0.conv_shortcut": "input_blocks.3.0.skip_connection",
        "mid_block.attentions.0.": "middle_block.1.",
        "mid_block.resnets.1.conv2": "middle_block.2.out_layers.3",
    }
    new, old, kohya, others = {}, {}, {}, {}
    for component, names in modules.items():
        network = getattr(pipe, component)
        for name in names:
            bare = name.removeprefix("text_model.") if not hasattr(network, "text_model") else name
            module = network.get_submodule(bare)
            shape = module.weight.shape
            a = torch.randn((rank, *shape[1:]), generator=random) / 2
            b = torch.randn((shape[0], rank, *([1] * (len(shape) - 2))), generator=random) / 2
            module.weight.data += weight * alpha / rank * (b.flatten(1) @ a.flatten(1)).reshape(shape)
            scaled = b * (alpha / rank)
            new[f"{component}.{name}.lora_A.weight"], new[f"{component}.{name}.lora_B.weight"] = a, scaled
            older = name.replace(".to_q", ".processor.to_q_lora").replace(".to_out.0", ".processor.to_out_lora")
            older = older if "processor" in older else f"{older}.lora"
            old[f"{component}.{older}.down.weight"], old[f"{component}.{older}.up.weight"] = a, scaled
            prefix = {"unet": "lora_unet", "text_encoder": "lora_te1", "text_encoder_2": "lora_te2"}[component]
            other = name
            for start, stop in original.items() if component == "unet" else []:
                other = other.replace(start, stop)
            for spelling, tensors in [(name, kohya), (other, others)]:
                key = f"{prefix}_{spelling.replace('.', '_')}"
                tensors[f"{key}.lora_down.weight"], tensors[f"{key}.lora_up.weight"] = a, b
                tensors[f"{key}.alpha"] = torch.tensor(alpha)
    for name, tensors in [("new", new), ("old", old), ("kohya", kohya), ("original", others)]:
        save_file({key: tensor.contiguous() for key, tensor in tensors.items()}, folder / f"lora-{name}.safetensors")


PIPELINES = {
    "tiny-sdxl": (
        stable_diffusion_xl,
        (16, 24),
        {
            "euler": {"prompt": "a photo of a cat", "steps": 3, "guidance": 5.0},
            "negative": {"prompt": LONG, "steps": 2, "guidance": 3.0, "negative_prompt": "a red dog"},
            "turbo": {"prompt": "a river", "steps": 1, "guidance": 0.0, "scheduler_config": TURBO},
            "lightning": {"prompt": "a river", "steps": 4, "guidance": 0.0, "scheduler_config": TRAILING},
            # The last, for it changes the weights.
            "adapted": {"prompt": "a photo of a cat", "steps": 2, "guidance": 3.0, "lora": "0.7"},
        },
    ),
}
