"""simcore: describe a microscope experiment, render it, generate training sets. See README.md and CONVENTIONS.md."""

import importlib
from typing import TYPE_CHECKING, Any

from simcore import mie, units
from simcore.camera import Camera
from simcore.custom import amplitudes, draw, feature, step, volume
from simcore.draws import (
    choice,
    exponential,
    gamma,
    integers,
    log_uniform,
    lognormal,
    normal,
    poisson,
    truncated_normal,
    uniform,
)
from simcore.errors import (
    DatasetError,
    ParameterError,
    RecipeError,
    SchedulerError,
    SimcoreError,
    StorageError,
    UntrustedCodeError,
)
from simcore.finishing import finish
from simcore.geometry import (
    Affine,
    Crop,
    CropToMultiple,
    Elastic,
    FlipLeftRight,
    FlipUpDown,
    Pad,
    PadToMultiple,
    QuarterTurn,
    Transpose,
)
from simcore.localization import bounds
from simcore.motion import (
    bleaching,
    blinking,
    brownian,
    confined,
    directed,
    fractional_brownian,
    orientation,
    trapped,
)
from simcore.movies import MotionBlur, Movie
from simcore.noise import (
    Background,
    ComplexGaussianNoise,
    Flicker,
    GaussianNoise,
    PhotonNoise,
    PoissonNoise,
    SpeckleNoise,
)
from simcore.operations import (
    Absolute,
    Angle,
    Clip,
    FourierTransform,
    GaussianBlur,
    Grayscale,
    IlluminationGradient,
    Imaginary,
    InverseFourierTransform,
    MaxPool,
    MeanBlur,
    MeanPool,
    MedianBlur,
    MinPool,
    NormalizeMinMax,
    NormalizeQuantile,
    NormalizeStandard,
    Propagate,
    Real,
    RealImaginary,
    Resize,
    SumPool,
)
from simcore.optics import (
    ISCAT,
    Brightfield,
    ComplexField,
    Darkfield,
    Fluorescence,
    Holography,
    OffAxisHolography,
)
from simcore.optics.aberrations import (
    AstigmatismOblique,
    AstigmatismVertical,
    CentralStop,
    ComaHorizontal,
    ComaVertical,
    Defocus,
    GaussianApodization,
    Piston,
    PupilArray,
    Refocus,
    Spherical,
    TiltX,
    TiltY,
    TrefoilOblique,
    TrefoilVertical,
    Zernike,
)
from simcore.optics.through_pupil import pupil
from simcore.point_spread import emitter_bounds, psf
from simcore.properties import (
    each_frame,
    equal,
    shared,
    spectrum,
    split,
    time,
    where,
)
from simcore.rasters import (
    BorderDistance,
    CentroidDensity,
    DiskMask,
    DistanceMap,
    GaussianDensity,
    InstanceMask,
    SemanticMask,
    SphereVolume,
    boxes,
)
from simcore.reader import load, loads
from simcore.recipe import Recipe
from simcore.scatterers import (
    Ellipse,
    Ellipsoid,
    LayeredMieSphere,
    MieSphere,
    PointEmitter,
    ScatteringTable,
    Sphere,
    Volume,
)
from simcore.sources import Apply, Folder, Source
from simcore.stored import stored
from simcore.structure import Conditional, Maybe, OneOf
from simcore.targets import (
    photons,
    positions,
    properties,
    tracks,
)

__version__ = "0.1.0"

if TYPE_CHECKING:
    from simcore.card import write_card
    from simcore.datasets.about import set_about
    from simcore.datasets.combining import merge, subset
    from simcore.datasets.view_files import open_dataset
    from simcore.exports import export
    from simcore.keeping import extend, repair, verify
    from simcore.splits import generate_splits, require_disjoint, split_seed

# What reads datasets is imported when it is first asked for: zarr is slow to import.
_LATER = {
    "export": "simcore.exports",
    "extend": "simcore.keeping",
    "generate_splits": "simcore.splits",
    "merge": "simcore.datasets.combining",
    "open_dataset": "simcore.datasets.view_files",
    "repair": "simcore.keeping",
    "require_disjoint": "simcore.splits",
    "set_about": "simcore.datasets.about",
    "split_seed": "simcore.splits",
    "subset": "simcore.datasets.combining",
    "verify": "simcore.keeping",
    "write_card": "simcore.card",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'simcore' has no attribute {name!r}")
    return getattr(importlib.import_module(_LATER[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})
