"""Bodies with a volume or an area: ellipsoids, spheres, ellipses, with irregular outlines and grainy contents if wanted.

In fluorescence they emit, under transmitted light they refract. An outline lies at 1 + ``deformation`` f(direction) of the
radius and the contents vary as 1 + ``texture`` g(place), f and g random functions of the scatterer's own stream, smooth and of
standard deviation 1: see csrc/outline.hpp and csrc/texture.hpp.
"""

from math import pi

from simcore.parameters import Value, parameter
from simcore.properties import Array
from simcore.scenes import Scatterer

X = "position of the centre, to the right, from the centre of pixel (0, 0)"
Y = "position of the centre, downwards, from the centre of pixel (0, 0)"
Z = "height of the centre; > 0 is farther from the objective than the focus"
INDEX = "refractive index; None: that of the medium"
DEFORMATION = "standard deviation of the radius over all directions, relative"
TEXTURE = "standard deviation of the contents, relative"
SCALE = "distance of the coarsest grains; finer ones have 1/2 and 1/4 of it"


class Ellipsoid(Scatterer):
    """An ellipsoid: turned about x by ``rotation_x``, then about y by ``rotation_y``, then in the image by ``rotation``.

    In fluorescence it emits. Under transmitted light it refracts, slice by slice, through any pupil: a scalar field that keeps
    the polarization, without waves that go back, so good for weak contrasts and collected angles that are not too wide.
    Raises ParameterError for values out of range.
    """

    x: Value = parameter(X, unit="px")
    y: Value = parameter(Y, unit="px")
    radius_x: Value = parameter("radius along its own x", unit="um", above=0, plausible=1000)
    radius_y: Value = parameter("radius along its own y", unit="um", above=0, plausible=1000)
    radius_z: Value = parameter("radius along its own z", unit="um", above=0, plausible=1000)
    z: Value = parameter(Z, default=0.0, unit="um")
    rotation: Value = parameter("angle about z, from +x towards +y", default=0.0, unit="rad")
    rotation_x: Value = parameter("angle about x, from +y towards +z", default=0.0, unit="rad")
    rotation_y: Value = parameter("angle about y, from +z towards +x", default=0.0, unit="rad")
    intensity: Value = parameter("light that it emits, per volume", default=1.0, unit="photons/um^3", least=0)
    refractive_index: Value = parameter(INDEX, default=None, above=0, complex_valued=True, optional=True)
    deformation: Value = parameter(DEFORMATION, default=0.0, least=0, most=0.3)
    texture: Value = parameter(TEXTURE, default=0.0, least=0, most=10)
    texture_scale: Value = parameter(SCALE, default=1.0, unit="um", above=0, plausible=1000)

    def photons(self, values: dict[str, Array]) -> Array:
        """Return the photons of each body, its outline and contents undisturbed."""
        return 4 / 3 * pi * values["radius_x"] * values["radius_y"] * values["radius_z"] * values["intensity"]


class Sphere(Scatterer):
    """A ball: an ellipsoid of one radius. `MieSphere` is the exact solution for light that it scatters.

    Raises ParameterError for values out of range.
    """

    x: Value = parameter(X, unit="px")
    y: Value = parameter(Y, unit="px")
    radius: Value = parameter("radius", unit="um", above=0, plausible=1000)
    z: Value = parameter(Z, default=0.0, unit="um")
    intensity: Value = parameter("light that it emits, per volume", default=1.0, unit="photons/um^3", least=0)
    refractive_index: Value = parameter(INDEX, default=None, above=0, complex_valued=True, optional=True)
    deformation: Value = parameter(DEFORMATION, default=0.0, least=0, most=0.3)
    texture: Value = parameter(TEXTURE, default=0.0, least=0, most=10)
    texture_scale: Value = parameter(SCALE, default=1.0, unit="um", above=0, plausible=1000)

    def photons(self, values: dict[str, Array]) -> Array:
        """Return the photons of each body, its outline and contents undisturbed."""
        return 4 / 3 * pi * values["radius"] * values["radius"] * values["radius"] * values["intensity"]


class Ellipse(Scatterer):
    """A flat patch of no thickness, parallel to the image.

    Raises ParameterError for values out of range.
    """

    x: Value = parameter(X, unit="px")
    y: Value = parameter(Y, unit="px")
    radius_x: Value = parameter("radius along its own x", unit="um", above=0, plausible=1000)
    radius_y: Value = parameter("radius along its own y", unit="um", above=0, plausible=1000)
    z: Value = parameter(Z, default=0.0, unit="um")
    rotation: Value = parameter("angle about z, from +x towards +y", default=0.0, unit="rad")
    intensity: Value = parameter("light that it emits, per area", default=1.0, unit="photons/um^2", least=0)
    deformation: Value = parameter(DEFORMATION, default=0.0, least=0, most=0.3)
    texture: Value = parameter(TEXTURE, default=0.0, least=0, most=10)
    texture_scale: Value = parameter(SCALE, default=1.0, unit="um", above=0, plausible=1000)

    def photons(self, values: dict[str, Array]) -> Array:
        """Return the photons of each body, its outline and contents undisturbed."""
        return pi * values["radius_x"] * values["radius_y"] * values["intensity"]
