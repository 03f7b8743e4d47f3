"""DiT, whose images are of classes."""

import diffusers
from diffusers import DDIMScheduler, DiTPipeline, DiTTransformer2DModel

from .components import randomise, vae

LABELS = {0: "tench, Tinca tinca", 1: "goldfish, Carassius auratus", 7: "cock", 999: "toilet tissue"}


def dit(folder):
    transformer = DiTTransformer2DModel(
        sample_size=8,
        in_channels=4,
        out_channels=8,
        num_layers=2,
        attention_head_dim=8,
        num_attention_heads=2,
        # The pipeline's own mark of no class.
        num_embeds_ada_norm=1000,
    )
    pipe = DiTPipeline(
        transformer=randomise(transformer, 0.9),
        vae=vae(),
        scheduler=DDIMScheduler(beta_start=0.0001, beta_end=0.02, clip_sample=False),
        id2label=LABELS,
    )
    return pipe


PIPELINES = {
    "tiny-dit-pipeline": (
        dit,
        (16, 16),
        {
            "plain": {"prompt": "goldfish", "label": 1, "steps": 3, "guidance": 4.0},
            "number": {"prompt": "7", "label": 7, "steps": 2, "guidance": 1.0},
        },
    ),
}


def run(pipe, label, latents, steps):
    module = diffusers.pipelines.dit.pipeline_dit
    draw = module.randn_tensor
    # The pipeline draws the noise itself.
    module.randn_tensor = lambda *_, **__: latents
    number = next((number for number, name in LABELS.items() if label in name.split(", ")), None)
    label = int(label) if number is None else number
    pipe([label], num_inference_steps=steps, guidance_scale=1.0, output_type="np")
    module.randn_tensor = draw


FITS = {
    "tiny-dit-pipeline": {
        "sides": {"source": ["goldfish", "7", "cock", "Tinca tinca"], "target": ["999", "toilet tissue", "12"]},
        "sites": ["transformer_blocks.0.attn1.to_out.0", "transformer_blocks.0", "transformer_blocks.1.ff"],
        "run": run,
        "steps": 3,
        "shape": (4, 8, 8),
    },
}
