"""Train, evaluate and apply Keras networks for microscopy, from simulated datasets in zarr.

Keras and TensorFlow are imported when a network is first built, loaded or trained.
"""

import sys as _sys
from typing import Any as _Any

from dtmodels import models
from dtmodels.backend import REGISTERED, register
from dtmodels.classical import radial_center, track_radial_center
from dtmodels.configuration import load_configuration
from dtmodels.data import open_dataset
from dtmodels.errors import DtmodelsError
from dtmodels.evaluation import compare, evaluate
from dtmodels.examples import Examples
from dtmodels.fitting import gaussian_fit
from dtmodels.io import read_frames
from dtmodels.live import live
from dtmodels.mixture import mix
from dtmodels.prediction import predict, predict_to
from dtmodels.pretrained import open_pretrained, pretrained_names
from dtmodels.run import Run, open_run
from dtmodels.train import fit

__version__ = "0.1.0"
__all__ = [
    "DtmodelsError",
    "Examples",
    "Run",
    "compare",
    "evaluate",
    "fit",
    "gaussian_fit",
    "live",
    "load_configuration",
    "mix",
    "models",
    "open_dataset",
    "open_pretrained",
    "open_run",
    "predict",
    "predict_to",
    "pretrained_names",
    "radial_center",
    "read_frames",
    "track_radial_center",
]


def __getattr__(name: str) -> _Any:
    import importlib  # noqa: PLC0415

    if name in (*REGISTERED, "deployment", "matching", "plots", "scores"):
        return importlib.import_module(f"dtmodels.{name}")
    raise AttributeError(f"module 'dtmodels' has no attribute {name!r}")


if "keras" in _sys.modules:
    register()
