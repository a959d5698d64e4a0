"""Case B in DeepTrack, in an environment of its own: a line with a count comes in, the processor seconds it took go out.

The same scene as case_b.py: one microscope per wavelength, their mean, gradient, Poisson noise, normalisation. Its
`resolution` is the camera's pitch, its z counts in pixels here (5 in the paper's notebook), and its noise knows the peak
above background only.
"""

import sys
import time
import warnings

import deeptrack
import numpy as np

SIDE = 51
RANDOM = np.random.default_rng(1)


def draw(low: float, high: float) -> object:
    return lambda: RANDOM.uniform(low, high)


def pipeline() -> object:
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
    images = pipeline()
    first, second = (np.asarray(images.update().resolve()) for _ in range(2))
    assert first.shape == (SIDE, SIDE, 1) and np.isfinite(first).all() and not np.array_equal(first, second)
    print("ready", flush=True)
    for line in sys.stdin:
        started = time.process_time()
        for _ in range(int(line)):
            images.update().resolve()
        print(time.process_time() - started, flush=True)


if __name__ == "__main__":
    main()
