"""Random small pipelines of diffusers, a file for each class; see `make-tiny-pipelines.py`."""

from . import (
    dit,
    flux,
    latent_consistency,
    pixart,
    stable_diffusion,
    stable_diffusion_3,
    stable_diffusion_xl,
    text_unet,
    z_image,
)

PIPELINES = {
    name: pipeline
    for module in [
        stable_diffusion,
        stable_diffusion_xl,
        latent_consistency,
        flux,
        stable_diffusion_3,
        pixart,
        dit,
        z_image,
        text_unet,
    ]
    for name, pipeline in module.PIPELINES.items()
}
