"""Cases A and B in DeepTrack, in an environment of its own: a line with a count comes in, the processor seconds it took go out.

Case A as in case_a.py, bilinear too. Case B the same scene as case_b.py: one microscope per wavelength, their mean,
gradient, Poisson noise, normalisation. Its `resolution` is the camera's pitch, its z counts in pixels here (5 in the paper's
notebook), and its noise knows the peak above background only.
"""

import sys
import time
import warnings

import deeptrack
import numpy as np

SIDES = {"a": 28, "b": 51}
SIDE = SIDES["b"]
RANDOM = np.random.default_rng(1)


def draw(low: float, high: float) -> object:
    return lambda: RANDOM.uniform(low, high)


def digits() -> object:
    images = np.load(sys.argv[2])["x_train"][..., None] / np.float32(255)
    return (
        deeptrack.Value(lambda: images[RANDOM.integers(len(images))])
        >> deeptrack.Affine(
            scale=lambda: RANDOM.uniform(0.8, 1.2, 2),
            shear=lambda: RANDOM.uniform(-0.35, 0.35) if RANDOM.uniform() < 0.5 else 0.0,
            rotate=draw(-0.35, 0.35),
            translate=lambda: RANDOM.integers(-2, 3, 2),
            mode="constant",
        )
        >> deeptrack.ElasticTransformation(alpha=draw(0, 40), sigma=draw(5, 7), order=1)
    )


def sphere() -> object:
    particle = deeptrack.MieSphere(
        position=lambda: SIDE // 2 + RANDOM.uniform(-3, 3, 2),
        z=lambda: RANDOM.normal(0, 5),
        position_unit="pixel",
        radius=draw(1e-6, 2e-6),
        refractive_index=draw(1.5, 1.6),
    )
    aperture, pitch = deeptrack.Value(draw(0.15, 0.25)), deeptrack.Value(draw(0.2e-6, 0.4e-6))
    images = [
        deeptrack.Brightfield(
            NA=aperture,
            wavelength=wavelength,
            resolution=pitch,
            magnification=1.5,
            refractive_index_medium=1.33,
            output_region=(0, 0, SIDE, SIDE),
        )(particle)
        for wavelength in np.linspace(400e-9, 700e-9, 10)
    ]
    total = images[0]
    for image in images[1:]:
        total = total + image
    return (
        total / len(images)
        >> deeptrack.IlluminationGradient(gradient=lambda: RANDOM.normal(0, 3e-3, 2))
        >> deeptrack.Poisson(snr=draw(2, 60), background=1)
        >> deeptrack.NormalizeMinMax(draw(0, 0.2), draw(0.8, 1))
    )


def main() -> None:
    warnings.filterwarnings("ignore")
    case = sys.argv[1]
    side, images = SIDES[case], {"a": digits, "b": sphere}[case]()
    first, second = (np.asarray(images.update().resolve()) for _ in range(2))
    assert first.shape == (side, side, 1) and np.isfinite(first).all() and not np.array_equal(first, second)
    print("ready", flush=True)
    for line in sys.stdin:
        started = time.process_time()
        for _ in range(int(line)):
            images.update().resolve()
        print(time.process_time() - started, flush=True)


if __name__ == "__main__":
    main()
