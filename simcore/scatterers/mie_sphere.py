"""A homogeneous sphere that scatters as Mie's solution says."""

from simcore.parameters import Value, parameter
from simcore.scenes import Scatterer


class MieSphere(Scatterer):
    """A homogeneous sphere of any size and index (Bohren & Huffman 1983, ch. 4).

    Absorbing spheres have an index n + 1j * k with k > 0. Raises ParameterError for values out of range.
    """

    x: Value = parameter("position of the centre, to the right, from the centre of pixel (0, 0)", unit="px")
    y: Value = parameter("position of the centre, downwards, from the centre of pixel (0, 0)", unit="px")
    radius: Value = parameter("radius", unit="um", above=0, plausible=100)
    refractive_index: Value = parameter("refractive index", above=0, complex_valued=True)
    z: Value = parameter(
        "height of the centre; > 0 is farther from the objective than the focus", default=0.0, unit="um"
    )
