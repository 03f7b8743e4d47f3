"""Stable Diffusion 3, with its third encoder and without."""

from diffusers import FlowMatchEulerDiscreteScheduler, SD3Transformer2DModel, StableDiffusion3Pipeline

from .components import LONG, clip_text, clip_tokenizer, randomise, t5_text, t5_tokenizer, vae

DYNAMIC = FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True, base_image_seq_len=4, max_image_seq_len=64)


def stable_diffusion_3(folder, has_t5):
    tokens = clip_tokenizer(folder / "tokenizer")
    others = clip_tokenizer(folder / "tokenizer_2", pad_token="!")
    pieces = t5_tokenizer()
    transformer = SD3Transformer2DModel(
        sample_size=8,
        in_channels=4,
        out_channels=4,
        num_layers=2,
        attention_head_dim=8,
        num_attention_heads=2,
        joint_attention_dim=24,
        caption_projection_dim=16,
        pooled_projection_dim=6 + 10,
        pos_embed_max_size=12,
        qk_norm="rms_norm" if has_t5 else None,
        dual_attention_layers=(0,) if has_t5 else (),
    )
    return StableDiffusion3Pipeline(
        vae=vae(scaling_factor=1.5305, shift_factor=0.0609, use_quant_conv=False, use_post_quant_conv=False),
        text_encoder=clip_text(tokens, 8, projection=6),
        tokenizer=tokens,
        text_encoder_2=clip_text(others, 12, projection=10, hidden_act="gelu"),
        tokenizer_2=others,
        text_encoder_3=t5_text(pieces, 24) if has_t5 else None,
        tokenizer_3=pieces if has_t5 else None,
        transformer=randomise(transformer, 0.9),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
    )


PIPELINES = {
    "tiny-sd3-pipeline": (
        lambda folder: stable_diffusion_3(folder, has_t5=True),
        (20, 12),
        {
            "plain": {"prompt": "a photo of a cat", "steps": 3, "guidance": 5.0},
            "negative": {"prompt": LONG, "steps": 2, "guidance": 3.0, "negative_prompt": "a red dog"},
            "dynamic": {"prompt": "a river", "steps": 3, "guidance": 1.0, "scheduler_config": DYNAMIC},
        },
    ),
    "tiny-sd3-no-t5": (
        lambda folder: stable_diffusion_3(folder, has_t5=False),
        (12, 12),
        {"plain": {"prompt": "a photo of a cat", "steps": 2, "guidance": 4.0}},
    ),
}
