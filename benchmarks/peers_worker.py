"""pylorenzmie and psfmodels, in an environment of their own: a line with a count comes in, the processor seconds go out.

A line with the name of an .npz file asks instead for the images of the scenes in it, which are written over it. One thread.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

RANDOM = np.random.default_rng(1)
# One of our scenes, or the draws of the next: fields of case_hologram.py and case_psf.py.
Render = Callable[[dict[str, float]], Any]


def hologram(side: int) -> tuple[Render, Callable[[], dict[str, float]]]:
    """Return what renders a sphere in pylorenzmie's default instrument, which is that of case_hologram.py, and its draws."""
    from pylorenzmie.theory import Instrument, Sphere
    from pylorenzmie.theory.numbaLorenzMie import numbaLorenzMie

    model = numbaLorenzMie()
    model.parallel = False
    model.coordinates, model.instrument, model.particle = model.meshgrid((side, side)), Instrument(), Sphere()
    pixel = model.instrument.magnification
    middle = (side - 1) / 2

    def render(given: dict[str, float]) -> Any:
        sphere = model.particle
        sphere.x_p, sphere.y_p, sphere.z_p = given["x"], given["y"], given["z"] / pixel
        sphere.a_p, sphere.n_p = given["radius"], given["refractive_index"]
        return model.hologram().reshape(side, side, 1)

    def draws() -> dict[str, float]:
        ranges = {"z": (5, 15), "radius": (0.3, 1.0), "refractive_index": (1.4, 1.6)}
        place = {axis: RANDOM.uniform(middle - 5, middle + 5) for axis in "xy"}
        return place | {name: RANDOM.uniform(*limits) for name, limits in ranges.items()}

    return render, draws


def point_spread(model: str) -> tuple[Render, Callable[[], dict[str, float]]]:
    """Return what renders a stack in psfmodels, nothing but water up to the objective, and its draws."""
    import psfmodels

    function = {"scalar": psfmodels.scalar_psf, "vectorial": psfmodels.vectorial_psf}[model]
    heights = -1.6 + 0.1 * np.arange(32)
    water = dict.fromkeys(("ns", "ni", "ni0"), 1.33) | {"NA": 0.9}

    def render(given: dict[str, float]) -> Any:
        return function(heights, nx=64, dxy=0.1, wvl=given["wavelength"], params=dict(water))[..., None]

    return render, lambda: {"wavelength": RANDOM.uniform(0.5, 0.6)}


def case(name: str) -> tuple[Render, Callable[[], dict[str, float]]]:
    if name.startswith("psf_"):
        return point_spread(name.removeprefix("psf_"))
    return hologram(int(name.removeprefix("hologram")))


def scenes(render: Render, path: str) -> None:
    """Replace the scenes in ``path``, as `errors.scenes` writes them, by their images."""
    with np.load(path) as given:
        values = {field: given[field] for field in given.files}
    fields, particles = [str(field) for field in values.pop("fields")], values.pop("particles")
    images = []
    for i, row in enumerate(particles.reshape(len(particles), -1)):
        drawn = {field: float(array[i]) for field, array in values.items()}
        images.append(render(dict(zip(fields, row, strict=False)) | drawn))
    np.savez(path, image=images)


def main() -> None:
    render, draws = case(sys.argv[1])
    render(draws())
    print("ready", flush=True)
    for line in map(str.strip, sys.stdin):
        if line.endswith(".npz"):
            scenes(render, line)
            print(0.0, flush=True)
            continue
        started = time.process_time()
        for _ in range(int(line)):
            render(draws())
        print(time.process_time() - started, flush=True)


if __name__ == "__main__":
    main()
