"""Coherent images against two-dimensional quadrature over the collected directions (tests/reference/hologram.py)."""

from typing import Any

import numpy as np
import pytest
from reference import hologram
from reference.hologram import Scene

from simcore import kernels

SIDE = 22
ROWS, COLUMNS = [9, 10, 3, 20, 14], [12, 11, 18, 0, 13]
BASE = Scene(
    x=12.3,
    y=9.6,
    z=1.2,
    radius=0.4,
    refractive_index=1.59,
    numerical_aperture=1.1,
    wavelength=0.53,
    pixel_size=0.1,
    refractive_index_medium=1.33,
    polarization_angle=0.4,
)
DIAGONAL = (np.cos(0.9), np.sin(0.9))
CIRCULAR = (np.sqrt(0.5), 1j * np.sqrt(0.5))
OTHER = (0.8, 0.6 * np.exp(0.7j))
SCENES = {
    "elliptic": BASE._replace(jones=OTHER),
    "circular": BASE._replace(jones=CIRCULAR),
    "unpolarized": BASE._replace(polarization_angle=None),
    "parallel": BASE._replace(analyzer=(np.cos(0.4), np.sin(0.4))),
    "crossed": BASE._replace(analyzer=(-np.sin(0.4), np.cos(0.4))),
    "elliptic analyzer": BASE._replace(jones=CIRCULAR, analyzer=OTHER),
    "unpolarized analyzed": BASE._replace(polarization_angle=None, analyzer=DIAGONAL),
    "darkfield": BASE._replace(reference=0.0),
    "weak reference": BASE._replace(reference=0.1 - 0.05j),
    "iscat": BASE._replace(backward=True, reflector=-0.7, reference=0.07, z=0.3, radius=0.1),
    "iscat upward": BASE._replace(backward=True, reflector=0.9, reference=-0.1 + 0.02j, z=-0.8, jones=OTHER),
    "iscat large": BASE._replace(backward=True, radius=0.8, z=2.0, refractive_index=1.5 + 0.03j, analyzer=OTHER),
    "spherical": BASE._replace(wavefront=(0.3, -0.9, 0.5)),
    "spherical iscat": BASE._replace(wavefront=(0.1, 0.4), backward=True, reflector=-0.2),
    "apodized": BASE._replace(waist=0.7),
    "stop": BASE._replace(stop=0.35),
    "all of the pupil": BASE._replace(stop=0.2, waist=1.1, wavefront=(0.2, -0.3), jones=OTHER),
    "oil": BASE._replace(refractive_index_immersion=1.515, focus_depth=8.0),
    "oil, wide": BASE._replace(refractive_index_immersion=1.515, focus_depth=5.0, numerical_aperture=1.4, z=-0.4),
    "dry": BASE._replace(refractive_index_immersion=1.0, focus_depth=6.0, numerical_aperture=0.8),
    "dry, at its limit": BASE._replace(refractive_index_immersion=1.0, focus_depth=3.0, numerical_aperture=1.0),
    "oil, stop": BASE._replace(refractive_index_immersion=1.515, focus_depth=3.0, numerical_aperture=1.4, stop=0.5),
    "grazing": BASE._replace(numerical_aperture=1.4, jones=OTHER, reference=0.5j),
    "coarse": BASE._replace(pixel_size=0.35, jones=CIRCULAR, analyzer=DIAGONAL),
}
PRECISIONS = pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 5e-4), (np.float64, 1e-6)])


def optics(scene: Scene) -> kernels.CoherentOptics:
    states = scene.states
    immersion = scene.refractive_index_immersion
    return kernels.CoherentOptics(
        numerical_aperture=np.array([scene.numerical_aperture]),
        pixel_size=np.array([scene.pixel_size]),
        refractive_index_medium=np.array([scene.refractive_index_medium]),
        wavelength=np.array([[scene.wavelength]]),
        jones=np.array([states]),
        analyzer=None if scene.analyzer is None else np.array([scene.analyzer]),
        reference=np.array([[scene.reference]]),
        wavefront=np.array([scene.wavefront]),
        waist=np.array([scene.waist]),
        stop=np.array([scene.stop]),
        refractive_index_immersion=None if immersion is None else np.array([immersion]),
        focus_depth=np.array([scene.focus_depth]),
        reflector=np.array([scene.reflector]),
        backward=scene.backward,
    )


def spheres(*scenes: Scene) -> kernels.Particles:
    x, y, z, radius, index = (
        np.array([getattr(scene, name) for scene in scenes]) for name in ("x", "y", "z", "radius", "refractive_index")
    )
    return kernels.Particles(np.array([0, len(scenes)]), x, y, z, radius, index)


def intensity(particles: kernels.Particles, scene: Scene, dtype: Any, tolerance: float, side: int = SIDE) -> np.ndarray:
    out: np.ndarray = np.empty((1, side, side), dtype)
    kernels.coherent_intensity(out, particles=particles, optics=optics(scene), tolerance=tolerance)
    return out[0]


def field(
    particles: kernels.Particles, scene: Scene, dtype: Any, tolerance: float, incident: bool = True, side: int = SIDE
) -> np.ndarray:
    out = np.empty((1, side, side, 2 if scene.analyzer is None else 1), np.result_type(dtype, np.complex64))
    light = optics(scene)
    kernels.coherent_field(out, particles=particles, optics=light, tolerance=tolerance, incident=incident)
    return out[0]


@PRECISIONS
@pytest.mark.parametrize("name", SCENES)
def test_intensity(name: str, dtype: Any, tolerance: float) -> None:
    scene = SCENES[name]
    expected = hologram.intensity(scene, ROWS, COLUMNS)
    for particles in (spheres(scene), spheres(scene, scene._replace(refractive_index=1.33 + 0j, z=0.0))):
        got = intensity(particles, scene, dtype, tolerance)[ROWS, COLUMNS]
        print(name, np.abs(got - expected).max())
        np.testing.assert_allclose(got, expected, rtol=0, atol=tolerance)


@PRECISIONS
@pytest.mark.parametrize("name", [name for name, scene in SCENES.items() if len(scene.states) == 1])
def test_field(name: str, dtype: Any, tolerance: float) -> None:
    scene = SCENES[name]
    expected = hologram.pixel_field(scene, ROWS, COLUMNS)
    got = field(spheres(scene), scene, dtype, tolerance)[ROWS, COLUMNS]
    np.testing.assert_allclose(got, expected, rtol=0, atol=tolerance)
