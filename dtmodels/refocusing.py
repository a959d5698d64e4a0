"""A layer that takes in-line holograms back to planes in the specimen; it is registered with Keras, and learns nothing."""

import math
from collections.abc import Sequence
from typing import Any

from dtmodels.backend import require_keras
from dtmodels.errors import ConfigurationError

keras: Any = require_keras()
ops = keras.ops


@keras.saving.register_keras_serializable(package="dtmodels")
class Refocus(keras.layers.Layer):
    """The light of an in-line hologram (example, y, x, 1) in ``planes`` layers between two heights: (example, y, x, 2 planes).

    ``z`` is (lowest, highest) in um above the plane that the camera sees sharply, each plane the middle of its layer;
    ``wavelength`` (in vacuum) and ``pixel_size`` in um. The channels are the real parts of all planes, then the
    imaginary parts, relative to the undiffracted light there. The contrast of each hologram is brought to mean 0 and
    deviation 1 first, so brightness and gain do not matter. Beyond its edges a hologram goes on on its other side.

    A particle is where its light comes together, so a network with small kernels finds its height, which the hologram
    itself says by rings of many tens of pixels. Contrast is real: what lies as far below the camera's plane comes
    back alike. ConfigurationError where an argument cannot be.

    Angular spectrum: J. Goodman, Introduction to Fourier Optics, 3rd ed., section 3.10; of contrast: F. C. Cheong,
    B. J. Krishnatreya, D. G. Grier, Opt. Express 18, 13563 (2010).
    """

    def __init__(
        self,
        z: Sequence[float],
        planes: int,
        wavelength: float,
        pixel_size: float,
        refractive_index_medium: float = 1.33,
        **settings: Any,
    ) -> None:
        super().__init__(autocast=False, **settings)  # half precision comes after it
        if not (isinstance(z, (list, tuple)) and len(z) == 2 and all(map(_is_number, z)) and z[0] < z[1]):
            raise ConfigurationError(f"refocus.z: {z!r} um; must be a lower and a higher height")
        if not isinstance(planes, int) or isinstance(planes, bool) or planes < 1:
            raise ConfigurationError(f"refocus.planes: {planes!r}; must be a whole number above 0")
        lengths = {"wavelength": wavelength, "pixel_size": pixel_size}
        for name, value in (lengths | {"refractive_index_medium": refractive_index_medium}).items():
            if not (_is_number(value) and value > 0):
                unit = " um" if name in lengths else ""
                raise ConfigurationError(f"refocus.{name}: {value!r}{unit}; must be a number above 0")
        self.z, self.planes = tuple(map(float, z)), planes
        self.wavelength, self.pixel_size = float(wavelength), float(pixel_size)
        self.refractive_index_medium = float(refractive_index_medium)

    def call(self, x: Any) -> Any:
        contrast = ops.cast(x, "float32")[..., 0]
        contrast = contrast - ops.mean(contrast, axis=(1, 2), keepdims=True)
        contrast = contrast / (ops.std(contrast, axis=(1, 2), keepdims=True) + 1e-7)
        real, imaginary = (part[:, None] for part in ops.fft2((contrast, ops.zeros_like(contrast))))
        cosine, sine = self._waves(ops.shape(x)[1], ops.shape(x)[2])
        parts = ops.ifft2((real * cosine - imaginary * sine, real * sine + imaginary * cosine))
        return ops.cast(ops.transpose(ops.concatenate(parts, axis=1), (0, 2, 3, 1)), self.compute_dtype)

    def _waves(self, height: Any, width: Any) -> tuple[Any, Any]:
        """Real and imaginary part of what each plane wave (plane, y, x) takes on from the camera's plane to each plane."""
        across = self.refractive_index_medium / self.wavelength  # cycles per um
        fy, fx = (_frequencies(size, self.pixel_size) for size in (height, width))
        squares = across**2 - fy[:, None] ** 2 - fx[None] ** 2
        passes = ops.cast(squares > 0, "float32")
        step = (self.z[1] - self.z[0]) / self.planes
        middles = [2 * math.pi * (self.z[0] + (k + 0.5) * step) for k in range(self.planes)]
        along = ops.sqrt(ops.maximum(squares, 0.0)) - across
        phase = ops.convert_to_tensor(middles, "float32")[:, None, None] * along
        return ops.cos(phase) * passes, ops.sin(phase) * passes

    def compute_output_shape(self, shape: Sequence[int | None]) -> tuple[int | None, ...]:
        return (*shape[:-1], 2 * self.planes)

    def get_config(self) -> dict[str, Any]:
        names = ("planes", "wavelength", "pixel_size", "refractive_index_medium")
        return {**super().get_config(), "z": list(self.z)} | {name: getattr(self, name) for name in names}


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _frequencies(size: Any, pixel_size: float) -> Any:
    """As numpy.fft.fftfreq, of a size that may be known only when the network runs."""
    k = ops.arange(size)
    return ops.cast(ops.where(k < (size + 1) // 2, k, k - size), "float32") / (ops.cast(size, "float32") * pixel_size)
