"""simcore: describe a microscope experiment, render it, generate training sets. See README.md and CONVENTIONS.md."""

from simcore import mie, units
from simcore.custom import draw, feature, step
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
from simcore.geometry import FlipLeftRight, FlipUpDown, Transpose
from simcore.motion import bleaching, blinking, brownian, confined, directed, fractional_brownian, orientation, trapped
from simcore.movies import MotionBlur, Movie
from simcore.noise import PoissonNoise
from simcore.operations import IlluminationGradient, NormalizeMinMax
from simcore.optics import Brightfield
from simcore.properties import each_frame, equal, shared, spectrum, split, time, where
from simcore.reader import load, loads
from simcore.recipe import Recipe
from simcore.scatterers import MieSphere
from simcore.sources import Apply, Folder, Source
from simcore.stored import stored
from simcore.structure import Conditional, Maybe, OneOf
from simcore.targets import positions, properties

__version__ = "0.1.0"
