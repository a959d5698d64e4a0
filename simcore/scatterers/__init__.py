"""What stands in a scene. A new scatterer is a file here, and a line in a microscope that images it."""

from simcore.scatterers.bodies import Ellipse, Ellipsoid, Sphere
from simcore.scatterers.layered_mie_sphere import LayeredMieSphere
from simcore.scatterers.mie_sphere import MieSphere
from simcore.scatterers.point_emitter import PointEmitter
from simcore.scatterers.scattering_table import ScatteringTable
from simcore.scatterers.volume import Volume

__all__ = [
    "Ellipse",
    "Ellipsoid",
    "LayeredMieSphere",
    "MieSphere",
    "PointEmitter",
    "ScatteringTable",
    "Sphere",
    "Volume",
]
