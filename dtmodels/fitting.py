"""Localisation by fitting a Gaussian, and by trackpy."""

from typing import Any

import numpy as np
from scipy import ndimage, optimize

from dtmodels.errors import ConfigurationError, MissingPackageError, SourceError

Array = np.ndarray[Any, Any]
EVALUATIONS = 200


def gaussian_fit(images: Array) -> Array:
    """Centre of a round Gaussian fitted to each image by least squares: (n, 2), y and x in pixels, for dark and bright spots.

    ``images``: (n, y, x) or (n, y, x, 1), with one spot each. Fitted are place, width, height and background, from the
    brightest (or darkest) place of the smoothed image on. NaN where the fit fails or leaves the image. SourceError for
    another shape.
    """
    stack = np.asarray(images, np.float64)
    stack = stack[..., 0] if stack.ndim == 4 and stack.shape[-1] == 1 else stack
    if stack.ndim != 3 or min(stack.shape[1:]) < 4:
        raise SourceError(
            f"gaussian_fit: images of shape {np.shape(images)}; must be (n, y, x) with 4 x 4 pixels or more"
        )
    y, x = (grid.ravel().astype(float) for grid in np.indices(stack.shape[1:]))
    return np.array([_fitted(image, y, x) for image in stack]).reshape(len(stack), 2)


def _fitted(image: Array, y: Array, x: Array) -> Array:
    values = image.ravel()
    failed = np.full(2, np.nan)
    if not np.isfinite(values).all() or np.ptp(values) == 0:
        return failed
    found = optimize.least_squares(
        _residuals, _start(image), _jacobian, method="lm", max_nfev=EVALUATIONS, args=(values, y, x)
    )
    centre = found.x[:2]
    inside = ((centre > -0.5) & (centre < np.array(image.shape) - 0.5)).all()
    return centre if found.success and inside else failed


def _start(image: Array) -> Array:
    background = np.median(image)
    smooth = ndimage.gaussian_filter(image, 1.0) - background
    peak = np.unravel_index(np.abs(smooth).argmax(), image.shape)
    height = smooth[peak]
    width = np.sqrt(max(1.0, (smooth * np.sign(height) > abs(height) / 2).sum() / np.pi)) / 1.18
    return np.array([*peak, width, height, background], float)


def _residuals(parameters: Array, values: Array, y: Array, x: Array) -> Array:
    y0, x0, width, height, background = parameters
    return height * np.exp(-((y - y0) ** 2 + (x - x0) ** 2) / (2 * width**2)) + background - values


def _jacobian(parameters: Array, values: Array, y: Array, x: Array) -> Array:
    y0, x0, width, height, _ = parameters
    squared = (y - y0) ** 2 + (x - x0) ** 2
    shape = np.exp(-squared / (2 * width**2))
    slope = height * shape / width**2
    return np.stack([slope * (y - y0), slope * (x - x0), slope * squared / width, shape, np.ones_like(y)], axis=1)


def locate(
    image: Array, diameter: int, minmass: float = 0.0, invert: bool | None = None, most: int | None = None
) -> Array:
    """Particles of one image (y, x) by trackpy (Crocker and Grier's centroid): (particle, 2), y and x in pixels.

    ``diameter`` is odd; ``invert`` for dark particles, by default where the image deviates more downwards; ``most`` is how
    many at most, the heaviest. MissingPackageError without trackpy.
    """
    try:
        import trackpy  # noqa: PLC0415
    except ImportError:
        raise MissingPackageError("locating needs trackpy: pip install 'dtmodels[tracking]'") from None
    if diameter < 3 or diameter % 2 == 0:
        raise ConfigurationError(f"trackpy.diameter: {diameter} px; must be odd and at least 3")
    import warnings  # noqa: PLC0415

    trackpy.quiet()
    levels = np.asarray(image, np.float64)
    middle = np.median(levels)
    dark = (middle - levels.min() > levels.max() - middle) if invert is None else invert
    # Brought to 16 bits here: trackpy would choose 8, and refuse negative numbers.
    span = np.ptp(levels) or 1.0
    scaled = ((levels.max() - levels if dark else levels - levels.min()) / span * 65535).astype(np.uint16)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that there are none, or more than asked for
        found = trackpy.locate(scaled, diameter, minmass=minmass, topn=most, characterize=False)
    return np.asarray(found[["y", "x"]].to_numpy(dtype=float))
