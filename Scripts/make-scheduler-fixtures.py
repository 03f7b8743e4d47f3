#!/usr/bin/env python3
"""Record how the schedulers of diffusers lead from noise to a sample.

    Scripts/make-scheduler-fixtures.py [--output Tests/DiffusionTests/Fixtures/schedulers]

Input: none; everything is seeded. One file a class, NAME.safetensors. Its metadata has `cases`, a JSON object from
the name of a case to

    config    what differs from the class's defaults, as in scheduler_config.json
    steps     the numbers of steps of the runs
    eta       the eta of DDIM's steps
    rows      how many rows the image has, by which flow matching is shifted, or null
    even      whether the run is given the sigmas 1, 1 - 1/n, ... 1/n, as the pipelines of FLUX give them

Tensors of a run, whose calls of the model are numbered from 0:

    CASE/STEPS/timesteps   f32[calls]
    CASE/STEPS/scale       f32[1], init_noise_sigma
    CASE/STEPS/inputs      f32[calls,8], what scale_model_input gives
    CASE/STEPS/samples     f32[calls+1,8]: the first, noise multiplied by scale, and that after each call
    CASE/STEPS/noise       f32[draws,8], the noise that steps asked for, in order

Runs that are not finite in diffusers are left out: the variance of an ancestral step is a difference, which rounding
may take below 0.

The model is no network, but a function of its input x and of the time t, element by element, in double:

    output = 0.6 x cos(t / 300) + 0.1 (i - 3)     i: the index of the element, 0 to 7

Made with Python 3.11, numpy 2.4.6, torch 2.13.0 (CPU), diffusers 0.42.1, safetensors 0.8.0.
"""

import argparse
import importlib
import json
import math
from pathlib import Path

import diffusers
import numpy as np
import torch
from diffusers.pipelines.flux.pipeline_flux import calculate_shift
from safetensors.numpy import save_file

SHAPE = (1, 2, 2, 2)
STEPS = [1, 2, 4, 20]
V = {"prediction_type": "v_prediction"}
X = {"prediction_type": "sample"}
LATENT = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
COSINE = {"beta_schedule": "squaredcos_cap_v2"}
ZERO_SNR = {**LATENT, **V, "rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}
TRAINED = {"num_train_timesteps": 50, "trained_betas": [0.001 + 0.0004 * i for i in range(50)]}
BOUNDS = {
    "clip": {"clip_sample": True},
    "clip-range": {"clip_sample": True, "clip_sample_range": 0.4},
    "thresholding": {"thresholding": True, "sample_max_value": 2.5, "dynamic_thresholding_ratio": 0.7},
}


def spacings(*kinds):
    """Cases of each spacing, the leading one with an offset and without."""
    cases = {kind: {**LATENT, "timestep_spacing": kind} for kind in kinds}
    if "leading" in kinds:
        cases["leading-offset"] = {**LATENT, "timestep_spacing": "leading", "steps_offset": 1}
    return cases


ALL = spacings("leading", "trailing", "linspace")
PLAIN = {"clip_sample": False}

CASES = {
    "DDIMScheduler": {
        "default": {},
        **{name: {**PLAIN, **config} for name, config in ALL.items()},
        **{name: {**LATENT, **config} for name, config in BOUNDS.items()},
        "cosine": {**PLAIN, **COSINE},
        "trained": {**PLAIN, **TRAINED},
        "velocity": {**PLAIN, **LATENT, **V},
        "image": {**PLAIN, **LATENT, **X},
        "first-alpha": {**PLAIN, **LATENT, "set_alpha_to_one": False},
        "zero-snr": {**PLAIN, **ZERO_SNR},
        "eta": {**PLAIN, **LATENT, "eta": 1.0},
        "half-eta-clip": {**LATENT, "eta": 0.5},
        "ties": {**PLAIN, **LATENT, "timestep_spacing": "trailing", "steps": [7, 48]},
        "short": {**PLAIN, "num_train_timesteps": 37, "steps": [1, 5, 36]},
    },
    "PNDMScheduler": {
        "default": {"steps": [4, 5, 20]},
        "velocity-rungekutta": {**LATENT, **V, "steps": [4, 20]},
        **{name: {**config, "skip_prk_steps": True} for name, config in ALL.items()},
        "stable-diffusion": {
            **LATENT,
            "skip_prk_steps": True,
            "set_alpha_to_one": False,
            "steps_offset": 1,
            "steps": [1, 2, 3, 4, 50],
        },
        "velocity": {**LATENT, **V, "skip_prk_steps": True},
        "alpha-one": {**LATENT, "skip_prk_steps": True, "set_alpha_to_one": True},
        "cosine": {**COSINE, "skip_prk_steps": True},
        "trained": {**TRAINED, "skip_prk_steps": True},
    },
    "EulerDiscreteScheduler": {
        "default": {},
        **ALL,
        "cosine": COSINE,
        "trained": TRAINED,
        "velocity": {**LATENT, **V},
        "image": {**LATENT, **X},
        "zero-snr": ZERO_SNR,
        "karras": {**LATENT, "use_karras_sigmas": True},
        "karras-leading": {**LATENT, "use_karras_sigmas": True, "timestep_spacing": "leading", "steps_offset": 1},
        "karras-bounds": {**LATENT, **V, "use_karras_sigmas": True, "sigma_min": 0.05, "sigma_max": 9.0},
        "exponential": {**LATENT, "use_exponential_sigmas": True},
        "log-linear": {**LATENT, "interpolation_type": "log_linear"},
        "sigma-min": {**LATENT, "final_sigmas_type": "sigma_min", "timestep_spacing": "trailing"},
        "continuous": {**LATENT, **V, "timestep_type": "continuous", "use_karras_sigmas": True},
        "continuous-noise": {**LATENT, "timestep_type": "continuous"},
    },
    "EulerAncestralDiscreteScheduler": {
        "default": {},
        **ALL,
        "cosine": COSINE,
        "velocity": {**LATENT, **V},
        "zero-snr": ZERO_SNR,
    },
    "DPMSolverMultistepScheduler": {
        "default": {},
        **ALL,
        **{
            f"{algorithm}-{solver}-{order}": {
                **LATENT,
                "algorithm_type": algorithm,
                "solver_type": solver,
                "solver_order": order,
                "final_sigmas_type": "sigma_min",
                "lower_order_final": False,
            }
            for algorithm in ["dpmsolver", "dpmsolver++", "sde-dpmsolver", "sde-dpmsolver++"]
            for solver in ["midpoint", "heun"]
            for order in [1, 2]
        },
        "sde-zero": {**LATENT, "algorithm_type": "sde-dpmsolver++"},
        "deis": {**LATENT, "algorithm_type": "deis", "solver_type": "logrho", "final_sigmas_type": "sigma_min"},
        "velocity": {**LATENT, **V},
        "image": {**LATENT, **X},
        "velocity-noise": {**LATENT, **V, "algorithm_type": "dpmsolver", "final_sigmas_type": "sigma_min"},
        "image-noise": {**LATENT, **X, "algorithm_type": "dpmsolver", "final_sigmas_type": "sigma_min"},
        "thresholding": {**LATENT, **BOUNDS["thresholding"]},
        "thresholding-noise": {
            **LATENT,
            **BOUNDS["thresholding"],
            "algorithm_type": "dpmsolver",
            "final_sigmas_type": "sigma_min",
        },
        "karras": {**LATENT, "use_karras_sigmas": True, "euler_at_final": True},
        "karras-cosine": {**COSINE, "use_karras_sigmas": True, "lambda_min_clipped": -5.1},
        "exponential": {**LATENT, "use_exponential_sigmas": True},
        "lu": {**LATENT, "use_lu_lambdas": True},
        "euler-at-final": {**LATENT, "euler_at_final": True, "final_sigmas_type": "sigma_min"},
        "sigma-min": {**LATENT, "final_sigmas_type": "sigma_min"},
        "lower-order": {**LATENT, "final_sigmas_type": "sigma_min", "lower_order_final": True},
        "cosine-clipped": {**COSINE, "lambda_min_clipped": -5.1},
        "cosine-clipped-trailing": {**COSINE, "lambda_min_clipped": -5.1, "timestep_spacing": "trailing"},
        "cosine-clipped-leading": {**COSINE, "lambda_min_clipped": -5.1, "timestep_spacing": "leading"},
        "zero-snr": ZERO_SNR,
        "flow": {"use_flow_sigmas": True, "prediction_type": "flow_prediction", "flow_shift": 3.0},
        "flow-dynamic": {
            "use_flow_sigmas": True,
            "prediction_type": "flow_prediction",
            "use_dynamic_shifting": True,
            "rows": 1024,
        },
    },
    "LCMScheduler": {
        "default": {},
        "velocity": V,
        "image": X,
        "original": {"original_inference_steps": 100, "timestep_scaling": 3.0, "steps": [1, 3, 4, 8, 50]},
        **BOUNDS,
        "zero-snr": {**V, "rescale_betas_zero_snr": True},
        "cosine": COSINE,
    },
    "FlowMatchEulerDiscreteScheduler": {
        "default": {},
        "even": {"even": True},
        "shift": {"shift": 3.0},
        "shift-even": {"shift": 3.0, "even": True},
        "dynamic": {"use_dynamic_shifting": True, "rows": 1024, "even": True, "shift": 3.0},
        "dynamic-trained": {"use_dynamic_shifting": True, "rows": 300},
        "dynamic-linear": {
            "use_dynamic_shifting": True,
            "time_shift_type": "linear",
            "rows": 2000,
            "even": True,
            "base_shift": 0.3,
            "max_shift": 2.0,
            "base_image_seq_len": 100,
            "max_image_seq_len": 9000,
        },
        "terminal": {"shift": 2.0, "shift_terminal": 0.1, "steps": [2, 4, 20]},
        "karras": {"shift": 2.0, "use_karras_sigmas": True},
        "exponential-terminal": {"use_exponential_sigmas": True, "shift_terminal": 0.02, "steps": [2, 4, 20]},
        "inverted": {"invert_sigmas": True, "shift": 2.0},
        "stochastic": {"stochastic_sampling": True, "shift": 3.0},
        "short": {"num_train_timesteps": 50, "even": True},
    },
}


def model(x, t):
    i = np.arange(8).reshape(SHAPE)
    output = 0.6 * x.double().numpy() * math.cos(t / 300) + 0.1 * (i - 3)
    return torch.from_numpy(output.astype(np.float32))


def run(scheduler, steps, case, first, draws):
    """The tensors of one run."""
    module = importlib.import_module(type(scheduler).__module__)
    drawn = []

    def noise(shape, **_):
        drawn.append(draws[len(drawn)])
        return drawn[-1].reshape(shape)

    module.randn_tensor = noise
    arguments = {}
    if case["even"]:
        arguments["sigmas"] = np.linspace(1.0, 1 / steps, steps)
    if case["rows"] is not None:
        keys = ["base_image_seq_len", "max_image_seq_len", "base_shift", "max_shift"]
        defaults = [256, 4096, 0.5, 1.15]
        arguments["mu"] = calculate_shift(case["rows"], *map(scheduler.config.get, keys, defaults))
    scheduler.set_timesteps(**({} if case["even"] else {"num_inference_steps": steps}), **arguments)
    if hasattr(scheduler, "set_begin_index"):
        # Else a first time that is there twice is passed over.
        scheduler.set_begin_index(0)
    scheduler_step = {"eta": case["eta"]} if case["eta"] else {}
    scale = float(getattr(scheduler, "init_noise_sigma", 1.0))
    samples, inputs = [first * scale], []
    for t in scheduler.timesteps:
        sample = samples[-1]
        x = scheduler.scale_model_input(sample, t) if hasattr(scheduler, "scale_model_input") else sample
        inputs.append(x)
        samples.append(scheduler.step(model(x, float(t)), t, sample, **scheduler_step).prev_sample)
    if not all(torch.isfinite(sample).all() for sample in samples):
        return None
    tensors = {
        "timesteps": scheduler.timesteps.double().numpy(),
        "scale": np.array([scale]),
        "inputs": torch.stack(inputs).reshape(-1, 8).numpy(),
        "samples": torch.stack(samples).reshape(-1, 8).numpy(),
    }
    if drawn:
        tensors["noise"] = torch.stack(drawn).reshape(-1, 8).numpy()
    return {name: np.ascontiguousarray(values, dtype=np.float32) for name, values in tensors.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("Tests/DiffusionTests/Fixtures/schedulers"))
    output = parser.parse_args().output
    output.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(1)
    first, draws = torch.randn(SHAPE), torch.randn(60, *SHAPE)
    for name, cases in CASES.items():
        tensors, described = {}, {}
        for case, config in cases.items():
            config = dict(config)
            case_of = {key: config.pop(key, default) for key, default in CASE_KEYS.items()}
            for steps in list(case_of["steps"]):
                scheduler = getattr(diffusers, name).from_config(config)
                result = run(scheduler, steps, case_of, first, draws)
                if result is None:
                    print(f"{name}: {case} in {steps} steps is not finite")
                    case_of["steps"] = [other for other in case_of["steps"] if other != steps]
                    continue
                tensors |= {f"{case}/{steps}/{key}": values for key, values in result.items()}
            described[case] = {"config": {"_class_name": name, **config}, **case_of}
        save_file(tensors, output / f"{name}.safetensors", {"cases": json.dumps(described)})
        print(f"{name}: {len(cases)} cases, {len(tensors)} tensors")


CASE_KEYS = {"steps": STEPS, "eta": 0.0, "rows": None, "even": False}


if __name__ == "__main__":
    main()
