#!/usr/bin/env python3
"""Calls of the terrain model, and what came of them: terrain.py calls DIR, terrain.py measure DIR -o terrain.png

`calls` writes safetensors for `actc fit` and `actrun run`: easy.safetensors and hard.safetensors, noise at the model's
one time step under low and high difficulty, and test.safetensors, other noise under low difficulty, with
test-hard.safetensors, the same noise under high. `measure` reads what `actrun run` made of them, `easy.safetensors` and
`hard.safetensors` of the bare model and `STRENGTH.safetensors` of the steered one in DIR/results, prints a table of
roughness and draws the first heightfields as shaded relief. Needs numpy, safetensors and Pillow.
"""

import argparse
import pathlib

import numpy
from PIL import Image
from safetensors.numpy import load_file, save_file

# What the model was trained with, from its package: one step from noise of this deviation, and heights in a scale that
# is fine where they are low.
SIGMA = 80.0
HEIGHT = 22.16864013671875
FINE = 0.1
SIDE = 128
LOW, HIGH = 0.05, 0.95
RESAMPLES = 2000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=["calls", "measure"])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--fitted", type=int, default=32, help="samples of each side")
    parser.add_argument("--tested", type=int, default=32)
    parser.add_argument("-o", "--output", help="the picture that measure writes")
    options = parser.parse_args()
    if options.task == "calls":
        write_calls(options)
    else:
        measure(options)


def write_calls(options: argparse.Namespace) -> None:
    options.folder.mkdir(parents=True, exist_ok=True)
    random = numpy.random.default_rng(0)
    spread = numpy.linspace(-0.05, 0.05, options.fitted, dtype=numpy.float32)
    write(options.folder / "easy.safetensors", noise(random, options.fitted), LOW + spread)
    write(options.folder / "hard.safetensors", noise(random, options.fitted), HIGH + spread)
    tested = noise(random, options.tested)
    write(options.folder / "test.safetensors", tested, numpy.full(options.tested, LOW, numpy.float32))
    write(options.folder / "test-hard.safetensors", tested, numpy.full(options.tested, HIGH, numpy.float32))


def noise(random: numpy.random.Generator, count: int) -> numpy.ndarray:
    return random.standard_normal((count, 1, SIDE, SIDE), numpy.float32) * numpy.float32(SIGMA)


def write(path: pathlib.Path, sample: numpy.ndarray, difficulty: numpy.ndarray) -> None:
    times = numpy.full(len(sample), SIGMA, numpy.float32)
    save_file({"noisy": sample, "sigma": times, "difficulty": difficulty}, path)


def measure(options: argparse.Namespace) -> None:
    folder = options.folder / "results"
    steered = sorted((path for path in folder.glob("[0-9]*.safetensors")), key=lambda path: float(path.stem))
    easy, hard = heights(folder / "easy.safetensors"), heights(folder / "hard.safetensors")
    fields = [("difficulty low", easy)]
    fields += [(f"low, strength {path.stem}", heights(path)) for path in steered]
    fields += [("difficulty high", hard)]
    print("| terrain | roughness | 95 % | like the same noise under high |\n|---|---|---|---|")
    for label, field in fields:
        found = roughness(field)
        low, high = interval(found)
        alike = numpy.median([correlation(a, b) for a, b in zip(field, hard)])
        print(f"| {label} | {found.mean():.3f} | [{low:.3f}, {high:.3f}] | {alike:.2f} |")
    by_sample = numpy.array([roughness(heights(path)) for path in steered])
    ranks = [numpy.corrcoef(numpy.arange(len(steered)), column.argsort().argsort())[0, 1] for column in by_sample.T]
    rising = numpy.all(numpy.diff(by_sample, axis=0) > 0, axis=0).mean()
    print(
        f"\nmedian rank correlation of strength and roughness {numpy.median(ranks):.2f}; rising at every step in ",
        end="",
    )
    print(f"{100 * rising:.0f} % of {by_sample.shape[1]} terrains")
    if options.output:
        draw([field for _, field in fields], options.output)


def heights(path: pathlib.Path) -> numpy.ndarray:
    """Metres, [B,128,128]."""
    unit = ((load_file(path)["denoised"][:, 0] + 1) / 2).clip(0, 1)
    found = FINE * numpy.sinh(unit * numpy.arcsinh(HEIGHT / FINE))
    return found - found.min((1, 2), keepdims=True)


def roughness(field: numpy.ndarray) -> numpy.ndarray:
    """The mean slope of each, in metres a cell."""
    down, across = numpy.diff(field, axis=1)[:, :, :-1], numpy.diff(field, axis=2)[:, :-1]
    return numpy.hypot(down, across).mean((1, 2))


def interval(values: numpy.ndarray) -> tuple[float, float]:
    means = numpy.random.default_rng(0).choice(values, (RESAMPLES, len(values))).mean(1)
    low, high = numpy.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def correlation(a: numpy.ndarray, b: numpy.ndarray) -> float:
    return float(numpy.corrcoef(a.ravel(), b.ravel())[0, 1])


def draw(fields: list[numpy.ndarray], path: str, columns: int = 4) -> None:
    """A row for each kind of terrain, lit from the upper left; the same noise in a column."""
    gap = 4
    rows = []
    for field in fields:
        pictures = []
        for terrain in field[:columns]:
            down, across = numpy.gradient(terrain)
            light = (1 - down - across) / numpy.sqrt(3 * (1 + down**2 + across**2))
            shaded = 255 * (0.25 + 0.75 * light.clip(0, 1))
            pictures += [shaded, numpy.full((SIDE, gap), 255)]
        rows += [numpy.concatenate(pictures[:-1], 1), numpy.full((gap, columns * (SIDE + gap) - gap), 255)]
    Image.fromarray(numpy.concatenate(rows[:-1]).astype(numpy.uint8)).save(path, optimize=True)


if __name__ == "__main__":
    main()
