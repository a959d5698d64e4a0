"""A sphere of concentric layers that scatters as Mie's solution says."""

import numpy as np

from simcore.errors import ParameterError
from simcore.parameters import Value, parameter
from simcore.properties import Array
from simcore.scenes import Scatterer


class LayeredMieSphere(Scatterer):
    """A sphere of concentric layers, of any sizes and indices (Yang, Appl. Opt. 42, 1710 (2003)).

    ``radii`` and ``refractive_indices`` have one entry for each layer, from the core to the outermost; a radius is that of the
    layer's outer surface. Absorbing layers have an index n + 1j * k with k > 0. Radii of a drawn core and shell:
    ``core + thickness * [0, 1]``. Raises ParameterError for values out of range, different numbers of radii and indices, and
    radii that do not increase.
    """

    x: Value = parameter("position of the centre, to the right, from the centre of pixel (0, 0)", unit="px")
    y: Value = parameter("position of the centre, downwards, from the centre of pixel (0, 0)", unit="px")
    radii: Value = parameter(
        "outer radius of each layer, from the core outwards", unit="um", above=0, plausible=100, vector=True
    )
    refractive_indices: Value = parameter(
        "refractive index of each layer, from the core outwards", above=0, complex_valued=True, vector=True
    )
    z: Value = parameter(
        "height of the centre; > 0 is farther from the objective than the focus", default=0.0, unit="um"
    )

    def check(self) -> None:
        radii, indices = (node.shape[0] if node.shape else 1 for node in (self.radii, self.refractive_indices))
        if radii != indices:
            raise ParameterError(
                f"{self.place_of('refractive_indices')}: {indices} for {radii} radii; must be one for each layer"
            )

    def check_values(self, values: dict[str, Array], examples: Array) -> None:
        radii = values["radii"].reshape(len(examples), -1)
        bad = np.argwhere(np.diff(radii, axis=1) <= 0)
        if bad.size:
            i, layer = bad[0]
            inner, outer = radii[i, layer : layer + 2]
            raise ParameterError(
                f"{self.place_of('radii')}: {outer:g} um after {inner:g} um in example {examples[i]}; "
                "must increase from the core outwards"
            )
