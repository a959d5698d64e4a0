"""All cases by name: their recipes, and the package that renders the same."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import simcore as sc
from benchmarks import case_a, case_b, case_c, case_d, case_e, case_f, case_hologram, case_psf
from simcore.properties import Constant

DEFAULT = 5e-4  # the tolerance that a microscope has unless told otherwise
LARGEST = 0.1  # the loosest that it takes


@dataclass(frozen=True)
class Case:
    """One row of the table: ``recipe`` and, without noise and with what is drawn for it, ``clean`` at a tolerance."""

    title: str
    recipe: Callable[[float], sc.Recipe]
    peer: str = "deeptrack"
    target: float | None = None  # how many times as fast as the peer, at its error
    target_default: float | None = None  # the same at the default tolerance
    counts: tuple[int, int] = (64, 8)  # images of a round, ours and the peer's
    clean: Callable[[float], sc.Recipe] | None = None
    fields: tuple[str, ...] = field(default=())  # columns of ``particles`` in ``clean``


def clean(scene: Any, microscope: Callable[[float], Any], tolerance: float) -> sc.Recipe:
    """Return a recipe of the image without noise, of the particles and of what is drawn for the optics."""
    optics = microscope(tolerance)
    image: Any = scene >> optics
    if image.kind == "field":
        image = image >> sc.RealImaginary()
    drawn = {name: node for name, node in optics.properties() if not isinstance(node, Constant) and not node.shape}
    return sc.Recipe(image=image, particles=sc.properties(scene, *columns(scene)), **drawn)


def columns(scene: Any) -> tuple[str, ...]:
    """Return the properties of the one kind of particle in a scene."""
    scatterer = getattr(scene, "scatterers", (scene,))[0]
    return tuple(name for name, _ in scatterer.properties())


def imaged(title: str, recipe: Callable[..., sc.Recipe], scene: Any, microscope: Callable[[float], Any], target: float,
           counts: tuple[int, int], peer: str = "deeptrack", target_default: float | None = None) -> Case:  # fmt: skip
    """Return a case whose image without noise can be compared with the peer's."""
    seen = partial(clean, scene, microscope)
    return Case(title, recipe, peer, target, target_default, counts, seen, columns(scene))


def holograms(side: int, counts: tuple[int, int]) -> Case:
    lowest, highest = case_e.COUNTS[side]
    return imaged(
        f"E, {lowest} to {highest - 1} spheres, {side} x {side} x {case_e.PLANES}",
        partial(case_e.recipe, side=side),
        case_e.scene(side),
        partial(case_e.microscope, side=side),
        {128: 40, 256: 60}[side],
        counts,
        target_default=15,
    )


def cells(count: tuple[int, int]) -> Case:
    return imaged(
        f"F, {count[0]} to {count[1] - 1} cells, 256 x 256",
        partial(case_f.recipe, count=count),
        case_f.scene(count),
        case_f.microscope,
        60,
        (64, 4),
    )


def one_sphere(side: int, counts: tuple[int, int]) -> Case:
    return imaged(
        f"hologram of one sphere, {side} x {side}",
        partial(case_hologram.recipe, side=side),
        case_hologram.scene(side),
        partial(case_hologram.microscope, side=side),
        10,
        counts,
        "pylorenzmie",
    )


def stack(model: str) -> Case:
    return Case(
        f"PSF 64 x 64 x 32, {model}",
        partial(case_psf.recipe, model=model),
        "psfmodels",
        5,
        counts=(64, 8),
        clean=partial(case_psf.clean, model=model),
    )


CASES = {
    "a": Case("A, digits 28 x 28", lambda tolerance: case_a.recipe(), target=30, counts=(4000, 200)),
    "b": imaged(
        "B, brightfield 51 x 51, ten wavelengths",
        case_b.recipe,
        case_b.scene(),
        case_b.microscope,
        400,
        (1000, 8),
    ),
    "c": imaged(
        "C, field 64 x 64 x 2, coma",
        case_c.recipe,
        case_c.scene(),
        partial(case_c.microscope, coma=0, noise=0),
        150,
        (1000, 32),
    ),
    "d": imaged("D, 10 to 19 emitters, 128 x 128", case_d.recipe, case_d.scene(), case_d.microscope, 120, (256, 8)),
    "e128": holograms(128, (64, 8)),
    "e256": holograms(256, (16, 2)),
    "f_few": cells(case_f.FEW),
    "f_many": cells(case_f.MANY),
    "hologram64": one_sphere(64, (2000, 100)),
    "hologram256": one_sphere(256, (200, 10)),
    "psf_scalar": stack("scalar"),
    "psf_vectorial": stack("vectorial"),
}
