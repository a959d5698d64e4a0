"""A particle whose scattering amplitudes are given, from a T-matrix calculation for instance."""

import numpy as np

from simcore import files
from simcore.errors import ParameterError
from simcore.parameters import Value, option, parameter, text
from simcore.scenes import Scatterer
from simcore.streams import Array

LEAST_ANGLES = 16


class GivenAmplitudes(Scatterer):
    """Base of particles whose amplitudes are given. A subclass declares x, y and z."""

    def amplitudes(self, values: dict[str, Array], particles: int) -> Array:
        """Return S1 and S2 of each particle at equal steps of the angle from 0 to pi: (2, particle, angle)."""
        raise NotImplementedError


class ScatteringTable(GivenAmplitudes):
    """A particle of given amplitudes S1 and S2 (Bohren & Huffman 1983, ch. 3.3) at equal steps of the scattering angle, 0 to pi.

    The table stands in the recipe (``s1``, ``s2``, at least 16 angles) or in an .npy file of shape (2, angle), named by
    ``path`` and held to its SHA-256. With about six angles for each order of multipole, interpolation errs by less than 1e-6
    of the largest amplitude. It holds for one wavelength and medium. Raises ParameterError for a table that is none, RecipeError
    for a file that is missing or has changed.
    """

    x: Value = parameter("position of the centre, to the right, from the centre of pixel (0, 0)", unit="px")
    y: Value = parameter("position of the centre, downwards, from the centre of pixel (0, 0)", unit="px")
    s1: Value = parameter("amplitude across the plane of scattering", default=None, vector=True, complex_valued=True,
                          any_phase=True, optional=True)  # fmt: skip
    s2: Value = parameter("amplitude along the plane of scattering", default=None, vector=True, complex_valued=True,
                          any_phase=True, optional=True)  # fmt: skip
    z: Value = parameter(
        "height of the centre; > 0 is farther from the objective than the focus", default=0.0, unit="um"
    )
    path: str | None = option(".npy file of the table, seen from the working directory", default=None, read=text())
    sha256: str | None = option("of the file", default=None, read=text())

    def check(self) -> None:
        if (self.path is None) == (self.s1 is None) or (self.s1 is None) != (self.s2 is None):
            raise ParameterError("ScatteringTable.s1, ScatteringTable.s2: must be given both, or path instead")
        if self.path is None:
            _check_shapes(self.s1.shape, self.s2.shape)
            return
        object.__setattr__(self, "sha256", files.checked("ScatteringTable.path", (self.path,), self.sha256))
        table = self.table()
        if table.ndim != 2 or len(table) != 2:
            raise ParameterError(f"ScatteringTable.path: {self.path}: shape {table.shape}; must be (2, angle)")
        _check_shapes(table[0].shape, table[1].shape)

    def verify(self) -> None:
        if self.path is not None:
            files.checked("ScatteringTable.path", (self.path,), self.sha256)

    def table(self) -> Array:
        """Return the table of the file, (2, angle)."""
        return files.load_array("ScatteringTable.path", str(self.path), None, str(self.sha256))

    def amplitudes(self, values: dict[str, Array], particles: int) -> Array:
        if self.path is None:
            return np.stack([np.asarray(values[name], np.complex128) for name in ("s1", "s2")])
        return np.repeat(np.asarray(self.table(), np.complex128)[:, None], particles, axis=1)


def _check_shapes(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    if one != other or len(one) != 1 or one[0] < LEAST_ANGLES:
        raise ParameterError(
            f"ScatteringTable.s1, ScatteringTable.s2: shapes {one} and {other}; "
            f"must be lists of equally many angles, at least {LEAST_ANGLES}"
        )
