"""Spheres in an in-line hologram: found, started from a table of simulated profiles, fitted with `sc.Holography`.

Frames are relative to their background (1 without particles). Positions in px of the frame, lengths in um. A solution is one
vector: what light and pupil of the frame are like (`PUPIL`), then x, y, z, radius, refractive index of each sphere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.ndimage import binary_dilation, gaussian_filter
from scipy.optimize import least_squares

import simcore as sc

Array = NDArray[np.float64]
FIELDS = ("x", "y", "z", "radius", "refractive_index")
# Zernike coefficients in um, and the phase in rad by which the scattered light leads the light that passes.
PUPIL = ("spherical", "phase", "coma_horizontal", "coma_vertical")
# Of the pupil, then of a sphere: steps of differences, scales, and where the search ends.
STEP = (1e-3, 1e-2, 1e-3, 1e-3), (1e-3, 1e-3, 1e-3, 1e-4, 1e-4)
SCALE = (0.03, 0.1, 0.01, 0.01), (1.0, 1.0, 0.3, 0.03, 0.01)
LEAST = (-2.0, -np.pi, -2.0, -2.0), (-np.inf, -np.inf, -80.0, 0.05, 1.345)
MOST = (2.0, np.pi, 2.0, 2.0), (np.inf, np.inf, 80.0, 4.0, 1.9)
LIMITS = (STEP, SCALE, LEAST, MOST)
# Pupils by what is fitted of them, each started from the one before.
MODELS: dict[str, tuple[str, ...]] = {
    "perfect": (),
    "spherical": PUPIL[:1],
    "spherical, phase": PUPIL[:2],
    "spherical, phase, coma": PUPIL,
}


@dataclass(frozen=True)
class Instrument:
    """What is known of the microscope; the defaults are those of the frames in ``shared/data/holograms``."""

    wavelength: float = 0.447
    pixel_size: float = 0.048
    numerical_aperture: float = 1.3
    refractive_index_medium: float = 1.340
    refractive_index_immersion: float = 1.515
    polarization_angle: float = 0.0

    @property
    def cutoff(self) -> float:
        """The highest frequency that light can write into an image, in cycles per pixel: what lies above is the camera's."""
        return 2 * self.numerical_aperture / self.wavelength * self.pixel_size

    def known(self, shape: tuple[int, int], pupil: Sequence[float] = (0.0,) * len(PUPIL)) -> dict[str, Any]:
        """Return the parameters of the microscope for images of ``shape``, with the parts of ``pupil`` that are not 0."""
        kinds = (sc.Spherical, None, sc.ComaHorizontal, sc.ComaVertical)
        aberrations = [kind(float(amount)) for kind, amount in zip(kinds, pupil, strict=True) if kind and amount]
        return vars(self) | {"shape": shape, "aberrations": aberrations}


# -- finding --------------------------------------------------------------------------------------------------------


def find_spheres(frame: Array, reach: int = 90, least: float = 0.1) -> list[tuple[float, float]]:
    """Return centres (x, y) of rings, strongest first: peaks of at least ``least`` times the strongest.

    Gradients of rings point to or from their centre: at each pixel the squared gradients, as complex numbers, are added that
    do so (Krishnatreya & Grier, Opt. Express 22, 12773 (2014), with the angles doubled).
    """
    gy, gx = np.gradient(gaussian_filter(frame, 2.0))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    r = np.hypot(x, y)
    kernel = np.where((r > 0) & (r <= reach), np.exp(-2j * np.arctan2(y, x)) / np.maximum(r, 1), 0)
    size = [fft.next_fast_len(n + 2 * reach) for n in frame.shape]
    score = fft.ifft2(fft.fft2((gx + 1j * gy) ** 2, size) * fft.fft2(kernel, size)).real  # the kernel is even
    score = score[reach : reach + frame.shape[0], reach : reach + frame.shape[1]]
    centres, strongest = [], score.max()
    for _ in count():
        py, px = np.unravel_index(score.argmax(), score.shape)
        if score[py, px] < least * strongest:
            return centres
        centres.append((float(px), float(py)))
        score[max(0, py - reach) : py + reach + 1, max(0, px - reach) : px + reach + 1] = -np.inf
    return centres


def profile(frame: Array, x: float, y: float, length: int) -> tuple[Array, Array]:
    """Return the mean over rings around (x, y) at whole radii below ``length``, and how many pixels each holds."""
    py, px = np.mgrid[: frame.shape[0], : frame.shape[1]]
    r = np.hypot(px - x, py - y)
    ring = r.astype(int)
    near = ring < length - 1
    ring, part, values = ring[near], (r - ring)[near], frame[near]
    total, pixels = np.zeros(length), np.zeros(length)
    for at, weight in ((ring, 1 - part), (ring + 1, part)):
        total += np.bincount(at, weight * values, minlength=length)
        pixels += np.bincount(at, weight, minlength=length)
    return total / np.maximum(pixels, 1e-9), pixels


@dataclass(frozen=True)
class Profiles:
    """Simulated profiles of random spheres, among which a search starts."""

    values: Array  # (sphere, radius in px)
    spheres: Array  # (sphere, z, radius, index)

    @classmethod
    def draw(cls, instrument: Instrument, examples: int = 40_000, length: int = 120) -> Profiles:
        """Draw spheres of every kind; the mean over rings is the profile in unpolarized light."""
        sphere = sc.MieSphere(
            x=0,
            y=0,
            z=sc.uniform(-30, 30),
            radius=sc.uniform(0.2, 1.6),
            refractive_index=sc.uniform(1.36, 1.65),
        )
        optics = instrument.known((1, length)) | {"polarization_angle": None}
        image = sphere >> sc.Holography(**optics)
        recipe = sc.Recipe(image=image, z=sphere.z, radius=sphere.radius, index=sphere.refractive_index)
        drawn = recipe.render(count=examples, seed=1)
        spheres = np.stack([drawn[k] for k in ("z", "radius", "index")], axis=1)
        return cls(drawn["image"][:, 0, :, 0], spheres)

    def nearest(self, frame: Array, x: float, y: float, starts: int) -> Array:
        """Return the spheres (start, z, radius, index) whose profiles, times a factor, are nearest to the one around (x, y)."""
        measured, pixels = profile(frame, x, y, self.values.shape[1])
        weight = pixels * (measured < 2.4)  # the camera saturates at 2.55
        top = (self.values * measured * weight).sum(1)
        bottom = (self.values**2 * weight).sum(1)
        return self.spheres[np.argsort(-(top**2) / bottom)[:starts]]


# -- noise ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Noise:
    """Standard deviations of a frame without particles, and the contrast of its raw background.

    ``camera`` is white, measured above the optical cutoff; ``empty`` adds the stray fringes between the spheres. Behind
    optics that give a background |1 + b|^2 of contrast ``speckle``, a hologram divided by it is |1 + E / (1 + b)|^2: in the
    light E of a sphere the speckle comes back with standard deviation ``speckle`` |E| |1 + E|.
    """

    camera: float
    empty: float
    speckle: float = 0.0

    @classmethod
    def of(cls, frame: Array, centres: Sequence[tuple[float, float]], instrument: Instrument, speckle: float) -> Noise:
        """Measure ``frame`` in blocks of 64 x 64 px at least 250 px from every sphere: medians over the blocks."""
        beyond = np.hypot(*np.meshgrid(fft.fftfreq(64), fft.fftfreq(64))) > 1.05 * instrument.cutoff
        camera, empty = [], []
        for y in range(0, frame.shape[0] - 63, 64):
            for x in range(0, frame.shape[1] - 63, 64):
                if all(np.hypot(x + 32 - cx, y + 32 - cy) > 250 for cx, cy in centres):
                    block = frame[y : y + 64, x : x + 64]
                    window = np.outer(np.hanning(64), np.hanning(64))
                    power = abs(fft.fft2((block - block.mean()) * window)) ** 2 / (window**2).sum()
                    camera.append(power[beyond].mean())
                    empty.append(block.var())
        return cls(float(np.median(camera) ** 0.5), float(np.median(empty) ** 0.5), speckle)

    def deviation(self, intensity: Array, scattered: Array) -> Array:
        """Return the standard deviation of each pixel."""
        return np.sqrt(self.empty**2 + self.speckle**2 * abs(scattered) ** 2 * intensity)


def speckle_contrast(raw: Array, dark: float = 13.0) -> float:
    """Return the contrast of a raw background against its mean over some 30 px."""
    light = raw - dark
    return float((light / gaussian_filter(light, 30.0)).std())


# -- fitting --------------------------------------------------------------------------------------------------------


@dataclass
class Window:
    """A part of a frame, and the model of it: hologram times a background of second order, which is solved for each time."""

    frame: Array
    corner: tuple[int, int]  # x, y
    instrument: Instrument
    noise: Noise
    deviation: Array = field(init=False)

    @classmethod
    def around(cls, frame: Array, spheres: Array, margin: int, instrument: Instrument, noise: Noise) -> Window:
        """Cut out ``spheres`` (sphere, field) with ``margin`` px around them."""
        x, y = np.rint(spheres[:, 0]).astype(int), np.rint(spheres[:, 1]).astype(int)
        left, top = max(0, x.min() - margin), max(0, y.min() - margin)
        return cls(
            frame[top : y.max() + margin + 1, left : x.max() + margin + 1], (int(left), int(top)), instrument, noise
        )

    def __post_init__(self) -> None:
        self.usable = ~binary_dilation(self.frame >= 2.54)  # saturated
        y, x = (np.linspace(-1, 1, n) for n in self.frame.shape)
        self.slow = np.stack([np.outer(y**j, x**i) for i in range(3) for j in range(3 - i)])
        self.deviation = np.full(self.frame.shape, self.noise.empty)

    def recipe(self, solution: Array) -> sc.Recipe:
        """Return the recipe of the hologram and the scattered light."""
        spheres = [
            sc.MieSphere(x=x - self.corner[0], y=y - self.corner[1], z=z, radius=radius, refractive_index=index)
            for x, y, z, radius, index in solution[len(PUPIL) :].reshape(-1, 5)
        ]
        scene = spheres[0]
        for sphere in spheres[1:]:
            scene = scene + sphere
        known = self.instrument.known(self.frame.shape, solution[: len(PUPIL)]) | {"tolerance": 1e-4}
        hologram, light = sc.Holography(**known), sc.ComplexField(incident=False, **known)
        return sc.Recipe(hologram=scene >> hologram, scattered=scene >> light)

    def light(self, solution: Array) -> tuple[Array, Array]:
        """Return the hologram and the scattered light, polarized as the light that passes.

        A phase of the scattered light E changes |1 + E|^2 in its interference 2 Re E alone.
        """
        phase = solution[PUPIL.index("phase")]
        drawn = self.recipe(solution).render(count=1, seed=0)
        image, scattered = drawn["hologram"][0, ..., 0], drawn["scattered"][0, ..., 0]
        return image + 2 * ((np.exp(1j * phase) - 1) * scattered).real, scattered

    def model(self, solution: Array) -> Array:
        """Return the hologram with the background that suits the frame best."""
        if solution[PUPIL.index("phase")]:
            image = self.light(solution)[0]
        else:
            image = self.recipe(solution).render(count=1, seed=0, outputs=["hologram"])["hologram"][0, ..., 0]
        return self.under_background(image)

    def under_background(self, image: Array) -> Array:
        """Return ``image`` times the background that suits the frame best."""
        terms = self.slow * image
        weighted = (terms / self.deviation)[:, self.usable]
        target = (self.frame / self.deviation)[self.usable]
        return np.tensordot(np.linalg.solve(weighted @ weighted.T, weighted @ target), terms, 1)

    def residuals(self, solution: Array) -> Array:
        """Return measured minus model in standard deviations, 0 where the camera is saturated."""
        return self.left_of(self.model(solution)).ravel()

    def left_of(self, model: Array) -> Array:
        """Return measured minus ``model`` in standard deviations, 0 where the camera is saturated."""
        return np.where(self.usable, (self.frame - model) / self.deviation, 0)

    def weigh(self, solution: Array) -> None:
        """Take the noise that a solution predicts."""
        self.deviation = self.noise.deviation(*self.light(solution))


@dataclass(frozen=True)
class Fit:
    """A solution, its covariance, its window."""

    solution: Array
    covariance: Array
    window: Window

    @property
    def spheres(self) -> Array:
        """x, y, z, radius and index, (sphere, field)."""
        return self.solution[len(PUPIL) :].reshape(-1, 5)

    @property
    def errors(self) -> Array:
        """Standard errors of the spheres, (sphere, field)."""
        return np.sqrt(np.diag(self.covariance))[len(PUPIL) :].reshape(-1, 5)

    def chi_square(self, near: float = 0, far: float = np.inf, sphere: int | None = None) -> float:
        """Return the mean square of the residuals, in standard deviations, between two distances from a sphere or from all."""
        window = self.window
        y, x = np.mgrid[: window.frame.shape[0], : window.frame.shape[1]]
        chosen = self.spheres if sphere is None else self.spheres[sphere : sphere + 1]
        r = np.min([np.hypot(x + window.corner[0] - s[0], y + window.corner[1] - s[1]) for s in chosen], axis=0)
        here = window.usable & (r >= near) & (r < far)
        return float((window.residuals(self.solution).reshape(r.shape)[here] ** 2).mean())

    def chi_square_of_camera(self) -> float:
        """Return the mean square of the residuals above the optical cutoff in units of the camera's noise of the empty frame."""
        window = self.window
        left = np.where(window.usable, window.frame - window.model(self.solution), 0)
        taper = np.outer(*(np.hanning(n) for n in left.shape))
        power = abs(fft.fft2(left * taper)) ** 2 / (taper**2).sum()
        frequency = np.hypot(*np.meshgrid(*(fft.fftfreq(n) for n in left.shape), indexing="ij"))
        return float(power[frequency > 1.05 * window.instrument.cutoff].mean() / window.noise.camera**2)


def chi_square_of_empty(
    frame: Array, centres: Sequence[tuple[float, float]], instrument: Instrument, noise: Noise, size: int = 241
) -> Array:
    """Return the mean square of each window of ``size`` px without a sphere within 200 px, as `Fit.chi_square` counts it.

    It is what a perfect model would leave: stray fringes are no noise of one strength, nor does the background follow them.
    """
    found = []
    for y in range(0, frame.shape[0] - size, size // 4):
        for x in range(0, frame.shape[1] - size, size // 4):
            gaps = [np.hypot(max(x - cx, cx - x - size, 0), max(y - cy, cy - y - size, 0)) for cx, cy in centres]
            if min(gaps, default=np.inf) >= 200:
                window = Window(frame[y : y + size, x : x + size], (x, y), instrument, noise)
                background = window.under_background(np.ones((size, size)))
                found.append(float((window.left_of(background) ** 2).mean()))
    return np.array(found)


def fit(window: Window, start: Array, pupil: Sequence[str] = (), passes: int = 3) -> Fit:
    """Fit the spheres of a window and the named parts of the pupil; the noise follows the solution pass by pass."""
    spheres = (len(start) - len(PUPIL)) // 5
    step, scale, least, most = (np.array(of_pupil + of_sphere * spheres) for of_pupil, of_sphere in LIMITS)
    free = np.array([i for i in range(len(start)) if i >= len(PUPIL) or PUPIL[i] in pupil])
    solution = np.clip(start, least, most)
    unset = [i for i in free if i < len(PUPIL) and solution[i] == 0]
    solution[unset] = scale[unset]  # a pupil of 0 would leave its aberration out

    def full(part: Array) -> Array:
        whole = solution.copy()
        whole[free] = part
        return whole

    def jacobian(part: Array) -> Array:
        here = window.residuals(full(part))
        steps = np.diag(step[free])
        return np.stack([(window.residuals(full(part + h)) - here) / h.sum() for h in steps], axis=1)

    for _ in range(passes):
        window.weigh(solution)
        found = least_squares(
            lambda part: window.residuals(full(part)),
            solution[free],
            jacobian,
            bounds=(least[free], most[free]),
            x_scale=scale[free],
            xtol=1e-6,
            ftol=1e-6,
            max_nfev=40,
        )
        solution = full(found.x)
    covariance = np.zeros((len(start), len(start)))
    covariance[np.ix_(free, free)] = _covariance(found.jac, found.fun, window.frame.shape)
    return Fit(solution, covariance, window)


def _covariance(jacobian: Array, residuals: Array, shape: tuple[int, ...]) -> Array:
    """Return the covariance of a solution under the noise that the residuals show, correlated between pixels as it is.

    H^-1 J' C J H^-1 with H = J' J; C, the correlation of the residuals, from their power spectrum, smoothed.
    """
    power = gaussian_filter(abs(fft.fft2(residuals.reshape(shape))) ** 2 / residuals.size, 3.0, mode="wrap").ravel()
    waves = fft.fft2(jacobian.T.reshape(-1, *shape)).reshape(jacobian.shape[1], -1)
    inner = ((waves.conj() * power) @ waves.T).real / residuals.size
    inverse = np.linalg.pinv(jacobian.T @ jacobian, hermitian=True)
    return inverse @ inner @ inverse


def fit_frame(
    frame: Array,
    instrument: Instrument,
    speckle: float,
    profiles: Profiles,
    models: Sequence[str] = tuple(MODELS),
    margin: int = 120,
) -> dict[str, Fit]:
    """Find the spheres of a frame and fit each alone from its three nearest profiles; then all together, pupil by pupil."""
    centres = find_spheres(frame)
    noise = Noise.of(frame, centres, instrument, speckle)
    alone = []
    for x, y in centres:
        fits = []
        for sphere in profiles.nearest(frame, x, y, 3):
            start = np.array([*(0.0,) * len(PUPIL), x, y, *sphere])
            window = Window.around(frame, np.array([[x, y]]), 100, instrument, noise)
            fits.append(fit(window, start, passes=1))
        alone.append(min(fits, key=lambda one: one.chi_square()).spheres[0])
    start, results = np.concatenate([np.zeros(len(PUPIL)), *alone]), {}
    for model in models:
        window = Window.around(frame, np.array(alone), margin, instrument, noise)
        results[model] = fit(window, start, MODELS[model])
        start = results[model].solution
    return results
