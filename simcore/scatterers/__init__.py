"""What stands in a scene. A new scatterer is a file here, and a line in a microscope that images it."""

from simcore.scatterers.bodies import BODIES, Ellipse, Ellipsoid, Sphere
from simcore.scatterers.mie_sphere import MieSphere

__all__ = ["BODIES", "Ellipse", "Ellipsoid", "MieSphere", "Sphere"]
