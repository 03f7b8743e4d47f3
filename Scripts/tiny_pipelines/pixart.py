"""PixArt-α and PixArt-Σ."""

from diffusers import (
    DPMSolverMultistepScheduler,
    PixArtAlphaPipeline,
    PixArtSigmaPipeline,
    PixArtTransformer2DModel,
)

from .components import randomise, t5_text, t5_tokenizer, vae


def pixart(folder, kind, side, has_sizes=False):
    pieces = t5_tokenizer()
    transformer = PixArtTransformer2DModel(
        sample_size=side,
        in_channels=4,
        out_channels=8,
        num_layers=2,
        attention_head_dim=12,
        num_attention_heads=2,
        cross_attention_dim=24,
        caption_channels=12,
        norm_num_groups=2,
        use_additional_conditions=has_sizes,
    )
    scheduler = DPMSolverMultistepScheduler(beta_start=0.0001, beta_end=0.02, beta_schedule="linear")
    return kind(
        tokenizer=pieces,
        text_encoder=t5_text(pieces, 12),
        vae=vae(scaling_factor=0.13025),
        transformer=randomise(transformer, 0.9),
        scheduler=scheduler,
    )


PIPELINES = {
    "tiny-pixart-alpha": (
        lambda folder: pixart(folder, PixArtAlphaPipeline, 8),
        (24, 16),
        {
            "plain": {"prompt": "A photo of a cat", "steps": 3, "guidance": 4.5},
            "negative": {"prompt": "the " * 200, "steps": 4, "guidance": 2.0, "negative_prompt": "a red dog"},
        },
    ),
    "tiny-pixart-sigma": (
        lambda folder: pixart(folder, PixArtSigmaPipeline, 128),
        (16, 24),
        {"plain": {"prompt": "a drawing of the river", "steps": 3, "guidance": 4.5}},
    ),
    "tiny-pixart-sizes": (
        lambda folder: pixart(folder, PixArtAlphaPipeline, 128, has_sizes=True),
        (16, 24),
        {"plain": {"prompt": "a drawing", "steps": 2, "guidance": 1.0}},
    ),
}
