"""What stands in a scene. A new scatterer is a file here, and a line in a microscope that images it."""

from simcore.scatterers.mie_sphere import MieSphere
from simcore.scatterers.point_emitter import PointEmitter

__all__ = ["MieSphere", "PointEmitter"]
