"""Stable Diffusion XL."""

from diffusers import (
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)

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


PIPELINES = {
    "tiny-sdxl": (
        stable_diffusion_xl,
        (16, 24),
        {
            "euler": {"prompt": "a photo of a cat", "steps": 3, "guidance": 5.0},
            "negative": {"prompt": LONG, "steps": 2, "guidance": 3.0, "negative_prompt": "a red dog"},
            "turbo": {"prompt": "a river", "steps": 1, "guidance": 0.0, "scheduler_config": TURBO},
            "lightning": {"prompt": "a river", "steps": 4, "guidance": 0.0, "scheduler_config": TRAILING},
        },
    ),
}
