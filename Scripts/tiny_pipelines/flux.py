"""FLUX.1, with guidance as an input and without."""

from diffusers import FlowMatchEulerDiscreteScheduler, FluxPipeline, FluxTransformer2DModel

from .components import clip_text, clip_tokenizer, randomise, t5_text, t5_tokenizer, vae


def flux(folder, guidance):
    tokens = clip_tokenizer(folder / "tokenizer")
    others = t5_tokenizer()
    transformer = FluxTransformer2DModel(
        in_channels=16,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=8,
        num_attention_heads=2,
        joint_attention_dim=12,
        pooled_projection_dim=8,
        axes_dims_rope=(2, 2, 4),
        guidance_embeds=guidance,
    )
    shift = {"use_dynamic_shifting": True, "base_image_seq_len": 6, "max_image_seq_len": 96, "shift": 3.0}
    return FluxPipeline(
        vae=vae(scaling_factor=0.3611, shift_factor=0.1159, use_quant_conv=False, use_post_quant_conv=False),
        text_encoder=clip_text(tokens, 8),
        tokenizer=tokens,
        text_encoder_2=t5_text(others, 12),
        tokenizer_2=others,
        transformer=randomise(transformer, 0.9),
        scheduler=FlowMatchEulerDiscreteScheduler(**(shift if guidance else {"shift": 1.0})),
    )


PIPELINES = {
    "tiny-flux-dev": (
        lambda folder: flux(folder, guidance=True),
        (24, 16),
        {
            "plain": {"prompt": "a photo of a cat, it's red", "steps": 3, "guidance": 3.5},
            "long": {"prompt": "the " * 300, "steps": 2, "guidance": 1.5},
        },
    ),
    "tiny-flux-schnell": (
        lambda folder: flux(folder, guidance=False),
        (12, 20),
        {"plain": {"prompt": "a drawing", "steps": 4, "guidance": 0.0}},
    ),
}
