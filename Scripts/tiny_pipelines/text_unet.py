"""Any encoder of texts and a UNet, of which diffusers has no class."""

import json

from diffusers import FlowMatchEulerDiscreteScheduler, UNet2DConditionModel
from transformers import BertConfig, BertModel

from .components import bert_tokenizer, randomise, vae


class TextUNet:
    """A UNet told of texts by any encoder of them: a folder that the base class of diffusers would load."""

    vae_scale_factor = 1

    def __init__(self, has_vae):
        self.tokenizer = bert_tokenizer()
        self.text_encoder = randomise(
            BertModel(
                BertConfig(
                    vocab_size=len(self.tokenizer),
                    hidden_size=12,
                    num_hidden_layers=2,
                    num_attention_heads=2,
                    intermediate_size=20,
                    max_position_embeddings=16,
                ),
                add_pooling_layer=False,
            ),
            1.0,
        )
        unet = UNet2DConditionModel(
            sample_size=8,
            in_channels=4 if has_vae else 3,
            out_channels=4 if has_vae else 3,
            block_out_channels=(4, 8),
            layers_per_block=1,
            cross_attention_dim=12,
            attention_head_dim=2,
            norm_num_groups=2,
            down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
            up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        )
        self.unet = randomise(unet, 0.9)
        self.vae = vae(scaling_factor=0.5) if has_vae else None
        self.scheduler = FlowMatchEulerDiscreteScheduler()

    @property
    def components(self):
        names = ["scheduler", "text_encoder", "tokenizer", "unet", "vae"]
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}

    def save_pretrained(self, folder):
        index = {"_class_name": "DiffusionPipeline"}
        for name, component in self.components.items():
            component.save_pretrained(folder / name)
            library = "transformers" if name in ["text_encoder", "tokenizer"] else "diffusers"
            index[name] = [library, type(component).__name__.removesuffix("Fast")]
        (folder / "model_index.json").write_text(json.dumps(index, indent=2) + "\n")

    def set_progress_bar_config(self, **_):
        pass

    def states(self, text):
        tokens = self.tokenizer(text, truncation=True, max_length=16, return_tensors="pt")
        return self.text_encoder(**tokens).last_hidden_state

    def __call__(self, prompt, negative_prompt, num_inference_steps, guidance_scale, latents, **_):
        conditions = [self.states(negative_prompt[0] if negative_prompt else ""), self.states(prompt[0])]
        self.scheduler.set_timesteps(num_inference_steps)
        sample = latents
        for time in self.scheduler.timesteps:
            found = [self.unet(sample, time, c.expand(len(sample), -1, -1)).sample for c in conditions]
            moved = found[0] + guidance_scale * (found[1] - found[0]) if guidance_scale > 1 else found[1]
            sample = self.scheduler.step(moved, time, sample).prev_sample
        if self.vae is not None:
            sample = self.vae.decode(sample / self.vae.config.scaling_factor).sample
        return type("Output", (), {"images": (sample / 2 + 0.5).clamp(0, 1)})


PIPELINES = {
    "tiny-text-unet": (
        lambda folder: TextUNet(has_vae=False),
        (12, 8),
        {
            "guided": {"prompt": "a photo of a cat", "steps": 3, "guidance": 2.5},
            "plain": {
                "prompt": "a photo of a cat and the dog with a long, long, long river",
                "steps": 4,
                "guidance": 1.0,
            },
            "negative": {"prompt": "red", "steps": 2, "guidance": 3.0, "negative_prompt": "a dog, it's blurry"},
        },
    ),
    "tiny-text-unet-vae": (
        lambda folder: TextUNet(has_vae=True),
        (24, 16),
        {"guided": {"prompt": "a photo of a cat", "steps": 3, "guidance": 2.5}},
    ),
}
