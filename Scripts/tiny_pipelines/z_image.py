"""Z-Image, whose prompts are messages of a chat."""

from diffusers import FlowMatchEulerDiscreteScheduler, ZImagePipeline, ZImageTransformer2DModel
from transformers import Qwen2Tokenizer, Qwen3Config, Qwen3Model

from .components import randomise, vae

DYNAMIC = FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True, base_image_seq_len=4, max_image_seq_len=64)
# As Qwen3's, but that thinking is written where it is asked for, and not where it is refused.
TEMPLATE = """{%- for message in messages %}
    {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is true %}
        {{- '<think>\\n' }}
    {%- endif %}
{%- endif %}
"""


def letters():
    """The characters that stand for bytes in a vocabulary of bytes, as GPT-2 has them."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in plain]
    return [chr(byte) for byte in plain] + [chr(256 + index) for index in range(len(others))]


def tokenizer():
    tokens, merges = letters(), []
    for word in ["user", "assistant", "think", "Ġthe", "Ġcat", "Ġphoto", "Ġof", "Ġa", "Ġdog", "Ġred"]:
        start = word[0]
        for letter in word[1:]:
            if (start, letter) not in merges:
                merges.append((start, letter))
                tokens.append(start + letter)
            start += letter
    tokenizer = Qwen2Tokenizer(vocab={token: index for index, token in enumerate(tokens)}, merges=merges)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]})
    tokenizer.eos_token = "<|im_end|>"
    tokenizer.chat_template = TEMPLATE
    return tokenizer


def z_image(_):
    tokens = tokenizer()
    text = Qwen3Model(
        Qwen3Config(
            vocab_size=len(tokens),
            hidden_size=12,
            intermediate_size=20,
            num_hidden_layers=3,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=6,
            max_position_embeddings=1024,
        )
    )
    transformer = ZImageTransformer2DModel(
        in_channels=4,
        dim=24,
        n_layers=2,
        n_refiner_layers=1,
        n_heads=2,
        n_kv_heads=2,
        cap_feat_dim=12,
        axes_dims=[2, 4, 6],
        axes_lens=[600, 12, 12],
    )
    return ZImagePipeline(
        vae=vae(scaling_factor=0.3611, shift_factor=0.1159, use_quant_conv=False, use_post_quant_conv=False),
        text_encoder=randomise(text, 1.0),
        tokenizer=tokens,
        transformer=randomise(transformer, 0.9),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
    )


PIPELINES = {
    "tiny-z-image-pipeline": (
        z_image,
        (24, 16),
        {
            "plain": {"prompt": "a photo of a cat", "steps": 3, "guidance": 0.0},
            "guided": {
                "prompt": "a photo of a cat, it's red",
                "steps": 3,
                "guidance": 5.0,
                "negative_prompt": "a dog",
            },
            # Guidance acts from 0 on, and the prompt is longer than what is read of it.
            "long": {"prompt": "the cat " * 300, "steps": 2, "guidance": 0.5},
            "dynamic": {"prompt": "", "steps": 4, "guidance": 2.0, "scheduler_config": DYNAMIC},
        },
    ),
}


def run(pipe, prompt, latents, steps):
    pipe(
        [prompt],
        num_inference_steps=steps,
        guidance_scale=0.0,
        latents=latents,
        height=16,
        width=24,
        output_type="latent",
    )


FITS = {
    "tiny-z-image-pipeline": {
        "sides": {
            "source": ["a photo of a cat", "a dog", "The River, with a very long name", "x"],
            "target": ["a house", "a red cat in the rain", ""],
        },
        "sites": [
            "noise_refiner.0.attention_norm1",
            "context_refiner.0",
            "layers.0",
            "layers.1.attention.to_out.0",
            "layers.1",
        ],
        "run": run,
        "steps": 3,
        "shape": (4, 8, 12),
    },
}
